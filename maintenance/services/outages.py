"""One outage for several orders."""

from collections.abc import Collection

from django.db import transaction

from maintenance.models import WorkOrder
from maintenance.services.course import TransitionRefused

NO_TIME = "Plan when {number} begins and ends first: the others follow it."
CHANGED = "{number} was begun, completed or cancelled in the meantime. Nothing was planned."


@transaction.atomic
def plan_together(*, work_order: WorkOrder, others: Collection[int]) -> int:
    """Plan these orders for the planned time of this one. Returns how many.

    Raises TransitionRefused when this one has no planned time, and when one of them is not waiting
    to be begun any more; then none is changed.
    """
    # In the order of their ids, so that two planners never wait for each other in a circle.
    rows = list(
        WorkOrder.objects.select_for_update(no_key=True)
        .filter(pk__in={work_order.pk, *others})
        .order_by("pk")
    )
    leading = next(row for row in rows if row.pk == work_order.pk)
    if leading.planned_start is None or leading.planned_end is None:
        raise TransitionRefused("no_planned_time", NO_TIME.format(number=leading.number))
    for row in rows:
        if row.status not in WorkOrder.NOT_STARTED:
            raise TransitionRefused("not_open", CHANGED.format(number=row.number))
    chosen = [row.pk for row in rows if row.pk != leading.pk]
    return WorkOrder.objects.filter(pk__in=chosen).update(
        planned_start=leading.planned_start, planned_end=leading.planned_end
    )
