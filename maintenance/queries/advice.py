"""How often advice was right, what a failure costs, and what happened last time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Q

from assets.models import Asset
from maintenance.models import (
    MaintenanceRecord,
    Recommendation,
    Verdict,
    WorkOrder,
    WorkOrderQuerySet,
)
from maintenance.ranking import FEW, waiting_sentence

FEWEST = 3
"""A typical downtime or cost is the median of at least so many repairs."""

SHOWN = 5

# By category and failure mode, and by category alone: there the mode is null.
_CONSEQUENCES = """
    SELECT lower(a.category), lower(h.failure_mode), GROUPING(lower(h.failure_mode)), count(*),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h.downtime_minutes) / 60.0,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h.labor_cost + h.parts_cost + h.other_cost)
    FROM maintenance_history h JOIN assets a ON a.id = h.asset_id
    WHERE h.organization_id = %s AND h.maintenance_type IN ('corrective', 'emergency')
        AND a.category <> ''
    GROUP BY GROUPING SETS ((1, 2), (1))
    HAVING count(*) >= %s
"""


class Kind(NamedTuple):
    """Advice of one source for one failure mode, in lower case."""

    source: str
    failure_mode: str


class Found(NamedTuple):
    """How many of a kind were confirmed, and how many were false alarms."""

    confirmed: int
    false_alarms: int

    @property
    def judged(self) -> int:
        return self.confirmed + self.false_alarms


NOTHING_FOUND = Found(0, 0)

# Where nobody wrote down repairs, the ledger may still tell how long machines stood still.
_STOPS = """
    SELECT lower(a.category), count(*),
        percentile_cont(0.5) WITHIN GROUP (
            ORDER BY extract(epoch FROM u.ended_at - u.started_at) / 3600.0
        )
    FROM uptime_events u JOIN assets a ON a.id = u.asset_id
    WHERE u.organization_id = %s AND u.cause = 'failure' AND u.state IN ('down', 'disabled')
        AND u.ended_at IS NOT NULL AND a.category <> ''
    GROUP BY 1
    HAVING count(*) >= %s
"""
STOPS = "stops"


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a failure typically meant: medians over the repairs of `records` rows of history.

    of: failure mode or category; `STOPS`: over stops of the category, without a cost of repair.
    """

    hours: float
    repair_cost: float
    records: int
    of: str


def kind_of(row: Recommendation) -> Kind:
    return Kind(row.source, row.failure_mode.lower())


def track_record(
    organization_id: int, failure_modes: Collection[str] | None = None
) -> dict[Kind, Found]:
    """What was found for past advice of each kind; one query."""
    judged = Recommendation.objects.filter(
        organization=organization_id, verdict__in=(Verdict.CONFIRMED, Verdict.FALSE_ALARM)
    )
    if failure_modes is not None:
        judged = judged.filter(failure_mode__in=failure_modes)
    counted = (
        judged.order_by()
        .values_list("source", "failure_mode")
        .annotate(confirmed=Count("pk", filter=Q(verdict=Verdict.CONFIRMED)), judged=Count("pk"))
    )
    found: dict[Kind, Found] = {}
    for source, mode, confirmed, total in counted:
        kind = Kind(source, mode.lower())
        before = found.get(kind, NOTHING_FOUND)
        found[kind] = Found(before.confirmed + confirmed, before.false_alarms + total - confirmed)
    return found


def consequences(organization_id: int) -> dict[tuple[str, str], Consequence]:
    """By category and failure mode in lower case; the mode is empty for a category as a whole.

    Only repairs after a failure count, and at least `FEWEST` of them; one query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONSEQUENCES, [organization_id, FEWEST])
        return {
            (category, "" if is_total else mode): Consequence(
                float(hours), float(cost), count, "category" if is_total else "failure mode"
            )
            for category, mode, is_total, count, hours, cost in cursor.fetchall()
            if is_total or mode
        }


def consequences_or_stops(organization_id: int) -> dict[tuple[str, str], Consequence]:
    """The same, and by the stops of a category where too few repairs of it are recorded."""
    with connection.cursor() as cursor:
        cursor.execute(_STOPS, [organization_id, FEWEST])
        by_stops = {
            (category, ""): Consequence(float(hours), 0.0, count, STOPS)
            for category, count, hours in cursor.fetchall()
        }
    return by_stops | consequences(organization_id)


def consequence_of(
    known: dict[tuple[str, str], Consequence], asset: Asset, failure_mode: str
) -> Consequence | None:
    """Of the failure mode in the asset's category, or else of the category."""
    category = asset.category.lower()
    return known.get((category, failure_mode.lower())) or known.get((category, ""))


@dataclass(frozen=True, slots=True)
class LastTime:
    """Past work on the asset for this failure mode, and past advice without work; newest first."""

    records: Sequence[MaintenanceRecord]
    dismissed: Sequence[Recommendation]

    def __bool__(self) -> bool:
        return bool(self.records or self.dismissed)


def last_time(row: Recommendation) -> LastTime:
    """Two queries, of at most five rows each."""
    mode = row.failure_mode
    earlier = Recommendation.objects.filter(asset=row.asset_id, failure_mode__iexact=mode)
    earlier = earlier.exclude(pk=row.pk)
    records = MaintenanceRecord.objects.filter(
        Q(failure_mode__iexact=mode) | Q(work_order__in=earlier.values("work_order")),
        asset=row.asset_id,
    )
    if row.work_order_id is not None:
        records = records.exclude(work_order=row.work_order_id)
    dismissed = earlier.filter(status=Recommendation.Status.DISMISSED)
    return LastTime(
        list(
            records.select_related("work_order")
            .annotate(spent=F("labor_cost") + F("parts_cost") + F("other_cost"))
            .order_by("-completed_at", "-pk")[:SHOWN]
        ),
        list(dismissed.select_related("decided_by").order_by("-closed_at", "-pk")[:SHOWN]),
    )


def rests_on_little(row: Recommendation) -> bool:
    """Whether so few verdicts were given on advice like this that its confidence says little."""
    inputs = row.cost_inputs
    judged = inputs.get("confirmed", 0) + inputs.get("false_alarms", 0)
    return row.confidence is not None and judged < FEW


def waiting(row: Recommendation) -> str:
    """What waiting a week costs and how likely it fails meanwhile, in words; empty: not known."""
    if row.cost_of_waiting is None:
        return rising(row)
    cost = f"{row.cost_of_waiting:,.0f} {row.organization.currency}"
    return f"Waiting 7 days costs about {cost} (expected). {rising(row)}".strip()


def rising(row: Recommendation) -> str:
    """How the chance of a failure grows while nothing is done, in words; empty: not known."""
    day, week = (row.cost_inputs.get(f"likelihood_per_{one}") for one in ("day", "week"))
    return "" if day is None or week is None else waiting_sentence(day, week)


def mergeable(row: Recommendation, orders: WorkOrderQuerySet) -> list[WorkOrder]:
    """Those open ones of the same asset that the recommendation may join, the first due first.

    `orders` are those that the user may see.
    """
    found = orders.open().filter(organization=row.organization_id, lines__asset=row.asset_id)
    return list(found.order_by("due_at", "pk").distinct()[:20])
