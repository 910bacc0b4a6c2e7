"""What stands out becomes an anomaly in words, and asks for the work that it calls for."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from anomalies import queries
from anomalies.detectors.base import Channel
from anomalies.detectors.events import Confidence, Event, Severity, confidence, severity
from anomalies.detectors.explanation import Cause, common_cause, explain, failure_mode
from anomalies.models import Anomaly
from anomalies.services import budget, incidents
from anomalies.services.events import tell_ended, tell_opened
from assets.models import Asset, Sensor
from maintenance.models import Recommendation, Urgency
from maintenance.services import Advice, recommend
from maintenance.services.advising import DUE_WITHIN, Evidence, urgency_for
from telemetry.quality.words import clock

ADVISE_FROM = Urgency.MEDIUM
"""Milder anomalies are listed, but ask for no work."""

ADVISE_WITHIN = timedelta(days=14)
"""An anomaly that ended longer than this before the sensor's last reading asks for no work."""

Source = Recommendation.Source
URGENCIES: list[str] = list(Urgency.values)
CHANNELS = {
    Channel.HIGH: Anomaly.Channel.HIGH,
    Channel.LOW: Anomaly.Channel.LOW,
    Channel.DRIFT_UP: Anomaly.Channel.DRIFT,
    Channel.DRIFT_DOWN: Anomaly.Channel.DRIFT,
}

DESCRIPTION = [
    "recommendation",
    "work_order",
    "channel",
    "failure_mode",
    "detector",
    "severity",
    "confidence",
    "ended_at",
    "peak_at",
    "peak_value",
    "expected_value",
    "score",
    "explanation",
    "contributions",
    "is_over_budget",
]

Method = Anomaly.Method

CERTAIN = {
    Method.LIMIT: Confidence.HIGH,
    Method.RATE: Confidence.HIGH,
    Method.TREND: Confidence.MEDIUM,
}
"""A limit was passed or was not; a trend is clear of chance, or it is not told."""

Key = tuple[int, str, datetime]
"""Sensor id, method and start: what an anomaly is known by."""


@dataclass(frozen=True, slots=True)
class Found:
    """An event of a sensor that is new or changed, found by one of the methods.

    text           explains it, where the method knows better words than "unlike its past"
    severity       what a rule says; None: by how far and how long it stood out
    contributions  of the sensors that are unusual together, as kept with the anomaly
    """

    sensor: Sensor
    event: Event
    detector: str = ""
    method: Method = Method.PATTERN
    text: str = ""
    severity: Severity | None = None
    contributions: Sequence[Mapping[str, Any]] = ()

    @property
    def key(self) -> Key:
        return self.sensor.pk, self.method.value, moment(self.event.start)


def moment(seconds: float) -> datetime:
    """
    >>> moment(0.000001).isoformat()
    '1970-01-01T00:00:00.000001+00:00'
    """
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(seconds * 1e6))


def anomalies_at(keys: Iterable[Key]) -> dict[Key, Anomaly]:
    """The anomalies that exist already, by sensor id, method and start."""
    wanted = set(keys)
    rows = Anomaly.objects.filter(
        sensor__in={sensor_id for sensor_id, _, _ in wanted},
        started_at__in={started_at for _, _, started_at in wanted},
    )
    found = {(row.sensor_id, row.method, row.started_at): row for row in rows}
    return {key: row for key, row in found.items() if key in wanted}


def save_anomalies(found: Sequence[Found], at: datetime) -> None:
    """Write events as anomalies, one per sensor, method and start, and ask for their work."""
    if not found:
        return
    incidents.hold({one.sensor.organization_id for one in found})
    known = anomalies_at(one.key for one in found)
    work = _work(found)
    beyond = budget.beyond(_new_patterns(found, known))
    rows: list[Anomaly] = []
    calling: list[Anomaly] = []
    opened: list[Anomaly] = []
    going_on: list[Anomaly] = []
    for one in found:
        row = known.get(one.key) or _new(one, beyond)
        if row.pk is None:
            opened.append(row)
        if row.ended_at is None:
            going_on.append(row)
        risen = _describe(row, one)
        if row.recommendation_id is None:
            row.work_order_id = _laid_to(one, work.get(one.sensor.asset_id, ()))
        rows.append(row)
        if (risen or row.recommendation_id is None) and _calls_for_work(row):
            calling.append(row)
    _advise(calling, at)
    Anomaly.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["sensor", "method", "started_at"],
        update_fields=DESCRIPTION,
        batch_size=500,
    )
    incidents.group(rows)
    tell_opened(opened, at=at)
    tell_ended([row for row in going_on if row.ended_at is not None], at=at)


def _new_patterns(
    found: Iterable[Found], known: Mapping[Key, Anomaly]
) -> Iterator[tuple[int, datetime]]:
    for one in found:
        if one.method == Method.PATTERN and one.key not in known:
            yield one.sensor.pk, moment(one.event.start)


def _new(one: Found, beyond: Collection[tuple[int, datetime]]) -> Anomaly:
    sensor_id, method, started_at = one.key
    return Anomaly(
        is_over_budget=method == Method.PATTERN and (sensor_id, started_at) in beyond,
        organization_id=one.sensor.organization_id,
        asset_id=one.sensor.asset_id,
        sensor_id=sensor_id,
        method=method,
        started_at=started_at,
        severity=Urgency.LOW,
    )


def _describe(row: Anomaly, one: Found) -> bool:
    """Set what the event says, in the row; returns whether the severity has risen."""
    event, sensor = one.event, one.sensor
    before = row.severity
    now = _severity(one).value
    # The worst is always told.
    row.is_over_budget = row.is_over_budget and now != Urgency.CRITICAL
    now = Urgency.LOW.value if row.is_over_budget else now
    row.sensor, row.detector = sensor, one.detector
    row.severity = max(before, now, key=URGENCIES.index)
    row.confidence = CERTAIN.get(one.method, confidence(event)).value
    row.ended_at = None if event.is_open else moment(event.end)
    row.channel = CHANNELS[event.channel]
    row.peak_at, row.peak_value = moment(event.peak_at), event.peak_value
    row.expected_value, row.score = event.expected, event.peak_score
    row.contributions = list(one.contributions)
    row.explanation = one.text or explain(
        event,
        quantity=spoken(sensor),
        unit=sensor.unit,
        zone=sensor.asset.site.zone,
        per_hour=sensor.kind == Sensor.Kind.COUNTER,
    )
    if row.is_over_budget:
        row.explanation += f" {budget.SENTENCE}"
    if row.recommendation_id is None:
        row.failure_mode = _failure_mode(sensor, event.channel)
    return row.severity != before


def _severity(one: Found) -> Severity:
    if one.severity is not None:
        return one.severity
    return severity(one.event, beyond_limit=_is_beyond_limit(one.event, one.sensor))


def _work(found: Iterable[Found]) -> dict[int, list[queries.Work]]:
    since = min(moment(one.event.start) for one in found)
    return queries.work_on({one.sensor.asset_id for one in found}, since)


def _laid_to(one: Found, work: Iterable[queries.Work]) -> int | None:
    """The order during whose work the event began, unless it outlasts that and the settling."""
    start, last = moment(one.event.start), moment(one.event.end)
    return next((item.order for item in work if item.explains(start, last)), None)


def spoken(sensor: Sensor) -> str:
    """`bearing_temperature` says more than its quantity, `vibration_de` and `TT-4711` do not."""
    says_more = sensor.key.lower().endswith(sensor.quantity.lower())
    return sensor.key if says_more else sensor.quantity


def _failure_mode(sensor: Sensor, channel: Channel) -> str:
    """What the sensor's key hints at (`bearing_temperature`), else its quantity."""
    by_key = failure_mode(sensor.key, channel)
    if by_key.startswith("abnormal "):
        return failure_mode(sensor.quantity, channel)
    return by_key


def advised_mode(sensor: Sensor, channel: Channel) -> str:
    """What an asset is to be checked for when this sensor alone is too high, or too low."""
    return common_cause(_failure_mode(sensor, channel), [], sensor.asset.category).mode


def _is_beyond_limit(event: Event, sensor: Sensor) -> bool:
    if sensor.kind == Sensor.Kind.COUNTER:
        return False
    low, high = sensor.low_limit, sensor.high_limit
    return (high is not None and event.peak_value > high) or (
        low is not None and event.peak_value < low
    )


def _calls_for_work(row: Anomaly) -> bool:
    """Severe enough, and neither laid to work, closed, long over nor before maintenance."""
    if row.closed_at or row.work_order_id:
        return False
    if URGENCIES.index(row.severity) < URGENCIES.index(ADVISE_FROM):
        return False
    if row.ended_at is None:
        return True
    maintained = row.sensor.asset.last_maintenance_at
    if maintained is not None and row.ended_at <= maintained:
        return False
    return row.sensor.last_time is None or row.ended_at >= row.sensor.last_time - ADVISE_WITHIN


def _advise(rows: Sequence[Anomaly], at: datetime) -> None:
    """One recommendation per asset and failure mode, linked in the rows.

    Symptoms that overlap in time and have a common cause ask for one. Taken in one order
    everywhere, so that two workers never wait for each other.
    """
    groups: dict[tuple[int, str], list[Anomaly]] = defaultdict(list)
    symptoms: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row, cause in _causes(rows):
        groups[row.asset_id, cause.mode].append(row)
        symptoms[row.asset_id, cause.mode] |= cause.symptoms
    for key, group in sorted(groups.items()):
        recommendation = recommend(advice=_advice_of(key[1], symptoms[key], group, at), at=at)
        # For a day after a dismissal the dismissed one comes back: nothing to join.
        if recommendation.status in Recommendation.LIVE:
            for row in group:
                row.recommendation = recommendation


def _advice_of(
    mode: str, symptoms: Collection[str], group: Sequence[Anomaly], at: datetime
) -> Advice:
    worst = max(group, key=lambda row: (URGENCIES.index(row.severity), row.started_at))
    asset = worst.sensor.asset
    urgency = urgency_for(Urgency(worst.severity), asset.criticality)
    return Advice(
        asset=asset,
        failure_mode=mode,
        source=Source.ANOMALY,
        detector=worst.detector,
        symptoms=symptoms,
        reason=_reason(worst, asset, Cause(mode, frozenset(symptoms))),
        evidence=[_evidence(row) for row in sorted(group, key=lambda row: row.started_at)],
        urgency=urgency,
        suggested_due_at=at + DUE_WITHIN[urgency],
    )


def _evidence(row: Anomaly) -> Evidence:
    """What the sensor reached; its page has the curve, and the anomalies stand below the advice."""
    return Evidence(
        about=row.sensor.key,
        text=row.explanation,
        value=row.peak_value,
        unit=row.sensor.unit,
        url=row.sensor.asset.get_absolute_url(),
    )


def _causes(rows: Sequence[Anomaly]) -> list[tuple[Anomaly, Cause]]:
    """Each row with what explains it and the symptoms of its asset that ask for work already."""
    if not rows:
        return []
    around: dict[int, list[Anomaly]] = defaultdict(list)
    asking = Anomaly.objects.undealt().filter(
        asset__in={row.asset_id for row in rows}, recommendation__status__in=Recommendation.LIVE
    )
    for row in (*asking.order_by("pk"), *rows):
        around[row.asset_id].append(row)
    return [
        (
            row,
            common_cause(
                row.failure_mode,
                [one.failure_mode for one in around[row.asset_id] if _overlap(row, one)],
                row.sensor.asset.category,
            ),
        )
        for row in rows
    ]


def _overlap(one: Anomaly, other: Anomaly) -> bool:
    return (other.ended_at is None or one.started_at <= other.ended_at) and (
        one.ended_at is None or other.started_at <= one.ended_at
    )


def _reason(row: Anomaly, asset: Asset, cause: Cause) -> str:
    """What, how much, and since when; for the planner who reads nothing else."""
    since = clock(row.started_at.timestamp(), asset.site.zone)
    text = f"{row.explanation} Sensor {row.sensor.key}, since {since}; severity {row.severity}."
    if len(cause.symptoms) > 1:
        signs = " and of ".join(sorted(cause.symptoms))
        text += f" Signs of {signs} at once hint at {cause.mode}."
    return text
