"""The assets whose sensors are judged together, and their readings side by side, row by row."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db.models import Count, F, Max, Q

from anomalies import sensitivity
from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.multivariate import PROBATION
from anomalies.models import Anomaly, MachineModel, SensorLabel, SensorWatch
from anomalies.queries.lessons import lessons
from anomalies.queries.work import still
from assets.models import Asset, Sensor, UptimeEvent
from assets.queries.readings import readings_from
from assets.queries.uptime import Window, within
from maintenance.models import Verdict
from telemetry.queries import quality

FIT_CHUNK = 20
"""Assets that one task fits."""

SCORE_CHUNK = 200
"""Assets that one task scores."""

MOST_SENSORS = 50
"""So many sensors of an asset are judged together at most, the first by their keys."""

STEPS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 20, 30, 60))
LAST_READINGS = 100
QUARTILE = 0.75

WINDOW = timedelta(days=28)
"""What a model learns from; it ends a week before the fit, see `learned_until`."""

KNOWN = WINDOW + timedelta(seconds=PROBATION)

BEFORE_FAILURE = 24 * 3600.0
"""So long before a failure nothing was ordinary, whatever was seen of it."""

UNANSWERED = timedelta(days=14)
"""What has been strange for longer, and nobody calls a fault, may be the new ordinary."""

MICROSECOND = 1e-6
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_USUAL = """
SELECT mark.sensor_id, found.times, found.values
FROM unnest(%s::bigint[]) AS mark (sensor_id)
CROSS JOIN LATERAL (
    SELECT array_agg(r.time ORDER BY r.time) AS times, array_agg(r.value ORDER BY r.time) AS values
    FROM (
        SELECT m.time, m.value FROM asset_metrics m
        WHERE m.sensor_id = mark.sensor_id AND m.time <= %s ORDER BY m.time DESC LIMIT %s
    ) r
) found
WHERE found.times IS NOT NULL
"""
# What is absurdly large is no measurement; a mean of it would not even be a number.
_ROWS = """
SELECT mark.sensor_id, found.times, found.values
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::interval[])
    AS mark (sensor_id, since, until, step)
CROSS JOIN LATERAL (
    SELECT array_agg(b.time ORDER BY b.time) AS times, array_agg(b.value ORDER BY b.time) AS values
    FROM (
        SELECT date_bin(mark.step, m.time, '1970-01-01 00:00+00') AS time, avg(m.value) AS value
        FROM asset_metrics m
        WHERE m.sensor_id = mark.sensor_id AND m.time >= mark.since AND m.time < mark.until
            AND abs(m.value) <= 1e100
        GROUP BY 1
    ) b
) found
WHERE found.times IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Rows of an asset: from `since`, which begins a row, until `until`, with which one ends."""

    asset: int
    sensors: tuple[int, ...]
    since: datetime
    until: datetime
    step: timedelta


@dataclass(frozen=True, slots=True)
class Rows:
    """Means of the readings of each sensor in steps of one length, the oldest first.

    seconds  (n,) when each row begins, since 1970; steps without any reading are left out
    values   (n, d) a column for each sensor, as wanted; NaN where it has none, or none to trust
    """

    seconds: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class MachineState:
    """The model of an asset and what has changed of its sensors since: their keys."""

    model: MachineModel
    judged: int
    added: list[str]
    lost: list[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Of a sensor to an anomaly of a machine; `percent` of all that is unusual."""

    sensor: Sensor
    percent: float
    value: float | None
    expected: float
    side: str


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Windows of an asset in seconds since 1970.

    out       stops, failures, and what a person called one or an anomaly: never ordinary
    doubtful  what was found, and nobody has said yet whether it was right
    vouched   what a person called ordinary
    """

    out: list[Window]
    doubtful: list[Window]
    vouched: list[Window]

    def fine(self, seconds: Floats, until: float, step: timedelta) -> Bools:
        """Which rows are to be learned from: until then, or vouched for."""
        known = (seconds < until) & ~touched(self.doubtful, seconds, step)
        vouched = within(self.vouched, seconds)
        return np.asarray((known | vouched) & ~touched(self.out, seconds, step))


def assets_to_fit(organization_id: int, since: datetime) -> list[int]:
    """Assets with two gauges at least that have sent something since, or that have a model."""
    gauge = Q(sensors__is_active=True, sensors__kind=Sensor.Kind.GAUGE)
    lately = gauge & Q(sensors__last_time__gte=since)
    assets = Asset.objects.filter(organization=organization_id).annotate(
        gauges=Count("sensors", filter=lately)
    )
    wanted = assets.filter(Q(gauges__gte=2) | Q(machine_model__isnull=False)).exclude(
        status=Asset.Status.RETIRED
    )
    return list(wanted.order_by("pk").values_list("pk", flat=True))


def machines_to_score(organization_id: int) -> list[int]:
    """Ids of assets whose model is in use, with readings in new rows or with something open."""
    models = MachineModel.objects.filter(
        organization=organization_id, status=MachineModel.Status.IN_USE
    ).annotate(last=Max("asset__sensors__last_time", filter=Q(asset__sensors__is_active=True)))
    unseen = Q(last__gte=F("watermark") + F("step")) | Q(open_event__has_key="channel")
    return list(models.filter(unseen).order_by("asset").values_list("asset", flat=True))


def judged_sensors(assets: Collection[int]) -> list[int]:
    """Of all that the models of the assets judge or are set by."""
    rows = MachineModel.objects.filter(asset__in=assets).values_list("channels", "settings")
    return sorted({pk for channels, settings in rows for pk in (*channels, *settings)})


def gauges_of(assets: Collection[int]) -> dict[int, list[Sensor]]:
    """By asset its active gauges that have sent something, by their keys."""
    found: dict[int, list[Sensor]] = defaultdict(list)
    sensors = Sensor.objects.filter(
        asset__in=assets, is_active=True, kind=Sensor.Kind.GAUGE, last_time__isnull=False
    ).select_related("asset__site")
    for sensor in sensors.order_by("asset", "key", "pk"):
        found[sensor.asset_id].append(sensor)
    return {asset: some[:MOST_SENSORS] for asset, some in found.items()}


def settings_of(sensors: Collection[int]) -> set[int]:
    """Those of the sensors that set the operating mode."""
    rows = SensorWatch.objects.filter(sensor__in=sensors, is_setting=True)
    return set(rows.values_list("sensor", flat=True))


def step_of(sensors: Sequence[Sensor], at: datetime) -> timedelta:
    """A row is so long that three quarters of the sensors have a reading in it, an hour at most."""
    unsaid = [sensor.pk for sensor in sensors if sensor.expected_interval is None]
    intervals = [s.expected_interval.total_seconds() for s in sensors if s.expected_interval]
    if unsaid:
        found = readings_from(_USUAL, [unsaid, at, LAST_READINGS]).values()
        intervals += [float(np.median(np.diff(r.seconds))) for r in found if len(r) > 1]
    if not intervals:
        return STEPS[-1]
    usual = float(np.quantile(intervals, QUARTILE, method="higher"))
    return next((step for step in STEPS if step.total_seconds() >= usual), STEPS[-1])


def floor(at: datetime, step: timedelta) -> datetime:
    """The begin of the row in which a moment lies."""
    return at - (at - _EPOCH) % step


def rows_of(wanted: Sequence[Wanted]) -> dict[int, Rows]:
    """By asset, for those with any reading. Two queries, however many assets."""
    marks = [(pk, one.since, one.until, one.step) for one in wanted for pk in one.sensors]
    if not marks:
        return {}
    found = readings_from(_ROWS, [list(column) for column in zip(*marks, strict=True)])
    faulty = quality.untrusted(list(found), min(one.since for one in wanted))
    rows: dict[int, Rows] = {}
    for one in wanted:
        columns = [found[pk] for pk in one.sensors if pk in found]
        if not columns:
            continue
        times = np.unique(np.concatenate([column.times for column in columns]))
        seconds = times.astype(np.int64) / 1e6
        values = np.full((len(times), len(one.sensors)), np.nan)
        for j, pk in enumerate(one.sensors):
            if pk in found:
                values[np.searchsorted(times, found[pk].times), j] = found[pk].values
            values[touched(faulty.get(pk, ()), seconds, one.step), j] = np.nan
        rows[one.asset] = Rows(seconds, values)
    return rows


def touched(windows: Iterable[Window], seconds: Floats, step: timedelta) -> Bools:
    """Which rows one of the windows overlaps."""
    length = step.total_seconds() - MICROSECOND
    return within([(start - length, end) for start, end in windows], seconds)


def ordinary(asset: int, since: datetime, at: datetime) -> Ordinary:
    """What a baseline leaves out, and what it may not leave out. Four queries."""
    out = list(still([asset], since).get(asset, ()))
    failures = UptimeEvent.objects.filter(
        asset=asset,
        state=UptimeEvent.State.DOWN,
        cause=UptimeEvent.Cause.FAILURE,
        started_at__gte=since,
    )
    begun = [at.timestamp() for at in failures.values_list("started_at", flat=True)]
    out += [(start - BEFORE_FAILURE, start) for start in begun]
    doubtful: list[Window] = []
    vouched: list[Window] = []
    labels = SensorLabel.objects.filter(asset=asset, ended_at__gt=since)
    for kind, start, end in labels.values_list("kind", "started_at", "ended_at"):
        spans = vouched if kind == SensorLabel.Kind.NORMAL else out
        spans.append((start.timestamp(), end.timestamp()))
    touching = Q(ended_at=None) | Q(ended_at__gt=since)
    rows = Anomaly.objects.filter(touching, asset=asset, started_at__lt=at)
    for start, ended_at, verdict in rows.values_list("started_at", "ended_at", "verdict"):
        end = min(ended_at or at, at)
        if verdict == Verdict.CONFIRMED:
            out.append((start.timestamp(), end.timestamp()))
        elif verdict == Verdict.FALSE_ALARM:
            vouched.append((start.timestamp(), end.timestamp()))
        else:
            doubtful.append((start.timestamp(), min(end, start + UNANSWERED).timestamp()))
    return Ordinary(out, doubtful, vouched)


def lines(assets: Collection[int], at: datetime) -> dict[int, float]:
    """By asset what people said of what its sensors showed together makes of the alarm line."""
    taught = lessons("asset", assets, Anomaly.Method.MACHINE, at)
    return {asset: sensitivity.learned(taught[asset]) for asset in assets}


def names_of(sensors: Iterable[Sensor]) -> Mapping[str, str]:
    """By the name of the channel the key of the sensor."""
    return {str(sensor.pk): sensor.key for sensor in sensors}


def state_of(asset: int) -> MachineState | None:
    """For the page of the asset; None: too few of its sensors to be judged together."""
    row = MachineModel.objects.filter(asset=asset).defer("model", "stream").first()
    if row is None:
        return None
    now = {sensor.pk: sensor.key for sensor in gauges_of([asset]).get(asset, ())}
    gone = Sensor.objects.filter(pk__in={*row.channels, *row.settings} - now.keys())
    return MachineState(
        model=row,
        judged=len(row.channels),
        added=[key for pk, key in now.items() if pk not in row.sensors],
        lost=list(gone.order_by("key").values_list("key", flat=True)),
    )


def contributions_of(row: Anomaly) -> list[Part]:
    """The sensors that make up an anomaly of a machine, the greatest share first."""
    if not row.contributions:
        return []
    sensors = Sensor.objects.in_bulk([one["sensor"] for one in row.contributions])
    return [
        Part(
            sensor=sensors[one["sensor"]],
            percent=100 * one["share"],
            value=one["value"],
            expected=one["expected"],
            side=one["side"],
        )
        for one in row.contributions
        if one["sensor"] in sensors
    ]
