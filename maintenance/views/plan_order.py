"""An order is planned: by a form of its own, in a dialog of the calendar, or by dropping it."""

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from maintenance.forms.planning import DayPlanForm
from maintenance.models import WorkOrder
from maintenance.services import planning
from maintenance.views import calendar
from maintenance.views.answers import require
from maintenance.views.planning import query_of
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan_order(request: UserRequest, pk: int) -> HttpResponse:
    """The form: a page, or for htmx the content of a dialog."""
    row = _order(request, pk)
    form = DayPlanForm(request.POST or None, work_order=row, initial=_initial(request, row))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        refusal = _plan(request, row, clock=data["start"], **_who_and_when(form))
        if refusal is None:
            return _done(request, row, _said(row))
        for field, text in refusal.items():
            form.add_error(field or None, text)
    template = "maintenance/calendar/plan.html" if request.htmx else "maintenance/plan_order.html"
    context = {"form": form, "order": row, "address": request.GET.urlencode()}
    return render(request, template, context, status=422 if form.errors else 200)


@require_POST
@login_required
def drop_order(request: UserRequest, pk: int) -> HttpResponse:
    """An order dropped on a day of a technician keeps its time of day, or gets the first free one.

    Dropped on the work that nobody has, it is taken from its technician.
    """
    row = _order(request, pk)
    if not request.POST.get("technician"):
        outcome = planning.take_away(work_order=row, by=request.user, at=timezone.now())
        text = f"{row.number} is nobody's now." if outcome.done else outcome.reason
        return _done(request, row, text) if outcome.done else _refused(request, text)
    form = DayPlanForm(request.POST, work_order=row)
    if not form.is_valid():
        text = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return _refused(request, f"{row.number} was not planned. {text}")
    refusal = _plan(request, row, clock=_clock(row), **_who_and_when(form))
    if refusal is not None:
        return _refused(request, f"{row.number} was not planned. {' '.join(refusal.values())}")
    return _done(request, row, _said(row))


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "technician__user")
    row = get_object_or_404(rows, pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    return row


def _initial(request: UserRequest, row: WorkOrder) -> dict[str, Any]:
    begin = row.planned_start and timezone.localtime(row.planned_start)
    return {
        "technician": row.technician_id,
        "day": max(begin.date(), timezone.localdate()) if begin else timezone.localdate(),
        "start": begin.time() if begin else None,
    }


def _who_and_when(form: DayPlanForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("technician", "day")}


def _clock(row: WorkOrder) -> time | None:
    return timezone.localtime(row.planned_start).time() if row.planned_start else None


def _plan(request: UserRequest, row: WorkOrder, **wanted: Any) -> dict[str, str] | None:
    """None when it is planned; else why not, by field of the form (empty: none of them)."""
    try:
        outcome = planning.plan(
            work_order=row,
            zone=timezone.get_current_timezone(),
            by=request.user,
            at=timezone.now(),
            **wanted,
        )
    except ValidationError as refused:
        return {field: " ".join(texts) for field, texts in refused.message_dict.items()}
    row.planned_start = outcome.order.planned_start
    row.technician = outcome.order.technician
    return None if outcome.done else {"": outcome.reason}


def _said(row: WorkOrder) -> str:
    begin: datetime = timezone.localtime(row.planned_start)
    return f"{row.number} is planned for {row.technician}, {begin:%A, %B %-d, at %H:%M}."


def _done(request: UserRequest, row: WorkOrder, text: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, text)
        begin = row.planned_start and timezone.localtime(row.planned_start)
        query = query_of(request, **({"day": begin.date().isoformat()} if begin else {}))
        return redirect(f"{reverse('maintenance:calendar')}?{query}")
    response = retarget(calendar.show(request, is_fragment=True), "#calendar")
    response = reswap(response, "outerHTML")
    return trigger_client_event(response, "toast", {"text": text, "tone": "success"})


def _refused(request: UserRequest, text: str) -> HttpResponse:
    return calendar.show(request, refused=text, status=409)
