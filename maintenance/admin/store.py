"""The store in the admin, and what was booked: to read, as a booking is more than its row."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from maintenance.admin.plan import BY_SITE, BY_TECHNICIAN
from maintenance.models import LaborEntry, OtherCost, Part, PartReservation, StockMovement
from opssight.accounts.permissions import Permission
from opssight.core.admin import ReadOnlyTenantAdmin, TenantAdmin


@admin.register(Part)
class PartAdmin(TenantAdmin):
    edit_permission = Permission.STORE_EDIT
    list_display = ("number", "name", "bin", "on_hand", "free", "min_level", "unit_cost")
    list_filter = ("is_active",)
    search_fields = ("number", "name", "bin")
    readonly_fields = ("on_hand",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return rows.with_free()  # type: ignore[no-any-return]

    @admin.display(description="Free", ordering="free")
    def free(self, part: Part) -> str:
        return f"{part.free.normalize():f} {part.unit}"


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyTenantAdmin):
    list_display = ("at", "part", "kind", "quantity", "unit_cost", "work_order", "by")
    list_filter = ("kind",)
    list_select_related = ("part", "work_order", "by")
    search_fields = ("part__number", "part__name", "work_order__number", "note")


@admin.register(PartReservation)
class PartReservationAdmin(ReadOnlyTenantAdmin):
    list_display = ("part", "quantity", "work_order", "asset")
    list_filter = (BY_SITE,)
    list_select_related = ("part", "work_order", "asset")
    search_fields = ("part__number", "part__name", "work_order__number")


@admin.register(LaborEntry)
class LaborEntryAdmin(ReadOnlyTenantAdmin):
    list_display = ("started_at", "technician", "minutes", "hourly_cost", "work_order", "note")
    list_filter = (BY_TECHNICIAN, BY_SITE)
    list_select_related = ("technician__user", "work_order")
    search_fields = ("work_order__number", "note")


@admin.register(OtherCost)
class OtherCostAdmin(ReadOnlyTenantAdmin):
    list_display = ("at", "what", "amount", "work_order", "by")
    list_filter = (BY_SITE,)
    list_select_related = ("work_order", "by")
    search_fields = ("what", "work_order__number")
