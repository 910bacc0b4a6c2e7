"""From a recommendation or a due date to a work order, and from the work to its proof."""

from maintenance.services.advising import Advice, recommend
from maintenance.services.completion import Outcome, complete
from maintenance.services.course import TransitionRefused
from maintenance.services.generation import generate_due_work_orders
from maintenance.services.recommendations import RecommendationClosed, accept, dismiss
from maintenance.services.schedules import (
    recalculate_due_dates,
    refresh_next_due,
    reschedule,
)
from maintenance.services.transitions import cancel, start
from maintenance.services.work_orders import create_work_order

__all__ = [
    "Advice",
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
