"""The lives of machines: from new, or from a repair, to the next failure, as they were recorded."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.db.models import Min, Q

from assets.models import Asset, UptimeEvent
from assets.reliability.ledger import DOWN
from maintenance.models import MaintenanceRecord, MaintenanceType, Verdict

SAME = timedelta(days=1)
"""What is recorded of a failure within this time of it, or of its end, belongs to it."""

REPAIRS = (MaintenanceType.CORRECTIVE, MaintenanceType.EMERGENCY)
IN_TIME = (*REPAIRS, MaintenanceType.PREDICTIVE, MaintenanceType.CONDITION_BASED)
RENEWS = re.compile(r"\b(overhaul|rebuil[dt]|refurbish|exchange|replac)", re.IGNORECASE)
"""Work of this title makes a machine as good as new …"""

CONSUMED = re.compile(r"\b(filter|oil|grease|lubricant|belt|lamp|batter|coolant|sensor)", re.I)
"""… unless what it replaces is used up all the time."""


@dataclass(frozen=True, slots=True)
class Failure:
    """It failed at `at` and worked again from `until` on; None: it does not yet. mode: how."""

    at: datetime
    until: datetime | None
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A life from `start` to `end`: at a failure, else at a renewal, or at the present.

    is_whole: it was watched from its begin; else `start` is when the watching began.
    """

    asset_id: int
    start: datetime
    end: datetime
    failed: bool
    is_whole: bool
    is_current: bool = False
    mode: str = ""

    @property
    def days(self) -> float:
        return (self.end - self.start) / timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is on record of an asset, each in the order of time."""

    failures: Sequence[Failure]
    renewals: Sequence[datetime]


def watched_since(organization_id: int, at: datetime) -> datetime | None:
    """When the organization's first state or work on record began; None: there is none.

    Who records anything is taken to record failures, of all machines.
    """
    states = UptimeEvent.objects.filter(organization=organization_id, started_at__lt=at)
    work = MaintenanceRecord.objects.filter(organization=organization_id, completed_at__lte=at)
    found = [rows.aggregate(first=Min("started_at"))["first"] for rows in (states, work)]
    return min((one for one in found if one is not None), default=None)


def recorded(asset_ids: Iterable[int], at: datetime) -> dict[int, Recorded]:
    """What was on record of each asset at a moment, by asset id; two queries.

    A failure is a stop that was caused by one, or a repair for which the machine stood still. A
    renewal is work whose title says so, or a repair of a confirmed fault before it failed.
    """
    ids = list(asset_ids)
    failures: dict[int, list[Failure]] = defaultdict(list)
    renewals: dict[int, list[datetime]] = defaultdict(list)
    stops = UptimeEvent.objects.filter(
        asset__in=ids, state__in=DOWN, cause=UptimeEvent.Cause.FAILURE, started_at__lt=at
    ).order_by("started_at")
    for asset_id, start, end in stops.values_list("asset", "started_at", "ended_at"):
        known = end if end is not None and end <= at else None
        _add(failures[asset_id], Failure(start, known))
    work = MaintenanceRecord.objects.filter(asset__in=ids, completed_at__lte=at)
    for record in work.select_related("work_order").order_by("started_at", "pk"):
        if _is_failure(record):
            start = min(record.started_at, record.work_order.created_at)
            _add(failures[record.asset_id], Failure(start, record.completed_at, _mode(record)))
        elif _renews(record):
            renewals[record.asset_id].append(record.completed_at)
    return {
        pk: Recorded(sorted(failures[pk], key=lambda one: one.at), sorted(renewals[pk]))
        for pk in ids
    }


def _is_failure(record: MaintenanceRecord) -> bool:
    return (
        record.maintenance_type in REPAIRS
        and record.downtime_minutes > 0
        and record.verdict != Verdict.FALSE_ALARM
    )


def _renews(record: MaintenanceRecord) -> bool:
    said = RENEWS.search(record.title) is not None and CONSUMED.search(record.title) is None
    in_time = record.maintenance_type in IN_TIME and record.verdict == Verdict.CONFIRMED
    return said or (in_time and record.failure_mode != "")


def _mode(record: MaintenanceRecord) -> str:
    return record.failure_mode.strip().lower()


def _add(failures: list[Failure], new: Failure) -> None:
    """Add it, or what it tells of one that is there: a stop and its repair are one failure."""
    for i, old in enumerate(failures):
        ends = old.until is None or new.at <= old.until + SAME
        if ends and (new.until is None or new.until >= old.at - SAME):
            # Once it is known when it ran again, the last of what belongs to it counts.
            until = (
                old.until
                if new.until is None
                else new.until
                if old.until is None
                else max(old.until, new.until)
            )
            failures[i] = Failure(min(old.at, new.at), until, old.mode or new.mode)
            return
    failures.append(new)


def spans(asset: Asset, known: Recorded, since: datetime, at: datetime) -> list[Span]:
    """The lives of one asset up to a moment, oldest first; the last one may go on.

    since: when its organization's records begin. Without a current span it is down, or not yet in
    use.
    """
    born = _born(asset)
    whole = born is not None and born >= since - SAME
    start = born if born is not None and whole else max(since, born or since)
    found = []
    # At the same moment a renewal is part of the repair.
    ends = [(one.at, one) for one in known.failures] + [(when, None) for when in known.renewals]
    for when, failure in sorted(ends, key=lambda end: (end[0], end[1] is None)):
        if when > at or when < start:
            continue
        if when > start:
            mode = failure.mode if failure else ""
            found.append(
                Span(asset.pk, start, when, failure is not None, whole, is_current=False, mode=mode)
            )
        if failure is not None and failure.until is None:
            return found
        start, whole = (failure.until if failure and failure.until else when), True
    if start < at and asset.status != Asset.Status.RETIRED:
        found.append(Span(asset.pk, start, at, failed=False, is_whole=whole, is_current=True))
    return found


def _born(asset: Asset) -> datetime | None:
    if asset.installed_at is None:
        return None
    return datetime.combine(asset.installed_at, time(), tzinfo=UTC)


def lives_of_class(*, organization_id: int, category: str, at: datetime) -> list[Span]:
    """All lives of the machines of a class, as they were known at a moment; none: no record."""
    since = watched_since(organization_id, at)
    if since is None:
        return []
    assets = list(
        Asset.objects.filter(organization=organization_id, category=category).order_by("pk")
    )
    known = recorded([asset.pk for asset in assets], at)
    return [span for asset in assets for span in spans(asset, known[asset.pk], since, at)]


def categories(organization_id: int) -> list[str]:
    """The classes of machines in service: what their category says, as it is written."""
    kept = Asset.objects.filter(~Q(category=""), organization=organization_id)
    kept = kept.exclude(status=Asset.Status.RETIRED)
    return list(kept.order_by("category").values_list("category", flat=True).distinct())
