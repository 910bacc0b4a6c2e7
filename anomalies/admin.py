from django.contrib import admin

from anomalies.models import (
    Anomaly,
    DetectorState,
    Incident,
    LimitTemplate,
    MachineModel,
    SensorLabel,
    SensorLimits,
    SensorWatch,
)
from opssight.accounts.permissions import Permission
from opssight.core.admin import OwnRelatedFilter, ReadOnlyTenantAdmin, TenantAdmin

BY_SITE = ("asset__site", OwnRelatedFilter)


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnlyTenantAdmin):
    list_display = (
        "started_at",
        "asset",
        "sensor",
        "failure_mode",
        "severity",
        "score",
        "ended_at",
        "verdict",
        "closed_at",
    )
    list_filter = ("severity", "method", "channel", "verdict", BY_SITE)
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "asset__name", "sensor__key", "failure_mode")
    date_hierarchy = "started_at"


@admin.register(Incident)
class IncidentAdmin(ReadOnlyTenantAdmin):
    list_display = ("started_at", "asset", "root", "root_by", "severity", "ended_at")
    list_filter = ("severity", "root_by", BY_SITE)
    list_select_related = ("asset", "root__sensor")
    search_fields = ("asset__tag", "asset__name", "root__failure_mode")
    date_hierarchy = "started_at"


@admin.register(DetectorState)
class DetectorStateAdmin(ReadOnlyTenantAdmin):
    """How far scoring has come, for who runs the installation."""

    view_permission = Permission.ORGANIZATION_EDIT
    exclude = ("organization", "state")
    list_display = ("sensor", "asset", "detector", "watermark", "waiting_since", "updated_at")
    list_filter = ("detector", BY_SITE)
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "sensor__key")


@admin.register(MachineModel)
class MachineModelAdmin(ReadOnlyTenantAdmin):
    """Fitted each night."""

    exclude = ("organization", "model", "stream", "open_event")
    list_display = (
        "asset",
        "status",
        "rows",
        "fitted_at",
        "watermark",
        "waiting_since",
        "reason",
    )
    list_filter = ("status", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")


@admin.register(SensorWatch)
class SensorWatchAdmin(ReadOnlyTenantAdmin):
    """Set on the page of the sensor, or by the API."""

    list_display = ("sensor", "asset", "sensitivity", "alarms_per_week", "is_setting")
    list_filter = ("sensitivity", "is_setting", BY_SITE)
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "sensor__key")


@admin.register(SensorLabel)
class SensorLabelAdmin(ReadOnlyTenantAdmin):
    list_display = ("started_at", "ended_at", "asset", "sensor", "kind", "note", "created_by")
    list_filter = ("kind", BY_SITE)
    list_select_related = ("asset", "sensor", "created_by")
    search_fields = ("asset__tag", "sensor__key", "note")


@admin.register(LimitTemplate)
class LimitTemplateAdmin(TenantAdmin):
    """Applied to sensors on its page, or by the API."""

    edit_permission = Permission.SITE_EDIT
    list_display = ("name", "quantity", "unit", "low_low", "low", "high", "high_high", "category")
    list_filter = ("quantity",)
    search_fields = ("name", "quantity", "category", "note")
    fieldsets = (
        (None, {"fields": ("name", ("quantity", "unit"), ("category", "group"), "note")}),
        ("Limits", {"fields": (("low_low", "low", "high", "high_high"), "deadband")}),
        ("Severity", {"fields": (("severity", "outer_severity", "rate_severity"),)}),
        ("Delays", {"fields": (("on_delay", "off_delay"),)}),
        ("Change", {"fields": (("rise_per_hour", "fall_per_hour"), "rate_window")}),
    )


@admin.register(SensorLimits)
class SensorLimitsAdmin(ReadOnlyTenantAdmin):
    """Set on the page of the sensor, or by the API."""

    list_display = ("sensor", "asset", "low_low", "high_high", "rise_per_hour", "template")
    list_filter = (("template", OwnRelatedFilter), BY_SITE)
    list_select_related = ("asset", "sensor", "template")
    search_fields = ("asset__tag", "sensor__key", "template__name")
