"""What is done to many work orders at once: approved, given to somebody, moved in time."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from maintenance.models import Technician, WorkOrder
from maintenance.services import dispatch, transitions
from maintenance.services.course import TransitionRefused
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

TEMPLATE = "admin/maintenance/workorder/many.html"
MOST_TOLD = 10
Act = Callable[[list[WorkOrder], User, dict[str, Any]], Iterable[tuple[WorkOrder, str]]]


class AssignForm(forms.Form):
    technician = forms.ModelChoiceField(
        Technician.objects.none(),
        empty_label="Choose",
        help_text="To take an order from its technician, open it.",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, data: Any, *, organizations: set[int]) -> None:
        super().__init__(data)
        people = Technician.objects.filter(organization__in=organizations, is_active=True)
        self.fields["technician"].queryset = people.select_related("user")  # type: ignore[attr-defined]


class RescheduleForm(forms.Form):
    days = forms.IntegerField(
        min_value=-dispatch.MOST_DAYS,
        max_value=dispatch.MOST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Due dates and planned times move by so many days; below 0: to an earlier day.",
    )

    def __init__(self, data: Any, *, organizations: set[int]) -> None:
        super().__init__(data)

    def clean_days(self) -> int:
        days: int = self.cleaned_data["days"]
        if days == 0:
            raise forms.ValidationError("Give 1 day or more, or -1 or less.", code="zero")
        return days


class PlansManyOrders:
    """The actions of the list of work orders; each order is done or refused by itself."""

    actions = ("approve", "assign", "reschedule")

    @admin.action(description="Approve", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: "QuerySet[WorkOrder]") -> None:
        self._act(request, _planned_by(request, queryset), _approve, {})

    @admin.action(description="Assign", permissions=["change"])
    def assign(self, request: HttpRequest, queryset: "QuerySet[WorkOrder]") -> HttpResponse | None:
        return self._ask(request, queryset, "assign", AssignForm, _assign)

    @admin.action(description="Reschedule", permissions=["change"])
    def reschedule(
        self, request: HttpRequest, queryset: "QuerySet[WorkOrder]"
    ) -> HttpResponse | None:
        return self._ask(request, queryset, "reschedule", RescheduleForm, _reschedule)

    def _ask(
        self, request: HttpRequest, queryset: "QuerySet[WorkOrder]", name: str, kind: Any, act: Act
    ) -> HttpResponse | None:
        """The form of an action, or what it does once the form is sent."""
        orders = _planned_by(request, queryset)
        organizations = {row.organization_id for row in orders}
        form = kind(request.POST if "apply" in request.POST else None, organizations=organizations)
        if form.is_valid() or not orders:
            self._act(request, orders, act, form.cleaned_data if orders else {})
            return None
        site: Any = self.admin_site  # type: ignore[attr-defined]
        context = {
            **site.each_context(request),
            "title": f"{name.capitalize()} work orders",
            "opts": WorkOrder._meta,
            "form": form,
            "orders": orders,
            "name": name,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, TEMPLATE, context, status=422 if form.is_bound else 200)

    def _act(
        self, request: HttpRequest, orders: list[WorkOrder], act: Act, values: dict[str, Any]
    ) -> None:
        """Do it, and say of how many it was done, and why not of the others."""
        assert isinstance(request.user, User)  # noqa: S101 the admin asks for a sign-in
        refused = [(row, why) for row, why in act(orders, request.user, values) if why]
        tell: Any = self.message_user  # type: ignore[attr-defined]
        if done := len(orders) - len(refused):
            tell(request, f"Work orders changed: {done}.", messages.SUCCESS)
        for row, why in refused[:MOST_TOLD]:
            tell(request, f"{row.number}: {why}", messages.WARNING)
        if (more := len(refused) - MOST_TOLD) > 0:
            tell(request, f"{more} more were not changed either.", messages.WARNING)
        if not orders:
            tell(request, "None of these work orders is yours to plan.", messages.WARNING)


def _planned_by(request: HttpRequest, queryset: "QuerySet[WorkOrder]") -> list[WorkOrder]:
    """The chosen orders that the person may plan, as many as one request may change."""
    rows: Any = queryset.order_by("pk")
    return list(rows.for_user(request.user, Permission.WORK_ORDER_PLAN)[: dispatch.MOST])


def _approve(
    orders: list[WorkOrder], by: User, values: dict[str, Any]
) -> Iterable[tuple[WorkOrder, str]]:
    for row in orders:
        try:
            with transaction.atomic():
                transitions.move(
                    work_order=row, to=WorkOrder.Status.APPROVED, by=by, at=timezone.now()
                )
        except TransitionRefused as refusal:
            yield row, refusal.message
        else:
            yield row, ""


def _assign(
    orders: list[WorkOrder], by: User, values: dict[str, Any]
) -> Iterable[tuple[WorkOrder, str]]:
    if not orders:
        return []
    outcomes = dispatch.assign(
        orders=orders, technician=values["technician"], by=by, at=timezone.now()
    )
    return [(one.order, "" if one.done else one.reason) for one in outcomes]


def _reschedule(
    orders: list[WorkOrder], by: User, values: dict[str, Any]
) -> Iterable[tuple[WorkOrder, str]]:
    if not orders:
        return []
    outcomes = dispatch.reschedule(
        orders=orders, by=by, at=timezone.now(), shift_days=values["days"]
    )
    return [(one.order, "" if one.done else one.reason) for one in outcomes]
