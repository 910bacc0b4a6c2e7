"""Orders chosen in the list: given to somebody, proposed for, or moved in time, all at once."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from maintenance.forms.dispatch import (
    AssignForm,
    ChosenLine,
    LineForm,
    RescheduleForm,
    overlapping,
)
from maintenance.forms.orders import technicians_of
from maintenance.models import WorkOrder
from maintenance.queries.suggestions import proposals, why_not
from maintenance.services import dispatch
from maintenance.services.dispatch import MOST, Outcome
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import LARGEST_ID

NONE_CHOSEN = "Choose the work orders in the list first."
UNREADABLE = "{} has a choice that this page did not offer. Load the page again, and choose anew."


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def assign_orders(request: UserRequest) -> HttpResponse:
    """Give the orders `order` (repeated) to one technician, or to nobody."""
    orders = _chosen(request)
    if not orders:
        return _back(request)
    to_nobody = "nobody" in request.POST
    sent = request.POST if request.method == "POST" and not to_nobody else None
    form = AssignForm(sent, organization_id=orders[0].organization_id)
    if to_nobody or form.is_valid():
        outcomes = dispatch.assign(
            orders=orders,
            technician=None if to_nobody else form.cleaned_data["technician"],
            by=request.user,
            at=timezone.now(),
        )
        return _result(request, outcomes, "given to nobody" if to_nobody else "assigned")
    return _show(request, "assign", orders, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reschedule_orders(request: UserRequest) -> HttpResponse:
    """Give the orders `order` (repeated) a due date, or move each by days."""
    orders = _chosen(request)
    if not orders:
        return _back(request)
    form = RescheduleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcomes = dispatch.reschedule(
            orders=orders,
            by=request.user,
            at=timezone.now(),
            due_at=form.cleaned_data["due_at"],
            shift_days=form.cleaned_data["days"],
        )
        return _result(request, outcomes, "moved")
    return _show(request, "reschedule", orders, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def suggest_orders(request: UserRequest) -> HttpResponse:
    """Propose a technician and a time for each order; a POST applies what was chosen."""
    orders = _chosen(request)
    if not orders:
        return _back(request)
    if request.method != "POST":
        return _proposal(request, orders)
    lines, errors = _lines(request, orders)
    errors += overlapping(lines)
    if not errors and not lines:
        errors = ["Nothing was chosen: every line says to leave the order as it is."]
    if errors:
        return _proposal(request, orders, errors)
    people = {
        one.pk: one
        for one in technicians_of(orders[0].organization_id).filter(
            pk__in={line.technician for line in lines}
        )
    }
    known = [line for line in lines if line.technician in people]
    if len(known) < len(lines):
        gone = next(line for line in lines if line.technician not in people)
        return _proposal(request, orders, [UNREADABLE.format(gone.order.number)])
    outcomes = dispatch.assign_each(
        assignments=[line.assignment(people[line.technician]) for line in known],
        by=request.user,
        at=timezone.now(),
    )
    return _result(request, outcomes, "assigned")


def _chosen(request: UserRequest) -> list[WorkOrder]:
    """The orders that are named and that the user may plan, in the order of the list."""
    if not request.user.can_somewhere(Permission.WORK_ORDER_PLAN):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else request.GET
    named = [text for text in sent.getlist("order") if text.isdecimal()][:MOST]
    ids = dict.fromkeys(int(text) for text in named if len(text) <= len(str(LARGEST_ID)))
    rows = (
        WorkOrder.objects.for_user(request.user, Permission.WORK_ORDER_PLAN)
        .filter(pk__in=[pk for pk in ids if pk <= LARGEST_ID])
        .select_related("asset", "organization", "technician__user")
    )
    by_pk = {row.pk: row for row in rows.order_by("pk")}
    found = [by_pk[pk] for pk in ids if pk in by_pk]
    # Technicians are those of one organization.
    return [row for row in found if row.organization_id == found[0].organization_id]


def _lines(request: UserRequest, orders: Sequence[WorkOrder]) -> tuple[list[ChosenLine], list[str]]:
    lines, errors = [], []
    for order in orders:
        choice = request.POST.get(f"{order.pk}-choice", "")
        if not choice:
            continue
        try:
            state = request.POST.get(f"{order.pk}-state", "")
            lines.append(ChosenLine(order, choice, state))
        except ValueError:
            errors.append(UNREADABLE.format(order.number))
    return lines, errors


def _proposal(
    request: UserRequest, orders: Sequence[WorkOrder], errors: Sequence[str] = ()
) -> HttpResponse:
    open_ones = [order for order in orders if not why_not(order)]
    found = proposals(orders=open_ones, at=timezone.now())
    sent = request.POST if errors else None
    lines = [LineForm(sent, order=one.order, proposal=one) for one in found]
    context = {
        "orders": orders,
        "lines": lines,
        "left": [(order, why_not(order)) for order in orders if why_not(order)],
        "errors": errors,
        "now": timezone.now(),
    }
    status = 422 if errors else 200
    return render(request, "maintenance/dispatch/suggest.html", context, status=status)


def _show(request: UserRequest, name: str, orders: Sequence[WorkOrder], form: Any) -> HttpResponse:
    context = {"orders": orders, "form": form, "now": timezone.now()}
    status = 422 if form.errors else 200
    return render(request, f"maintenance/dispatch/{name}.html", context, status=status)


def _result(request: UserRequest, outcomes: Sequence[Outcome], done: str) -> HttpResponse:
    """What came of each order; 409 when nothing was changed at all."""
    context = {
        "outcomes": sorted(outcomes, key=lambda one: one.done),
        "count": sum(one.done for one in outcomes),
        "done": done,
        "now": timezone.now(),
    }
    status = 200 if context["count"] else 409
    return render(request, "maintenance/dispatch/result.html", context, status=status)


def _back(request: UserRequest) -> HttpResponse:
    messages.info(request, NONE_CHOSEN)
    return redirect("maintenance:work_orders")
