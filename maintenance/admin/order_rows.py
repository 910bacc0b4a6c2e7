"""What belongs to a work order, shown on its page of the admin: its services write it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from maintenance.models import (
    LaborEntry,
    OtherCost,
    StockMovement,
    WorkOrderAsset,
    WorkOrderTask,
    WorkOrderTransition,
)
from maintenance.services import labor
from opssight.core.admin import ShownInline


class LineInline(ShownInline):
    model = WorkOrderAsset
    verbose_name_plural = "assets"
    fields = ("asset", "result", "notes")
    related = ("asset",)


class TaskInline(ShownInline):
    model = WorkOrderTask
    fk_name = "work_order"
    verbose_name_plural = "checklist"
    fields = ("text", "kind", "is_required", "outcome", "number", "answer", "answered_by")
    related = ("answered_by",)


class CourseInline(ShownInline):
    model = WorkOrderTransition
    verbose_name_plural = "course"
    fields = ("at", "from_status", "to_status", "by", "note")
    related = ("by",)


class LaborInline(ShownInline):
    model = LaborEntry
    verbose_name_plural = "labor"
    fields = ("technician", "started_at", "minutes", "hourly_cost", "cost", "note")
    related = ("technician__user",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[LaborEntry]":
        rows: QuerySet[LaborEntry] = labor.with_cost(super().get_queryset(request))
        return rows

    @admin.display(description="Cost")
    def cost(self, entry: LaborEntry) -> str:
        found = getattr(entry, "cost", None)
        return "" if found is None else f"{found:,.2f}"


class PartInline(ShownInline):
    model = StockMovement
    verbose_name_plural = "parts used and returned"
    fields = ("at", "part", "kind", "quantity", "unit_cost", "by", "note")
    related = ("part", "by")


class CostInline(ShownInline):
    model = OtherCost
    verbose_name_plural = "other costs"
    fields = ("at", "what", "amount", "by")
    related = ("by",)


ROWS = (LineInline, TaskInline, CourseInline, LaborInline, PartInline, CostInline)
