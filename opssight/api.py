"""The API's one router. A path ends with or without a slash."""

from django.db.transaction import non_atomic_requests
from django.urls import include, path, re_path
from rest_framework.routers import DefaultRouter

from anomalies.api.evaluation import DetectorEvaluation
from anomalies.api.incidents import IncidentViewSet
from anomalies.api.limits import LimitTemplateViewSet, SensorLimitsViewSet
from anomalies.api.machines import MachineModelViewSet
from anomalies.api.scores import SensorViewSet
from anomalies.api.viewsets import AnomalyViewSet
from anomalies.api.watching import SensorLabelViewSet, SensorWatchViewSet
from assets.api import kpis
from assets.api import viewsets as assets
from forecasts.api.portfolio import Portfolio
from forecasts.api.predictions import FailureChanceViewSet, LifePredictionViewSet
from forecasts.api.versions import ModelVersionViewSet
from forecasts.api.viewsets import ForecastViewSet, RiskScoreViewSet
from maintenance.api import viewsets as maintenance
from maintenance.api.absences import AbsenceViewSet
from maintenance.api.asset_costs import CostViewSet
from maintenance.api.bookings import StockMovementViewSet
from maintenance.api.checklists import WorkOrderTaskViewSet
from maintenance.api.comments import CommentViewSet
from maintenance.api.costs import OtherCostViewSet
from maintenance.api.deciding import RecommendationViewSet, Verdicts
from maintenance.api.documents import AttachmentViewSet
from maintenance.api.downtimes import DowntimeViewSet
from maintenance.api.history import MaintenanceRecordViewSet
from maintenance.api.labor import LaborEntryViewSet
from maintenance.api.order_parts import (
    WorkOrderAssetViewSet,
    WorkOrderBlockViewSet,
    WorkOrderTransitionViewSet,
)
from maintenance.api.parts import PartReservationViewSet, PartViewSet
from maintenance.api.plans import JobPlanViewSet
from maintenance.api.request_points import RequestPointViewSet
from maintenance.api.requests import WorkRequestViewSet
from maintenance.api.schedules import MaintenanceScheduleViewSet
from maintenance.api.service_levels import ServiceLevelViewSet
from maintenance.api.shifts import ShiftViewSet
from maintenance.api.triggers import ConditionTriggerViewSet, MeterTriggerViewSet
from maintenance.api.work_orders import WorkOrderViewSet
from notifications.api.viewsets import NotificationViewSet
from notifications.api.webhooks import WebhookDeliveryViewSet, WebhookViewSet
from opssight.access.api import people, tokens
from opssight.access.api.me import Me, PermissionMatrix
from opssight.audit.api.viewsets import AuditEntryViewSet
from opssight.core.api import explanations, problems
from opssight.core.uploads import takes_files
from telemetry.api.asset_readings import AssetViewSet
from telemetry.api.batches import Batches
from telemetry.api.comparisons import ComparisonViewSet
from telemetry.api.policies import TelemetryPolicyViewSet
from telemetry.api.quality import QualityFaultViewSet
from telemetry.api.signals import SignalViewSet, UnknownSignalViewSet
from telemetry.api.write import Write

router = DefaultRouter()
router.trailing_slash = "/?"
router.include_format_suffixes = False
router.register("sites", assets.SiteViewSet)
router.register("assets", AssetViewSet)
router.register("sensors", SensorViewSet)
router.register("asset-groups", assets.AssetGroupViewSet)
router.register("asset-relationships", assets.AssetRelationshipViewSet)
router.register("uptime-events", assets.UptimeEventViewSet)
router.register("asset-kpis", kpis.AssetKpiViewSet)
router.register("production-runs", kpis.ProductionRunViewSet)
router.register("signals", SignalViewSet)
router.register("unknown-signals", UnknownSignalViewSet)
router.register("telemetry-policies", TelemetryPolicyViewSet)
router.register("comparisons", ComparisonViewSet)
router.register("maintenance/technicians", maintenance.TechnicianViewSet)
router.register("maintenance/shifts", ShiftViewSet)
router.register("maintenance/absences", AbsenceViewSet)
router.register("maintenance/service-levels", ServiceLevelViewSet)
router.register("maintenance/schedules", MaintenanceScheduleViewSet)
router.register("maintenance/schedule-meters", MeterTriggerViewSet)
router.register("maintenance/schedule-conditions", ConditionTriggerViewSet)
router.register("maintenance/job-plans", JobPlanViewSet)
router.register("maintenance/work-orders", WorkOrderViewSet)
router.register("maintenance/work-order-lines", WorkOrderAssetViewSet)
router.register("maintenance/work-order-blocks", WorkOrderBlockViewSet)
router.register("maintenance/work-order-transitions", WorkOrderTransitionViewSet)
router.register("maintenance/downtimes", DowntimeViewSet)
router.register("maintenance/work-order-tasks", WorkOrderTaskViewSet)
router.register("maintenance/labor-entries", LaborEntryViewSet)
router.register("maintenance/other-costs", OtherCostViewSet)
router.register("maintenance/parts", PartViewSet)
router.register("maintenance/stock-movements", StockMovementViewSet)
router.register("maintenance/reservations", PartReservationViewSet)
router.register("maintenance/costs", CostViewSet, "cost")
router.register("maintenance/history", MaintenanceRecordViewSet)
router.register("maintenance/recommendations", RecommendationViewSet)
router.register("maintenance/requests", WorkRequestViewSet)
router.register("maintenance/request-points", RequestPointViewSet)
router.register("maintenance/attachments", AttachmentViewSet)
router.register("maintenance/comments", CommentViewSet)
router.register("anomalies", AnomalyViewSet)
router.register("incidents", IncidentViewSet)
router.register("machine-models", MachineModelViewSet)
router.register("sensor-watches", SensorWatchViewSet)
router.register("sensor-labels", SensorLabelViewSet)
router.register("sensor-limits", SensorLimitsViewSet)
router.register("limit-templates", LimitTemplateViewSet)
router.register("quality-faults", QualityFaultViewSet)
router.register("forecasts", ForecastViewSet)
router.register("risk-scores", RiskScoreViewSet)
router.register("life-predictions", LifePredictionViewSet)
router.register("failure-chances", FailureChanceViewSet)
router.register("model-versions", ModelVersionViewSet)
router.register("notifications", NotificationViewSet)
router.register("webhooks", WebhookViewSet)
router.register("webhook-deliveries", WebhookDeliveryViewSet)
router.register("audit-entries", AuditEntryViewSet)
router.register("access/members", people.MemberViewSet, "member")
router.register("access/roles", people.CustomRoleViewSet, "custom-role")
router.register("access/invitations", people.InvitationViewSet, "invitation")
router.register("access/tokens", tokens.TokenViewSet, "token-personal")
router.register("access/devices", tokens.DeviceViewSet, "device")
router.register("access/organizations", people.OrganizationViewSet, "organization")
router.register("access/staff-access", people.StaffAccessViewSet, "staff-access")

urlpatterns = [
    path("auth/", include("opssight.accounts.api.urls")),
    re_path(r"^problems/?$", explanations.Explanations.as_view(), name="problems"),
    re_path(r"^problems/(?P<code>[a-z_]+)/?$", explanations.Explanation.as_view(), name="problem"),
    re_path(r"^me/?$", Me.as_view(), name="me"),
    re_path(r"^access/permissions/?$", PermissionMatrix.as_view(), name="permissions"),
    re_path(r"^maintenance/verdicts/?$", Verdicts.as_view(), name="verdicts"),
    re_path(r"^portfolio/?$", Portfolio.as_view(), name="portfolio"),
    re_path(r"^anomalies/evaluation/?$", DetectorEvaluation.as_view(), name="evaluation"),
    # Each portion of what machines send is a transaction of its own.
    re_path(r"^v2/write/?$", non_atomic_requests(Write.as_view()), name="write"),
    re_path(r"^readings/?$", non_atomic_requests(takes_files(Batches.as_view())), name="readings"),
    path("", include(router.urls)),
    re_path(r"^", problems.not_found),
]
