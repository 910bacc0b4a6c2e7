"""What people do to an order: move it, sign it, complete it, and go on with another."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from assets.models import Asset
from maintenance import services
from maintenance.forms.work import CompleteForm, ReasonForm, SignForm
from maintenance.models import WorkOrder
from maintenance.services import completion, links, transitions
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import day_of, go, require, stay
from maintenance.views.order_page import again, refused, show, work_orders_of
from maintenance.workflow import BY_NAME
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import LARGEST_ID

SAID = {
    "approve": "{} is approved.",
    "schedule": "{} is scheduled.",
    "unschedule": "{} is out of the plan.",
    "start": "Work on {} was started.",
    "wait": "{} waits.",
    "resume": "Work on {} goes on.",
    "close": "{} is closed.",
    "cancel": "{} was cancelled.",
}


@require_POST
@login_required
def move(request: UserRequest, pk: int, name: str) -> HttpResponse:
    """Make the move of this name; `note` says why, where the move needs it."""
    row = get_object_or_404(work_orders_of(request), pk=pk)
    step = BY_NAME[name]
    require(request, Permission(step.permission), row.organization_id)
    note = ""
    if "reason" in step.needs:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return show(request, row, reason_form=form, status=422)
        note = form.cleaned_data["note"]
    try:
        transitions.move(work_order=row, to=step.to, by=request.user, at=timezone.now(), note=note)
    except TransitionRefused as refusal:
        return refused(request, row, refusal)
    row = again(request, row)
    return stay(request, row, lambda: show(request, row), SAID[name].format(row.number))


@require_POST
@login_required
def complete(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(work_orders_of(request), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    form = CompleteForm(request.POST, work_order=row)
    if not form.is_valid():
        if not row.is_open:
            gone = TransitionRefused("not_open", _already(row))
            return refused(request, row, gone)
        return show(request, row, form=form, status=422)
    try:
        services.complete(work_order=row, by=request.user, at=timezone.now(), outcome=form.outcome)
    except TransitionRefused as refusal:
        return refused(request, row, refusal, form=form)
    row = again(request, row)
    return stay(request, row, lambda: show(request, row), f"{row.number} is completed.")


@require_POST
@login_required
def sign(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(work_orders_of(request), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    form = SignForm(request.POST)
    if not form.is_valid():
        text = "Nothing was changed: type the name of whoever accepts the work."
        return show(request, row, error=text, status=422)
    try:
        completion.sign(work_order=row, name=form.cleaned_data["name"], at=timezone.now())
    except TransitionRefused as refusal:
        return refused(request, row, refusal)
    row = again(request, row)
    return stay(request, row, lambda: show(request, row), f"Signed by {row.signed_by}.")


@require_POST
@login_required
def follow_up(request: UserRequest, pk: int) -> HttpResponse:
    """A new order that goes on with this one, or repairs the defect of its asset `asset`."""
    row = get_object_or_404(work_orders_of(request), pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    asset, text = None, request.POST.get("asset", "")
    if text:
        known = text if text.isdecimal() and int(text) <= LARGEST_ID else "0"
        asset = get_object_or_404(Asset.objects.for_user(request.user), pk=known)
    at = timezone.now()
    try:
        order = links.follow_up(
            work_order=row,
            by=request.user,
            at=at,
            title=f"Repair the defect found by {row.number}" if asset else "",
            asset=asset,
        )
    except TransitionRefused as refusal:
        return refused(request, row, refusal)
    return go(request, order, f"{order.number} was created. It is due {day_of(order.due_at)}.")


def _already(row: WorkOrder) -> str:
    status = row.get_status_display().lower()
    return f"Nothing was changed: the work order is already {status}."
