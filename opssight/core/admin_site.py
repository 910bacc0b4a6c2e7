"""The admin: one door for pages and admin, open to the roles that plan, sorted as they think."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from opssight.accounts.models import User

# Group, then model and icon (Material Symbols, which Unfold brings).
GROUPS: dict[str, dict[str, str]] = {
    "Assets": {
        "assets.Asset": "precision_manufacturing",
        "assets.Sensor": "sensors",
        "assets.Site": "factory",
        "assets.AssetGroup": "folder_copy",
        "assets.AssetRelationship": "account_tree",
        "assets.UptimeEvent": "timeline",
        "assets.ProductionRun": "conveyor_belt",
        "assets.AssetKpi": "speed",
    },
    "Maintenance": {
        "maintenance.MaintenanceSchedule": "event_repeat",
        "maintenance.JobPlan": "checklist",
        "maintenance.MeterTrigger": "av_timer",
        "maintenance.ConditionTrigger": "rule",
        "maintenance.WorkOrder": "assignment",
        "maintenance.Recommendation": "lightbulb",
        "maintenance.MaintenanceRecord": "history",
        "maintenance.Technician": "engineering",
        "maintenance.ServiceLevel": "timer",
    },
    "Store and work": {
        "maintenance.Part": "inventory_2",
        "maintenance.StockMovement": "swap_vert",
        "maintenance.PartReservation": "bookmark",
        "maintenance.LaborEntry": "schedule",
        "maintenance.OtherCost": "payments",
        "maintenance.Attachment": "attach_file",
        "maintenance.Comment": "chat",
    },
    "Telemetry": {
        "telemetry.Signal": "label",
        "telemetry.UnknownSignal": "help",
        "telemetry.TelemetryPolicy": "rule_settings",
    },
    "Analysis": {
        "anomalies.Anomaly": "troubleshoot",
        "anomalies.Incident": "hub",
        "anomalies.SensorWatch": "visibility",
        "anomalies.SensorLabel": "label_important",
        "anomalies.LimitTemplate": "vertical_align_center",
        "anomalies.SensorLimits": "height",
        "telemetry.QualityFault": "sensors_off",
        "forecasts.Forecast": "trending_up",
        "forecasts.RiskScore": "warning",
        "forecasts.LifePrediction": "hourglass_bottom",
        "forecasts.FailureChance": "percent",
        "forecasts.ModelVersion": "model_training",
        "anomalies.MachineModel": "precision_manufacturing",
        "anomalies.DetectorState": "memory",
    },
    "People": {
        "accounts.User": "group",
        "accounts.Organization": "corporate_fare",
        "access.CustomRole": "badge",
        "access.Invitation": "mail",
        "access.ApiToken": "key",
        "access.StaffAccess": "support_agent",
        "notifications.Notification": "notifications",
        "notifications.Webhook": "webhook",
        "notifications.WebhookDelivery": "send",
    },
}


# Where the model's own name is longer than it need be beside its group.
SHORT_NAMES = {
    "access.ApiToken": "API tokens",
    "assets.AssetKpi": "KPIs",
    "assets.AssetGroup": "Groups",
    "assets.AssetRelationship": "Relationships",
    "maintenance.MaintenanceSchedule": "Schedules",
    "maintenance.MeterTrigger": "Meters",
    "maintenance.ConditionTrigger": "Conditions",
    "maintenance.MaintenanceRecord": "History",
    "maintenance.LaborEntry": "Labor",
}


class OpsSightAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """Unfold's site with our sign-in, our roles and our groups."""

    index_title = "Planning and master data"

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return isinstance(user, User) and user.is_active and user.enters_admin

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """No colors: they are in static/css/admin.css, where the content policy allows them."""
        return {**super().each_context(request), "colors": {}}

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send to the product's own sign-in, which is limited; refuse who has no such role."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        wanted = request.GET.get("next") or reverse(f"{self.name}:index")
        return redirect_to_login(wanted)

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {row["model"]._meta.label: row for app in apps for row in app["models"]}
        for label, name in SHORT_NAMES.items():
            if label in models:
                models[label]["name"] = name
        groups = [
            {
                "name": group,
                "app_label": group.lower(),
                "app_url": reverse(f"{self.name}:index"),
                "has_module_perms": True,
                "models": [models[label] for label in members if label in models],
            }
            for group, members in GROUPS.items()
        ]
        return [group for group in groups if group["models"]]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's sidebar: the groups, with what the signed-in person may see."""
    back = {
        "title": "Back to OpsSight",
        "link": reverse("dashboard:home"),
        "icon": "arrow_back",
        "active": False,
    }
    return [{"items": [back]}] + [
        {
            "title": group["name"],
            "separator": True,
            "items": [
                {
                    "title": str(row["name"]),
                    "link": row["admin_url"],
                    "icon": GROUPS[group["name"]][row["model"]._meta.label],
                }
                for row in group["models"]
            ],
        }
        for group in admin.site.get_app_list(request)
    ]
