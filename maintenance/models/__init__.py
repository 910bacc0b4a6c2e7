"""The tables of maintenance, from the plan to the proof."""

from maintenance.models.documents import Attachment, Comment
from maintenance.models.history import MaintenanceRecord
from maintenance.models.labor import Downtime, LaborEntry, OtherCost
from maintenance.models.parts import Part, PartQuerySet, PartReservation, StockMovement
from maintenance.models.people import Absence, ServiceLevel, Shift, Technician
from maintenance.models.plans import JobPlan, JobPlanPart, JobPlanTask
from maintenance.models.recommendations import Recommendation, RecommendationQuerySet
from maintenance.models.requests import RequestMail, RequestPoint, WorkRequest
from maintenance.models.schedules import MaintenanceSchedule
from maintenance.models.tasks import WorkOrderTask
from maintenance.models.triggers import ConditionTrigger, MeterTrigger
from maintenance.models.types import (
    LONGEST_NOTES,
    MOST_MINUTES,
    AnswerKind,
    FailureCause,
    FailureMechanism,
    MaintenanceType,
    Urgency,
    Verdict,
)
from maintenance.models.work_orders import (
    WorkOrder,
    WorkOrderAsset,
    WorkOrderBlock,
    WorkOrderCounter,
    WorkOrderQuerySet,
    WorkOrderTransition,
)

__all__ = [
    "LONGEST_NOTES",
    "MOST_MINUTES",
    "Absence",
    "AnswerKind",
    "Attachment",
    "Comment",
    "ConditionTrigger",
    "Downtime",
    "FailureCause",
    "FailureMechanism",
    "JobPlan",
    "JobPlanPart",
    "JobPlanTask",
    "LaborEntry",
    "MaintenanceRecord",
    "MaintenanceSchedule",
    "MaintenanceType",
    "MeterTrigger",
    "OtherCost",
    "Part",
    "PartQuerySet",
    "PartReservation",
    "Recommendation",
    "RecommendationQuerySet",
    "RequestMail",
    "RequestPoint",
    "ServiceLevel",
    "Shift",
    "StockMovement",
    "Technician",
    "Urgency",
    "Verdict",
    "WorkOrder",
    "WorkOrderAsset",
    "WorkOrderBlock",
    "WorkOrderCounter",
    "WorkOrderQuerySet",
    "WorkOrderTask",
    "WorkOrderTransition",
    "WorkRequest",
]
