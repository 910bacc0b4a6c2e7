"""Orders that can share an outage: what stands still anyway is worked on together."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from assets.queries.impact import impact_of
from maintenance.models import WorkOrder

NEAR = timedelta(days=60)
"""Orders that are due farther apart are no reason to move one of them."""

MOST = 20


@dataclass(frozen=True)
class Shared:
    """Another order, and why one outage serves both."""

    order: WorkOrder
    reason: str


def together(*, work_order: WorkOrder, orders: QuerySet[WorkOrder]) -> list[Shared]:
    """Of these orders, the open ones that need an outage which this order's outage brings.

    Of the same asset; of an asset that stops with it; or of one whose outage stops this asset.
    At most `MOST`, those on the same asset first, then the nearest due date.
    """
    if not (work_order.is_open and work_order.needs_outage):
        return []
    impact = impact_of(work_order.asset_id)
    below = {one.asset for one in impact.downstream if not one.impaired}
    above = {one.asset for one in impact.upstream}
    rows = (
        orders.open()  # type: ignore[attr-defined]
        .filter(
            Q(asset__in={work_order.asset_id, *below, *above}),
            needs_outage=True,
            due_at__range=(work_order.due_at - NEAR, work_order.due_at + NEAR),
        )
        .exclude(pk=work_order.pk)
        .select_related("asset")
        .annotate(
            far=Case(
                When(asset=work_order.asset_id, then=Value(0)),
                default=Value(1),
                output_field=IntegerField(),
            )
        )
        .order_by("far", "due_at", "pk")[:MOST]
    )
    return [Shared(row, _reason(work_order, row, below)) for row in rows]


def _reason(work_order: WorkOrder, row: WorkOrder, below: set[int]) -> str:
    tag, other = work_order.asset.tag, row.asset.tag
    if row.asset_id == work_order.asset_id:
        return f"It needs {tag} to stand still too."
    if row.asset_id in below:
        return f"{other} stops when {tag} does."
    return f"{tag} stops when {other} does."
