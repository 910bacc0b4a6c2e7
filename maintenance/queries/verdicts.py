"""How right advice was: by source, detector and failure mode, from what was found."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least

from assets.models import UptimeEvent
from maintenance.models import MaintenanceRecord, Recommendation, Verdict
from maintenance.queries.advice import Consequence, consequences
from maintenance.ranking import FEW, confidence, wilson

HOUR = timedelta(hours=1)
Status = Recommendation.Status


@dataclass(frozen=True, slots=True)
class Case:
    """One recommendation that was decided and closed. Lead times in hours, None where unknown.

    to_work: from the first anomaly (or the recommendation, without one) to the start of the work.
    to_failure: to the first recorded failure of the asset before the case was closed.
    saved_hours, saved_cost: what a failure typically takes, less what the work took; None where
    the advice was not right, the asset failed all the same, or an input is missing.
    """

    source: str
    detector: str
    failure_mode: str
    status: str
    verdict: str
    is_other_mode: bool
    to_work: float | None
    to_failure: float | None
    saved_hours: float | None
    saved_cost: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """The cases of one source, detector and failure mode, counted."""

    source: str
    detector: str
    failure_mode: str
    decided: int
    dismissed: int
    confirmed: int
    other_mode: int
    false_alarms: int
    not_inspected: int
    hours_to_work: float | None
    works: int
    hours_to_failure: float | None
    failures: int
    saved_hours: float | None
    saved_cost: float | None
    valued: int

    @property
    def source_label(self) -> str:
        return str(Recommendation.Source(self.source).label) if self.source else "All"

    @property
    def judged(self) -> int:
        return self.confirmed + self.false_alarms

    @property
    def precision(self) -> float | None:
        """Share of confirmed among those that were judged; None: insufficient data."""
        return self.confirmed / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """90 % interval of the precision (Wilson 1927)."""
        return wilson(self.confirmed, self.judged)

    @property
    def confidence(self) -> float:
        return confidence(self.confirmed, self.false_alarms)

    @property
    def is_few(self) -> bool:
        return self.judged < FEW


def lines(found: Iterable[Case]) -> list[Line]:
    """One line for each source, detector and failure mode, the most decided first."""
    grouped: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
    for case in found:
        grouped[case.source, case.detector, case.failure_mode].append(case)
    made = [_line(key, group) for key, group in grouped.items()]
    return sorted(made, key=lambda line: (-line.decided, line.source, line.failure_mode))


def total(found: Iterable[Case]) -> Line:
    """All cases together."""
    return _line(("", "", ""), list(found))


def cases(rows: QuerySet[Recommendation], *, since: datetime | None) -> list[Case]:
    """What people decided and was closed from `since` on, among `rows`, which the user may see.

    Advice that was taken back by itself is left out. One query, and one for each organization.
    """
    closed = rows.filter(
        Q(status=Status.COMPLETED) | Q(status=Status.DISMISSED, decided_by__isnull=False)
    )
    if since is not None:
        closed = closed.filter(closed_at__gte=since)
    known: dict[int, dict[tuple[str, str], Consequence]] = {}
    found = []
    for row in _with_course(closed):
        if row["organization"] not in known:
            known[row["organization"]] = consequences(row["organization"])
        found.append(_case(row, known[row["organization"]]))
    return found


def _with_course(closed: QuerySet[Recommendation]) -> Iterable[Any]:
    anomalies = (
        Recommendation.objects.filter(pk=OuterRef("pk"))
        .order_by()
        .values(first=Min("anomalies__started_at"))
    )
    failures = UptimeEvent.objects.filter(
        asset=OuterRef("asset"),
        state=UptimeEvent.State.DOWN,
        cause=UptimeEvent.Cause.FAILURE,
        started_at__gt=OuterRef("first"),
        started_at__lte=OuterRef("closed_at"),
    ).order_by("started_at")
    records = MaintenanceRecord.objects.filter(
        work_order=OuterRef("work_order"), asset=OuterRef("asset")
    )
    spent = records.annotate(spent=F("labor_cost") + F("parts_cost") + F("other_cost"))
    return (
        closed.order_by("pk")
        .annotate(first_anomaly=Subquery(anomalies))
        .annotate(first=Least("opened_at", Coalesce("first_anomaly", "opened_at")))
        .annotate(
            failed_at=Subquery(failures.values("started_at")[:1]),
            own_minutes=Subquery(records.values("downtime_minutes")[:1]),
            own_cost=Subquery(spent.values("spent")[:1]),
        )
        .values(
            "organization",
            "source",
            "detector",
            "failure_mode",
            "found_failure_mode",
            "status",
            "verdict",
            "first",
            "failed_at",
            "own_minutes",
            "own_cost",
            work_at=F("work_order__started_at"),
            category=F("asset__category"),
            downtime_cost=F("asset__downtime_cost"),
        )
    )


def _case(row: dict[str, Any], known: dict[tuple[str, str], Consequence]) -> Case:
    mode, found = row["failure_mode"], row["found_failure_mode"]
    saved = _saved(row, known)
    return Case(
        source=row["source"],
        detector=row["detector"],
        failure_mode=mode.lower(),
        status=row["status"],
        verdict=row["verdict"],
        is_other_mode=bool(found) and found.lower() != mode.lower(),
        to_work=_hours(row["first"], row["work_at"]),
        to_failure=_hours(row["first"], row["failed_at"]),
        saved_hours=saved[0] if saved else None,
        saved_cost=saved[1] if saved else None,
    )


def _hours(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else max((end - start) / HOUR, 0.0)


def _saved(
    row: dict[str, Any], known: dict[tuple[str, str], Consequence]
) -> tuple[float, float] | None:
    """Hours and money that a confirmed case without a failure saved, where all inputs exist.

    hours = typical downtime of a failure - downtime of the work; cost = hours * downtime cost +
    typical repair cost - cost of the work. Negative where the work cost more than a failure.
    """
    if row["verdict"] != Verdict.CONFIRMED or row["failed_at"] or row["own_minutes"] is None:
        return None
    category = row["category"].lower()
    mode = (row["found_failure_mode"] or row["failure_mode"]).lower()
    meant = known.get((category, mode)) or known.get((category, ""))
    if meant is None or row["downtime_cost"] is None:
        return None
    hours = meant.hours - row["own_minutes"] / 60
    return hours, hours * float(row["downtime_cost"]) + meant.repair_cost - float(row["own_cost"])


def _line(key: tuple[str, str, str], group: Sequence[Case]) -> Line:
    verdicts = [case.verdict for case in group if case.status == Status.COMPLETED]
    to_work = [case.to_work for case in group if case.to_work is not None]
    to_failure = [case.to_failure for case in group if case.to_failure is not None]
    hours = [case.saved_hours for case in group if case.saved_hours is not None]
    costs = [case.saved_cost for case in group if case.saved_cost is not None]
    return Line(
        *key,
        decided=len(group),
        dismissed=sum(case.status == Status.DISMISSED for case in group),
        confirmed=verdicts.count(Verdict.CONFIRMED),
        other_mode=sum(case.is_other_mode for case in group),
        false_alarms=verdicts.count(Verdict.FALSE_ALARM),
        not_inspected=len(verdicts)
        - verdicts.count(Verdict.CONFIRMED)
        - verdicts.count(Verdict.FALSE_ALARM),
        hours_to_work=median(to_work) if to_work else None,
        works=len(to_work),
        hours_to_failure=median(to_failure) if to_failure else None,
        failures=len(to_failure),
        saved_hours=sum(hours) if hours else None,
        saved_cost=sum(costs) if costs else None,
        valued=len(hours),
    )
