"""The inbox of work requests, and the form of those who are signed in."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assets.models import Asset
from maintenance.forms.requests import AcceptRequestForm, DeclineForm, MergeForm, NewRequestForm
from maintenance.models import Attachment, WorkOrder, WorkRequest
from maintenance.services import requests as services
from maintenance.views.answers import day_of, go, require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of
from opssight.core.uploads import takes_files

PLAN = Permission.WORK_ORDER_PLAN
REQUEST = "maintenance/request.html"
TOO_LATE = "Somebody decided on this request before you. See its state."
STATUSES = {"new": "To be decided", "accepted": "Accepted", "declined": "Declined", "all": "All"}


def requests_of(request: UserRequest) -> QuerySet[WorkRequest]:
    """Those of the plant that the user sees, and their own."""
    user = request.user
    own = WorkRequest.objects.for_user(user, Permission.REQUEST_MAKE).filter(reported_by=user)
    seen = WorkRequest.objects.for_user(user)
    return WorkRequest.objects.filter(
        Q(pk__in=own.values("pk")) | Q(pk__in=seen.values("pk"))
    ).select_related("asset", "work_order", "decided_by", "reported_by")


@require_safe
@login_required
def requests(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    status = status if status in STATUSES else "new"
    rows = requests_of(request)
    if status != "all":
        rows = rows.filter(status=status)
    if site := number_of(request, "site"):
        rows = rows.filter(asset__site=site)
    if query := search_of(request):
        rows = rows.filter(
            Q(title__icontains=query)
            | Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"reported": "reported_at", "asset": "asset__tag", "title": "title"},
        default="reported" if status == "new" else "-reported",
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "status": status,
        "statuses": STATUSES.items(),
        "query": query,
        "may_ask": request.user.can_somewhere(Permission.REQUEST_MAKE),
        "may_decide": request.user.can_somewhere(PLAN),
    }
    return render_fragment(request, "maintenance/requests.html", context, fragment="request_list")


@require_safe
@login_required
def request_page(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, get_object_or_404(requests_of(request), pk=pk))


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_request(request: UserRequest) -> HttpResponse:
    if not request.user.can_somewhere(Permission.REQUEST_MAKE):
        raise PermissionDenied
    assets = Asset.objects.for_user(request.user, Permission.REQUEST_MAKE)
    form = NewRequestForm(
        request.POST or None,
        request.FILES or None,
        assets=assets.exclude(status=Asset.Status.RETIRED),
        initial={"asset": request.GET.get("asset", "")[:50]},
    )
    if request.method == "POST" and form.is_valid():
        try:
            row, _ = services.submit(
                asset=form.cleaned_data["asset"],
                report=form.report,
                by=request.user,
                at=timezone.now(),
                photos=form.cleaned_data["photos"],
            )
        except ValidationError as error:
            form.add_error("photos", error)
        else:
            return go(request, row, "Reported. You see here what becomes of it.")
    return render_fragment(
        request,
        "maintenance/new_request.html",
        {"form": form},
        fragment="new_request",
        status=422 if form.errors else 200,
    )


@require_POST
@login_required
def accept(request: UserRequest, pk: int) -> HttpResponse:
    row = _to_decide(request, pk)
    form = AcceptRequestForm(request.POST, organization_id=row.organization_id)
    if not form.is_valid():
        return _show(request, row, accept_form=form, status=422)
    try:
        order = services.accept(
            request=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RequestDecided:
        return _too_late(request, row)
    return go(request, order, f"{order.number} was created. It is due {day_of(order.due_at)}.")


@require_POST
@login_required
def merge(request: UserRequest, pk: int) -> HttpResponse:
    row = _to_decide(request, pk)
    form = MergeForm(request.POST, orders=_open_orders(request, row))
    if not form.is_valid():
        return _show(request, row, error="Choose an open order of this asset.", status=422)
    order = form.cleaned_data["order"]
    try:
        services.merge(request=row, order=order, by=request.user, at=timezone.now())
    except services.RequestDecided:
        return _too_late(request, row)
    except services.OrderNotOpen:
        return _show(request, row, error=f"{order.number} is not open any more.", status=409)
    return go(request, order, f"{order.number} serves the request too.")


@require_POST
@login_required
def decline(request: UserRequest, pk: int) -> HttpResponse:
    row = _to_decide(request, pk)
    form = DeclineForm(request.POST)
    if not form.is_valid():
        return _show(request, row, decline_form=form, status=422)
    try:
        services.decline(request=row, by=request.user, at=timezone.now(), **form.cleaned_data)
    except services.RequestDecided:
        return _too_late(request, row)
    row = requests_of(request).get(pk=row.pk)
    return stay(request, row, lambda: _show(request, row), "Declined. The reason is kept.")


def _to_decide(request: UserRequest, pk: int) -> WorkRequest:
    row = get_object_or_404(requests_of(request), pk=pk)
    require(request, PLAN, row.organization_id)
    return row


def _too_late(request: UserRequest, row: WorkRequest) -> HttpResponse:
    return _show(request, requests_of(request).get(pk=row.pk), error=TOO_LATE, status=409)


def _open_orders(request: UserRequest, row: WorkRequest) -> QuerySet[WorkOrder]:
    orders = WorkOrder.objects.for_user(request.user).open().filter(asset=row.asset_id)
    return orders.select_related("asset").order_by("due_at")


def _show(
    request: UserRequest,
    row: WorkRequest,
    *,
    accept_form: AcceptRequestForm | None = None,
    decline_form: DeclineForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    may_decide = row.status == WorkRequest.Status.NEW and request.user.can(
        PLAN, row.organization_id
    )
    others = requests_of(request).filter(asset=row.asset_id, status=WorkRequest.Status.NEW)
    context: dict[str, Any] = {
        "row": row,
        "photos": Attachment.objects.filter(request=row),
        "error": error,
        "sees_orders": request.user.can(Permission.VIEW, row.organization_id),
        "may_decide": may_decide,
        "others": others.exclude(pk=row.pk)[:10] if may_decide else [],
        "orders": _open_orders(request, row)[:20] if may_decide else [],
        "accept_form": accept_form or AcceptRequestForm(organization_id=row.organization_id),
        "decline_form": decline_form or DeclineForm(),
    }
    return render_fragment(request, REQUEST, context, fragment="request", status=status)
