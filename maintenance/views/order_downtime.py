"""The downtime of an order on its page: chosen from the uptime ledger, or entered into it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from assets.models import UptimeEvent
from maintenance.forms.work import DowntimeForm
from maintenance.models import Downtime, WorkOrder
from maintenance.services import downtimes
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import require, stay
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import LARGEST_ID

TEMPLATE = "maintenance/order/downtime.html"


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    at = timezone.now()
    may = request.user.can(Permission.WORK_ORDER_EXECUTE, work_order.organization_id)
    changes = may and work_order.is_open and work_order.status != WorkOrder.Status.DRAFT
    return {
        "downtimes": work_order.downtimes.select_related("event", "asset").order_by(
            "event__started_at"
        ),
        "offered": downtimes.offered(work_order=work_order, at=at) if changes else [],
        "downtime_form": DowntimeForm(work_order=work_order, at=at) if changes else None,
        "may_change": changes,
    }


@require_POST
@login_required
def link(request: UserRequest, pk: int) -> HttpResponse:
    """Say that a downtime of the ledger, `event`, belongs to the order."""
    row = _order(request, pk)
    text = request.POST.get("event", "")
    known = text if text.isdecimal() and int(text) <= LARGEST_ID else "0"
    event = get_object_or_404(UptimeEvent.objects.for_user(request.user), pk=known)
    try:
        downtimes.link(work_order=row, event=event)
    except (TransitionRefused, ValidationError) as error:
        return _refused(request, row, error)
    return stay(request, row, _answer(request, row), "The downtime is linked.")


@require_POST
@login_required
def enter(request: UserRequest, pk: int) -> HttpResponse:
    """Write a downtime into the ledger and link it."""
    row, at = _order(request, pk), timezone.now()
    form = DowntimeForm(request.POST, work_order=row, at=at)
    if not form.is_valid():
        return _answer(request, row, form=form, status=422)
    data = form.cleaned_data
    try:
        downtimes.enter(
            work_order=row,
            at=at,
            asset=data["asset"],
            started_at=data["started_at"],
            ended_at=data["ended_at"],
            cause=UptimeEvent.Cause(data["cause"]),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _answer(request, row, form=form, status=422)
    except TransitionRefused as error:
        return _refused(request, row, error)
    return stay(request, row, _answer(request, row), "The downtime is in the ledger.")


@require_POST
@login_required
def unlink(request: UserRequest, pk: int) -> HttpResponse:
    rows = Downtime.objects.for_user(request.user).select_related("work_order")
    downtime = get_object_or_404(rows, pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, downtime.organization_id)
    row = downtime.work_order
    try:
        downtimes.unlink(downtime=downtime)
    except TransitionRefused as error:
        return _refused(request, row, error)
    return stay(request, row, _answer(request, row), "The order has this downtime no more.")


def _order(request: UserRequest, pk: int) -> WorkOrder:
    row = get_object_or_404(WorkOrder.objects.for_user(request.user), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    return row


def _refused(request: UserRequest, row: WorkOrder, error: Exception) -> HttpResponse:
    words = error.messages if isinstance(error, ValidationError) else [str(error)]
    return _answer(request, row, error=" ".join(words), status=409)


def _answer(
    request: UserRequest,
    row: WorkOrder,
    *,
    form: DowntimeForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    row = WorkOrder.objects.select_related("asset").get(pk=row.pk)
    parts = {"work_order": row, "error": error, **context(request, row)}
    if form is not None:
        parts["downtime_form"] = form
    return render(request, TEMPLATE, parts, status=status)
