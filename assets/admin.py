from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline
from unfold.decorators import action

from assets.forms import DeleteReadingsForm
from assets.models import (
    Asset,
    AssetGroup,
    AssetGroupMember,
    AssetKpi,
    AssetRelationship,
    ProductionRun,
    Sensor,
    Site,
    UptimeEvent,
)
from assets.services import corrections
from opssight.accounts.permissions import Permission
from opssight.core.admin import (
    OwnRelatedFilter,
    ReadOnlyTenantAdmin,
    TenantAdmin,
    TenantForm,
    scope_choices,
)

LATEST_READINGS = 20
BY_SITE = ("asset__site", OwnRelatedFilter)


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
    organization_from = "site"
    # Said again, because the model's own ordering does not hold for counted rows.
    ordering = ("tag", "pk")
    list_display = (
        "tag",
        "name",
        "category",
        "site",
        "criticality",
        "status",
        "risk",
        "next_due_at",
        "sensor_count",
    )
    list_filter = (("site", OwnRelatedFilter), "status", "criticality", "category")
    list_select_related = ("site",)
    search_fields = ("tag", "name", "category", "serial_number", "manufacturer", "model")
    autocomplete_fields = ("site", "parent")
    readonly_fields = ("last_maintenance_at", "next_due_at", "risk")
    fieldsets = (
        (None, {"fields": ("tag", "name", "category", "site", "parent", "status", "criticality")}),
        (
            "Machine",
            {"fields": ("manufacturer", "model", "serial_number", "installed_at", "attributes")},
        ),
        ("Kept current", {"fields": ("risk", "last_maintenance_at", "next_due_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(sensors_counted=Count("sensors"))
        return counted

    @admin.display(description="Risk", ordering="current_risk")
    def risk(self, asset: Asset) -> str | None:
        return None if asset.current_risk is None else f"{asset.current_risk:.0f}"

    @admin.display(description="Sensors", ordering="sensors_counted")
    def sensor_count(self, asset: Asset) -> str:
        url = reverse("admin:assets_sensor_changelist")
        count: int = asset.sensors_counted  # type: ignore[attr-defined]
        return format_html('<a href="{}?asset__id__exact={}">{}</a>', url, asset.pk, count)


@admin.register(Sensor)
class SensorAdmin(KeptAdmin):
    organization_from = "asset"
    create_only = ("asset",)
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
    list_filter = ("kind", "is_active", "quantity", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("key", "quantity", "asset__tag", "asset__name")
    autocomplete_fields = ("asset",)
    readonly_fields = ("last_time", "last_value", "latest_readings")
    actions_detail = ("delete_readings",)
    fieldsets = (
        (None, {"fields": ("asset", "key", "quantity", "unit", "kind", "is_active")}),
        ("Limits", {"fields": (("low_limit", "high_limit"), "expected_interval")}),
        ("What it can read", {"fields": (("physical_low", "physical_high"), "rolls_over_at")}),
        ("Readings", {"fields": ("latest_readings",)}),
    )

    def has_delete_readings_permission(self, request: HttpRequest, pk: Any = None) -> bool:
        return self.has_add_permission(request)

    @action(  # type: ignore[untyped-decorator]
        description="Delete readings", permissions=["delete_readings"], icon="delete"
    )
    def delete_readings(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask from when to when, and delete the sensor's readings of that time."""
        sensor = self.get_object(request, object_id)
        if sensor is None:
            raise Http404
        if not self.has_change_permission(request, sensor):
            raise PermissionDenied
        back = reverse("admin:assets_sensor_change", args=[sensor.pk])
        form = DeleteReadingsForm(request.POST or None)
        if form.is_valid():
            try:
                count = corrections.delete(sensor=sensor, **form.cleaned_data)
            except corrections.TooManyReadings:
                most = f"{corrections.MOST_AT_ONCE:,}"
                form.add_error("end", f"There are more than {most} readings. Shorten the time.")
            else:
                self.message_user(request, f"Readings deleted: {count:,}.", messages.SUCCESS)
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": "Delete readings",
            "opts": self.model._meta,
            "form": form,
            "sensor": sensor,
            "zone": timezone.get_current_timezone_name(),
            "back": back,
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        template = "admin/assets/sensor/delete_readings.html"
        return TemplateResponse(request, template, context, status=status)

    @admin.display(description="Latest readings")
    def latest_readings(self, sensor: Sensor) -> str:
        """Newest first, in the organization's time; composite keys cannot have admin pages."""
        rows = sensor.readings.order_by("-time").values_list("time", "value")[:LATEST_READINGS]
        lines = format_html_join(
            "",
            '<tr><td class="pr-6">{}</td><td class="text-right">{} {}</td></tr>',
            (
                (date_format(timezone.localtime(time), "Y-m-d H:i:s"), f"{value:.6g}", sensor.unit)
                for time, value in rows
            ),
        )
        return format_html("<table>{}</table>", lines) if lines else "None yet."


@admin.register(UptimeEvent)
class UptimeEventAdmin(AssetTenantAdmin):
    organization_from = "asset"
    create_only = ("asset",)
    list_display = ("asset", "state", "cause", "started_at", "ended_at", "reason")
    list_filter = ("state", "cause", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name", "reason")
    autocomplete_fields = ("asset",)
    date_hierarchy = "started_at"


@admin.register(ProductionRun)
class ProductionRunAdmin(AssetTenantAdmin):
    organization_from = "asset"
    create_only = ("asset",)
    list_display = ("asset", "started_at", "ended_at", "planned_minutes", "produced", "good")
    list_filter = (BY_SITE,)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")
    autocomplete_fields = ("asset",)
    date_hierarchy = "started_at"


@admin.register(AssetRelationship)
class AssetRelationshipAdmin(AssetTenantAdmin):
    organization_from = "source"
    list_display = ("source", "kind", "target")
    list_filter = ("kind",)
    list_select_related = ("source", "target")
    search_fields = ("source__tag", "source__name", "target__tag", "target__name")
    autocomplete_fields = ("source", "target")


class MemberForm(TenantForm):
    organization_from = "asset"


class AssetGroupMemberInline(TabularInline):  # type: ignore[misc]
    """Members are added and removed; a row itself has nothing to change."""

    model = AssetGroupMember
    form = MemberForm
    verbose_name_plural = "members"
    fields = ("asset",)
    autocomplete_fields = ("asset",)
    extra = 1
    per_page = 50
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AssetGroupMember]":
        rows: QuerySet[AssetGroupMember] = super().get_queryset(request)
        return rows.select_related("asset", "group").order_by("asset__tag")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        scope_choices(db_field, request, Permission.ASSET_EDIT, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    # The page around it has asked for the group already.
    has_add_permission = has_delete_permission = has_view_permission


@admin.register(AssetGroup)
class AssetGroupAdmin(AssetTenantAdmin):
    ordering = ("name", "pk")
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
    list_filter = ("kpi", "period", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")
