from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from opssight.accounts.permissions import Permission
from opssight.core.admin import OwnRelatedFilter, ReadOnlyTenantAdmin, TenantAdmin, TenantForm
from telemetry.models import QualityFault, Signal, TelemetryPolicy, UnknownSignal
from telemetry.services.signals import check, drop_names, map_name


@admin.register(QualityFault)
class QualityFaultAdmin(ReadOnlyTenantAdmin):
    list_display = ("started_at", "asset", "sensor", "kind", "ended_at", "found_at")
    list_filter = ("kind", ("asset__site", OwnRelatedFilter))
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "asset__name", "sensor__key")
    date_hierarchy = "started_at"


class SignalAdminForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("sensor") and "unit" in values:
            check(values["sensor"], values["unit"])
        return values


@admin.register(Signal)
class SignalAdmin(TenantAdmin):
    form = SignalAdminForm
    edit_permission = Permission.INTEGRATION_EDIT
    create_only = ("name",)
    list_display = ("name", "sensor_label", "unit")
    list_filter = (("sensor__asset__site", OwnRelatedFilter),)
    list_select_related = ("sensor__asset",)
    search_fields = ("name", "sensor__asset__tag", "sensor__key")
    autocomplete_fields = ("sensor",)

    @admin.display(description="Sensor", empty_value="Dropped")
    def sensor_label(self, row: Signal) -> str | None:
        return f"{row.sensor.asset.tag}/{row.sensor.key}" if row.sensor else None

    def save_model(self, request: HttpRequest, obj: Signal, form: Any, change: bool) -> None:  # noqa: FBT001
        """A new name brings what was held by it."""
        if change:
            super().save_model(request, obj, form, change)
            return
        mapped = map_name(
            organization_id=obj.organization_id,
            name=obj.name,
            sensor=obj.sensor,
            unit=obj.unit,
            at=timezone.now(),
        )
        obj.pk = mapped.signal.pk


@admin.register(UnknownSignal)
class UnknownSignalAdmin(ReadOnlyTenantAdmin):
    """To look at and to drop; the page of unmapped names says which sensor one stands for."""

    view_permission = Permission.INTEGRATION_EDIT
    list_display = ("name", "way", "unit", "count", "last_value", "last_time", "last_seen_at")
    list_filter = ("way",)
    search_fields = ("name",)
    date_hierarchy = "last_seen_at"
    actions = ("drop",)

    @admin.action(description="Drop: throw away what is held and what comes", permissions=["view"])
    def drop(self, request: HttpRequest, queryset: "QuerySet[UnknownSignal]") -> None:
        names: dict[int, list[str]] = {}
        for row in queryset:
            names.setdefault(row.organization_id, []).append(row.name)
        count = sum(
            drop_names(organization_id=organization, names=chosen)
            for organization, chosen in names.items()
        )
        self.message_user(request, f"Names dropped: {count}.", messages.SUCCESS)


@admin.register(TelemetryPolicy)
class TelemetryPolicyAdmin(TenantAdmin):
    edit_permission = Permission.INTEGRATION_EDIT
    list_display = ("organization", "unknown", "naive_times", "readings_days", "hourly_days")
    list_select_related = ("organization",)
