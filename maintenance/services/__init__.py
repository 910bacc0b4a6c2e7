"""From a recommendation or a due date to a work order, and from the work to its proof."""

from maintenance.services.completion import Outcome, complete
from maintenance.services.course import TransitionRefused
from maintenance.services.generation import generate_due_work_orders
from maintenance.services.recommendations import (
    RecommendationClosed,
    accept,
    dismiss,
    recommend,
)
from maintenance.services.schedules import (
    recalculate_due_dates,
    refresh_next_due,
    reschedule,
)
from maintenance.services.transitions import cancel, start
from maintenance.services.work_orders import create_work_order

__all__ = [
    "Outcome",
    "RecommendationClosed",
    "TransitionRefused",
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
