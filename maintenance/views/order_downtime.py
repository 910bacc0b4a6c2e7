"""The downtime of an order on its page: chosen from the uptime ledger, or entered into it."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from assets.models import UptimeEvent
from maintenance.forms.work import DowntimeForm
from maintenance.models import Downtime, WorkOrder
from maintenance.services import downtimes
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import require
from maintenance.views.order_page import changed, fragment
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import LARGEST_ID

NAME = "downtime"


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
    return changed(request, row, NAME, "The downtime is linked.")


@require_POST
@login_required
def enter(request: UserRequest, pk: int) -> HttpResponse:
    """Write a downtime into the ledger and link it."""
    row, at = _order(request, pk), timezone.now()
    form = DowntimeForm(request.POST, work_order=row, at=at)
    if not form.is_valid():
        return fragment(request, row, NAME, status=422, downtime_form=form)
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
        return fragment(request, row, NAME, status=422, downtime_form=form)
    except TransitionRefused as error:
        return _refused(request, row, error)
    return changed(request, row, NAME, "The downtime is in the ledger.")


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
    return changed(request, row, NAME, "The order has this downtime no more.")


def _order(request: UserRequest, pk: int) -> WorkOrder:
    row = get_object_or_404(WorkOrder.objects.for_user(request.user), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    return row


def _refused(request: UserRequest, row: WorkOrder, error: Exception) -> HttpResponse:
    words = error.messages if isinstance(error, ValidationError) else [str(error)]
    return fragment(request, row, NAME, status=409, error=" ".join(words))
