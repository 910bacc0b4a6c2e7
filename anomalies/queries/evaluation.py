"""How right the detectors were: alarms against verdicts, failures against the alarms before them.

precision        confirmed / (confirmed + false alarms); not inspected and unanswered say nothing
recall           failures with a warning / failures
lead time        from the first of a failure's warnings to the failure; the median
alarms per week  anomalies that began in the period / its weeks

A failure is a recorded downtime with cause failure, or a span labeled as failure that holds none.
Its warnings are the anomalies of its asset that began before it, went on within the lead window
before it or later, and were not found to be false alarms. What began during known work is no alarm.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q

from anomalies.models import Anomaly, AnomalyQuerySet, DetectorState, SensorLabel
from anomalies.queries.on_labels import Key, OnLabels, Span, key_of, on_labels, spans_of
from assets.models import Asset, UptimeEvent
from maintenance.models import Verdict
from maintenance.ranking import FEW, wilson
from opssight.accounts.models import User

BY = {"detector": "detector", "failure_mode": "failure_mode", "sensor": "sensor"}


@dataclass(frozen=True, slots=True)
class Period:
    """Anomalies and failures that began from `since` until `until`; `lead`: how long before."""

    since: datetime
    until: datetime
    lead: timedelta


@dataclass(frozen=True, slots=True)
class Failure:
    """With what was recorded of it, and its warnings, the earliest first."""

    asset: Asset
    at: datetime
    text: str
    warnings: tuple[Anomaly, ...]

    @property
    def first(self) -> Anomaly | None:
        return self.warnings[0] if self.warnings else None

    @property
    def lead_hours(self) -> float | None:
        return hours(self.at - self.first.started_at) if self.first else None


@dataclass(frozen=True, slots=True)
class Line:
    """Counted for one detector, failure mode or sensor, or for all (`key` None).

    failures: those that it could have warned of; None where that is not known, for a failure that
    was missed has no failure mode. `lead_hours` is a median. `labels`: spans that it could have
    found.
    """

    key: Key | None
    name: str
    anomalies: int
    confirmed: int
    false_alarms: int
    not_inspected: int
    unanswered: int
    weeks: float
    failures: int | None
    warned: int
    lead_hours: float | None
    labels: OnLabels | None

    @property
    def judged(self) -> int:
        return self.confirmed + self.false_alarms

    @property
    def precision(self) -> float | None:
        """None: insufficient data."""
        return self.confirmed / self.judged if self.judged >= FEW else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """90 % interval of the precision (Wilson 1927)."""
        return wilson(self.confirmed, self.judged) if self.judged >= FEW else None

    @property
    def recall(self) -> float | None:
        """None: insufficient data."""
        return self.warned / self.failures if self.failures and self.failures >= FEW else None

    @property
    def alarms_per_week(self) -> float:
        return self.anomalies / self.weeks


@dataclass(frozen=True, slots=True)
class Evaluation:
    lines: list[Line]
    total: Line
    failures: list[Failure]
    labels: OnLabels


def evaluate(user: User, period: Period, *, by: str, site: int | None = None) -> Evaluation:
    """Of what the user may see; the lines with the most anomalies first. `by` is a key of `BY`."""
    here = Q(asset__site=site) if site else Q()
    own = Anomaly.objects.for_user(user).filter(here)
    alarms = alarms_in(own, period)
    failures = _failures(user, own, here, period)
    weeks = _weeks(own, period)
    tallied = {row["key"]: row for row in _tally(alarms, BY[by])}
    spans = spans_of(user, here, period.since, period.until)
    met = (key_of(row, by) for one in spans for row in one.rows)
    keys = {*met, *tallied, *(key_of(row, by) for one in failures for row in one.warnings)}
    about = _about(own, by)
    if by == "sensor":
        about |= {one.label.sensor_id: one.name for one in spans}
        keys.update(one.label.sensor_id for one in spans)
    lines = [
        _line(tallied.get(key, {}), failures, spans, weeks, by=by, key=key, about=about.get(key))
        for key in keys
    ]
    every = alarms.order_by().aggregate(**_COUNTS)
    total = _line(every, failures, spans, weeks, by=by)
    return Evaluation(
        lines=sorted(lines, key=lambda line: (-line.anomalies, line.name)),
        total=total,
        failures=failures,
        labels=total.labels or OnLabels(0, 0, 0, 0),
    )


def alarms_in(rows: AnomalyQuerySet, period: Period) -> AnomalyQuerySet:
    """Those that count: not during known work."""
    return rows.filter(work_order=None, started_at__gte=period.since, started_at__lt=period.until)


_COUNTS = {
    "anomalies": Count("pk"),
    "confirmed": Count("pk", filter=Q(verdict=Verdict.CONFIRMED)),
    "false_alarms": Count("pk", filter=Q(verdict=Verdict.FALSE_ALARM)),
    "not_inspected": Count("pk", filter=Q(verdict=Verdict.NOT_INSPECTED)),
    "unanswered": Count("pk", filter=Q(verdict="")),
}


def _tally(rows: AnomalyQuerySet, field: str) -> Iterable[dict[str, Any]]:
    for row in rows.order_by().values(field).annotate(**_COUNTS):
        yield {"key": row.pop(field), **row}


def _about(rows: AnomalyQuerySet, by: str) -> dict[Key, tuple[str, int]]:
    """Of sensors: what to call each, and its asset."""
    if by != "sensor":
        return {}
    named = rows.order_by().values_list("sensor", "asset__tag", "sensor__key", "asset").distinct()
    return {pk: (f"{tag} {key}", asset) for pk, tag, key, asset in named}


def _line(
    counts: Mapping[str, Any],
    failures: Collection[Failure],
    spans: Collection[Span],
    weeks: float,
    *,
    by: str,
    key: Key | None = None,
    about: tuple[str, int] | None = None,
) -> Line:
    """Of the warnings that are the line's own; which failures it could warn of depends on `by`."""
    leads = []
    for one in failures:
        own = [row.started_at for row in one.warnings if key is None or key_of(row, by) == key]
        if own:
            leads.append(hours(one.at - min(own)))
    possible: int | None = len(failures)
    if about is not None:
        possible = len([one for one in failures if one.asset.pk == about[1]])
    elif by == "failure_mode" and key is not None:
        possible = None
    return Line(
        key=key,
        name=about[0] if about else str(key or ("All" if key is None else "Unknown")),
        **{name: counts.get(name, 0) for name in _COUNTS},
        weeks=weeks,
        failures=possible,
        warned=len(leads),
        lead_hours=median(leads) if leads else None,
        labels=on_labels(spans, by, key),
    )


def hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _weeks(rows: AnomalyQuerySet, period: Period) -> float:
    """Since the first anomaly of all, where that is later; a day at least."""
    first = rows.aggregate(first=Min("started_at"))["first"] or period.since
    span = period.until - max(first, period.since)
    return max(span, timedelta(days=1)) / timedelta(weeks=1)


def _failures(user: User, own: AnomalyQuerySet, here: Q, period: Period) -> list[Failure]:
    """The newest first. Of assets that have a sensor that is scored. Four queries."""
    scored = Exists(DetectorState.objects.filter(asset=OuterRef("asset")))
    within = here & Q(started_at__gte=period.since, started_at__lt=period.until)
    events = UptimeEvent.objects.for_user(user).filter(
        within, scored, state=UptimeEvent.State.DOWN, cause=UptimeEvent.Cause.FAILURE
    )
    ledger = [(row.asset, row.started_at, row.reason) for row in events.select_related("asset")]
    spans = SensorLabel.objects.for_user(user).filter(within, kind=SensorLabel.Kind.FAILURE)
    labeled = [
        (row.asset, row.started_at, row.note or "Labeled as failure")
        for row in spans.select_related("asset")
        if not any(
            asset == row.asset and row.started_at <= at <= row.ended_at for asset, at, _ in ledger
        )
    ]
    found = sorted([*ledger, *labeled], key=lambda one: (one[1], one[0].pk), reverse=True)
    warnings = _warnings(own, {asset.pk for asset, _, _ in found}, period)
    return [
        Failure(asset, at, text, tuple(_before(warnings[asset.pk], at, period.lead)))
        for asset, at, text in found
    ]


def _warnings(
    own: AnomalyQuerySet, assets: Collection[int], period: Period
) -> dict[int, list[Anomaly]]:
    rows = own.exclude(verdict=Verdict.FALSE_ALARM).filter(
        Q(ended_at=None) | Q(ended_at__gte=period.since - period.lead),
        asset__in=assets,
        started_at__lt=period.until,
    )
    found: dict[int, list[Anomaly]] = defaultdict(list)
    for row in rows.select_related("sensor").order_by("started_at", "pk"):
        found[row.asset_id].append(row)
    return found


def _before(rows: Iterable[Anomaly], at: datetime, lead: timedelta) -> list[Anomaly]:
    return [
        row
        for row in rows
        if row.started_at < at and (row.ended_at is None or row.ended_at >= at - lead)
    ]
