"""From a recommendation or a due date to a work order, and from the work to its proof."""

from maintenance.services.recommendations import (
    RecommendationClosed,
    accept,
    dismiss,
    recommend,
)
from maintenance.services.schedules import (
    generate_due_work_orders,
    recalculate_due_dates,
    refresh_next_due,
    reschedule,
)
from maintenance.services.work_orders import (
    Outcome,
    WorkOrderNotOpen,
    cancel,
    complete,
    create_work_order,
    start,
)

__all__ = [
    "Outcome",
    "RecommendationClosed",
    "WorkOrderNotOpen",
    "accept",
    "cancel",
    "complete",
    "create_work_order",
    "dismiss",
    "generate_due_work_orders",
    "recalculate_due_dates",
    "recommend",
    "refresh_next_due",
    "reschedule",
    "start",
]
