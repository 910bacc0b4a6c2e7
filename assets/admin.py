from typing import Any

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from assets.models import (
    Asset,
    AssetGroup,
    AssetGroupMember,
    AssetKpi,
    AssetRelationship,
    Sensor,
    Site,
    UptimeEvent,
)
from opssight.accounts.permissions import Permission
from opssight.core.admin import ReadOnlyTenantAdmin, TenantAdmin


class AssetTenantAdmin(TenantAdmin):
    edit_permission = Permission.ASSET_EDIT


class KeptAdmin(AssetTenantAdmin):
    """Rows with readings and history behind them: taken out of service, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Site)
class SiteAdmin(KeptAdmin):
    list_display = ("code", "name", "timezone")
    search_fields = ("code", "name")


@admin.register(Asset)
class AssetAdmin(KeptAdmin):
    list_display = (
        "tag",
        "name",
        "category",
        "site",
        "criticality",
        "status",
        "current_risk",
        "next_due_at",
        "sensor_count",
    )
    list_filter = ("site", "status", "criticality", "category")
    list_select_related = ("site",)
    search_fields = ("tag", "name", "category", "serial_number", "manufacturer", "model")
    autocomplete_fields = ("site", "parent")
    readonly_fields = ("last_maintenance_at", "next_due_at", "current_risk")
    fieldsets = (
        (None, {"fields": ("tag", "name", "category", "site", "parent", "status", "criticality")}),
        (
            "Machine",
            {"fields": ("manufacturer", "model", "serial_number", "installed_at", "attributes")},
        ),
        ("Kept current", {"fields": ("current_risk", "last_maintenance_at", "next_due_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(sensors_counted=Count("sensors"))
        return counted

    @admin.display(description="Sensors", ordering="sensors_counted")
    def sensor_count(self, asset: Asset) -> int:
        return asset.sensors_counted  # type: ignore[attr-defined,no-any-return]


@admin.register(Sensor)
class SensorAdmin(KeptAdmin):
    list_display = (
        "key",
        "asset",
        "quantity",
        "unit",
        "kind",
        "low_limit",
        "high_limit",
        "last_value",
        "last_time",
        "is_active",
    )
    list_filter = ("kind", "is_active", "quantity", "asset__site")
    list_select_related = ("asset",)
    search_fields = ("key", "quantity", "asset__tag", "asset__name")
    autocomplete_fields = ("asset",)
    readonly_fields = ("last_time", "last_value", "latest_readings")

    @admin.display(description="Latest readings")
    def latest_readings(self, sensor: Sensor) -> str:
        rows = sensor.readings.order_by("-time").values_list("time", "value")[:20]
        return "\n".join(f"{time:%Y-%m-%d %H:%M:%S} UTC   {value:g}" for time, value in rows) or "–"


@admin.register(UptimeEvent)
class UptimeEventAdmin(AssetTenantAdmin):
    list_display = ("asset", "state", "cause", "started_at", "ended_at", "reason")
    list_filter = ("state", "cause", "asset__site")
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name", "reason")
    autocomplete_fields = ("asset",)
    date_hierarchy = "started_at"


@admin.register(AssetRelationship)
class AssetRelationshipAdmin(AssetTenantAdmin):
    list_display = ("source", "kind", "target")
    list_filter = ("kind",)
    list_select_related = ("source", "target")
    search_fields = ("source__tag", "source__name", "target__tag", "target__name")
    autocomplete_fields = ("source", "target")


class AssetGroupMemberInline(TabularInline):  # type: ignore[misc]
    model = AssetGroupMember
    fields = ("asset",)
    autocomplete_fields = ("asset",)
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(AssetGroup)
class AssetGroupAdmin(AssetTenantAdmin):
    list_display = ("name", "description", "member_count")
    search_fields = ("name", "description")
    inlines = (AssetGroupMemberInline,)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(members_counted=Count("members"))
        return counted

    @admin.display(description="Assets", ordering="members_counted")
    def member_count(self, group: AssetGroup) -> int:
        return group.members_counted  # type: ignore[attr-defined,no-any-return]


@admin.register(AssetKpi)
class AssetKpiAdmin(ReadOnlyTenantAdmin):
    list_display = ("asset", "kpi", "period", "starts_at", "ends_at", "value", "count", "standard")
    list_filter = ("kpi", "period", "asset__site")
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")
