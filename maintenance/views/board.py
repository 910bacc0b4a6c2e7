"""The board: open work as cards in a column for each status, and the moves between them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from maintenance.forms.work import ReasonForm
from maintenance.models import WorkOrder
from maintenance.queries import board as query
from maintenance.queries.wanted import orders_wanted
from maintenance.services import course, transitions
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import require
from maintenance.views.planning import filters_of, query_of
from maintenance.views.work import SAID
from maintenance.workflow import STATUSES, moves_from
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

REPORT_FIRST = "Work is completed with a report of what was done. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Card:
    """An order, the statuses that this person may bring it to, and how its response stands."""

    order: WorkOrder
    targets: str
    response_missed: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A column, its cards, and the query string that shows more of them."""

    column: query.Column
    cards: list[Card]
    more: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a card stays where it was; `form` asks for what is missing."""

    order: WorkOrder
    message: str
    to: str
    form: ReasonForm | None = None


@require_safe
@login_required
def board(request: UserRequest) -> HttpResponse:
    return _show(request)


@require_safe
@login_required
def moves(request: UserRequest, pk: int) -> HttpResponse:
    """What can become of one order: the menu of its card."""
    row = get_object_or_404(_orders(request), pk=pk)
    context = {
        "order": row,
        "moves": transitions.possible(work_order=row, user=request.user, at=timezone.now()),
        "form": ReasonForm(auto_id=f"reason-{row.pk}-%s"),
        "may_plan": request.user.can(Permission.WORK_ORDER_PLAN, row.organization_id),
        "address": request.GET.urlencode(),
    }
    return render(request, "maintenance/board/moves.html", context)


@require_POST
@login_required
def move(request: UserRequest, pk: int) -> HttpResponse:
    """Bring the order to the status `to`; `note` says what it waits for."""
    row = get_object_or_404(_orders(request), pk=pk)
    to = request.POST.get("to", "")
    if to not in STATUSES:
        raise Http404
    try:
        step = course.move_of(row, to)
        require(request, Permission(step.permission), row.organization_id)
        if to == WorkOrder.Status.COMPLETED:
            return _show(request, refused=Refused(row, REPORT_FIRST, to))
        form = ReasonForm(request.POST, auto_id=f"reason-{row.pk}-%s")
        if "reason" in step.needs and not form.is_valid():
            asked = form if "note" in request.POST else ReasonForm(auto_id=form.auto_id)
            return _show(request, refused=Refused(row, "What does it wait for?", to, asked))
        note = form.cleaned_data["note"] if "reason" in step.needs else ""
        transitions.move(work_order=row, to=to, by=request.user, at=timezone.now(), note=note)
    except TransitionRefused as refusal:
        return _show(request, refused=Refused(row, refusal.message, to))
    return _moved(request, SAID[step.name].format(row.number))


def _moved(request: UserRequest, text: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, text)
        return redirect(f"{reverse('maintenance:board')}?{request.GET.urlencode()}")
    return trigger_client_event(_show(request), "toast", {"text": text, "tone": "success"})


def _orders(request: UserRequest) -> Any:
    return WorkOrder.objects.for_user(request.user).select_related("asset", "organization")


def _show(request: UserRequest, *, refused: Refused | None = None) -> HttpResponse:
    """The page, or its fragment for htmx: the whole board, or one column that grew."""
    at = timezone.now()
    filters = filters_of(request)
    rows = orders_wanted(WorkOrder.objects.for_user(request.user), filters.wanted)
    grown = [name for name in query.STATUSES if request.htmx.target == f"column-{name}"]
    found = query.columns(
        rows, limits=_limits(request), at=at, statuses=grown or list(query.STATUSES)
    )
    columns = [_shown(column, request, at) for column in found]
    context: dict[str, Any] = {"now": at, "address": request.GET.urlencode()}
    if grown:
        context["shown"] = columns[0]
        response = render(request, "maintenance/board/column.html", context)
        patch_vary_headers(response, ["HX-Request", "HX-Target"])
        return response
    context |= {
        "columns": columns,
        "total": sum(column.count for column in found),
        "filters": filters,
        "refused": refused,
        "may_plan": request.user.can_somewhere(Permission.WORK_ORDER_PLAN),
    }
    status = 200 if refused is None else 422 if refused.form else 409
    return render_fragment(
        request, "maintenance/board.html", context, fragment="board", status=status
    )


def _shown(column: query.Column, request: UserRequest, at: datetime) -> Shown:
    cards = [_card(order, request.user, at) for order in column.cards]
    limit = column.next_limit
    return Shown(column, cards, query_of(request, **{column.status: limit}) if limit else "")


def _card(order: WorkOrder, user: User, at: datetime) -> Card:
    targets = [
        step.to
        for step in moves_from(order.status)
        if user.can(Permission(step.permission), order.organization_id)
    ]
    missed = order.response(at) == "missed"
    return Card(order, " ".join(targets), missed)


def _limits(request: UserRequest) -> dict[str, int]:
    """How many cards of each column: `?approved=50`."""
    asked = {name: number_of(request, name, at_most=query.MOST) for name in query.STATUSES}
    return {name: number for name, number in asked.items() if number}
