"""Advice that maintenance gives itself: what is overdue, by how late it is against its cycle."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from assets.models import Asset
from maintenance.models import JobPlan, MaintenanceSchedule, Recommendation, Urgency, WorkOrder
from maintenance.queries.schedules import open_orders, overdue, with_lateness
from maintenance.services.advising import (
    DUE_WITHIN,
    Advice,
    Evidence,
    recommend_all,
    urgency_for,
    withdraw,
)

DAY = timedelta(days=1)
MODE = "overdue maintenance"
DETECTOR = "SMCP"
CAUGHT_UP = "Nothing of this asset is overdue any more."

ADVISE_FROM = 120.0
"""SMCP from which being late asks for a decision: late by a fifth of the cycle."""

LEVELS = ((250.0, Urgency.HIGH), (160.0, Urgency.MEDIUM), (ADVISE_FROM, Urgency.LOW))
"""The urgency from each SMCP on, before the criticality of the asset moves it a step."""

LEAST_LATE = timedelta(days=1)
SHORTEST_SPAN = timedelta(days=1)
"""An order without a schedule is judged by the time it was given, but at least by a day."""


@dataclass(frozen=True, slots=True)
class Late:
    """One thing of an asset that is overdue. `smcp` in percent: (days late + cycle) / cycle."""

    asset: Asset
    about: str
    title: str
    due_at: datetime
    days_late: float
    cycle_days: float
    smcp: float
    url: str
    job_plan: JobPlan | None = None

    def evidence(self) -> Evidence:
        days = max(round(self.days_late), 1)
        cycle = max(round(self.cycle_days), 1)
        return Evidence(
            about=self.about,
            text=f"{self.title}: {_days(days)} late on a cycle of {_days(cycle)}.",
            value=round(self.smcp),
            unit="%",
            url=self.url,
        )


def recommend_overdue(*, organization_id: int, at: datetime) -> int:
    """Ask for a decision on each asset with overdue work; returns how many are new.

    One recommendation per asset, whatever number of things is late. It goes when nothing is late
    any more. Dismissed, it stays away until something else falls due. Safe to run twice.
    """
    by_asset: dict[int, list[Late]] = defaultdict(list)
    for late in (*_late_schedules(organization_id, at), *_late_orders(organization_id, at)):
        by_asset[late.asset.pk].append(late)
    opened = recommend_all(
        organization_id=organization_id,
        advice=[_advice(found, at) for found in by_asset.values()],
        at=at,
    )
    ours = Recommendation.objects.filter(
        organization=organization_id, source=Recommendation.Source.OVERDUE, failure_mode=MODE
    )
    withdraw(rows=ours.exclude(asset__in=list(by_asset)), reason=CAUGHT_UP, at=at)
    return len(opened)


def _advice(found: list[Late], at: datetime) -> Advice:
    worst = max(found, key=lambda late: (late.smcp, late.about))
    base = next(urgency for limit, urgency in LEVELS if worst.smcp >= limit)
    urgency = urgency_for(base, worst.asset.criticality)
    ordered = sorted(found, key=lambda late: (-late.smcp, late.about))
    more = f" {len(found) - 1} more of this asset." if len(found) > 1 else ""
    return Advice(
        asset=worst.asset,
        failure_mode=MODE,
        source=Recommendation.Source.OVERDUE,
        detector=DETECTOR,
        reason=f"{worst.evidence()['text']}{more} SMCP {worst.smcp:.0f} %.",
        evidence=[late.evidence() for late in ordered],
        urgency=urgency,
        suggested_due_at=at + DUE_WITHIN[urgency],
        since=max(late.due_at for late in found),
        job_plan=worst.job_plan,
    )


def _late_schedules(organization_id: int, at: datetime) -> Iterator[Late]:
    own = MaintenanceSchedule.objects.filter(organization=organization_id)
    due = overdue(own, at=at - LEAST_LATE).exclude(asset__status=Asset.Status.RETIRED)
    late = with_lateness(due, at=at)
    rows = list(
        late.filter(smcp__gte=ADVISE_FROM).select_related("asset", "job_plan").order_by("pk")
    )
    orders = open_orders([row.pk for row in rows])
    for row in rows:
        order = orders.get(row.pk)
        if row.days_late <= row.grace_days:
            continue
        assert row.next_due_at is not None  # noqa: S101 filtered by it
        yield Late(
            row.asset,
            f"Schedule {row.pk}",
            row.title,
            row.next_due_at,
            row.days_late,
            row.cycle_days,
            row.smcp,
            (order or row.asset).get_absolute_url(),
            row.job_plan,
        )


def _late_orders(organization_id: int, at: datetime) -> Iterator[Late]:
    orders = WorkOrder.objects.overdue(at - LEAST_LATE).filter(
        organization=organization_id, schedule=None
    )
    for order in orders.select_related("asset").order_by("pk").iterator(chunk_size=500):
        span = max(order.due_at - order.created_at, SHORTEST_SPAN)
        smcp = 100 * ((at - order.due_at) + span) / span
        if smcp >= ADVISE_FROM:
            yield Late(
                order.asset,
                order.number,
                f"{order.number} {order.title}",
                order.due_at,
                (at - order.due_at) / DAY,
                span / DAY,
                smcp,
                order.get_absolute_url(),
            )


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"
