"""The store: its parts with what is low first, and each part with its movements."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from maintenance.forms.store import BookingForm, CountForm, PartForm, ReceiveForm
from maintenance.models import Part, StockMovement
from maintenance.services import store as services
from maintenance.services.stock import amount, kept_for
from maintenance.views.answers import go, require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of

SHOWN = {"": "In use", "low": "Low", "unused": "Not in use"}
MOST_USES = 20


@require_safe
@login_required
def store(request: UserRequest) -> HttpResponse:
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else ""
    rows: Any = Part.objects.for_user(request.user).with_free()
    rows = rows.filter(is_active=shown != "unused")
    if shown == "low":
        rows = rows.filter(free__lt=F("min_level"))
    if query := search_of(request):
        found = Q(number__icontains=query) | Q(name__icontains=query) | Q(bin__icontains=query)
        rows = rows.filter(found)
    is_low = When(free__lt=F("min_level"), then=Value(0))
    rows = rows.annotate(rank=Case(is_low, default=Value(1), output_field=IntegerField()))
    rows, order = ordered(
        rows,
        request,
        fields={"state": "rank", "number": "number", "bin": "bin", "free": "free"},
        default="state",
        then=("number",),
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "shown": shown,
        "choices": SHOWN,
        "may_edit": request.user.can_somewhere(Permission.STORE_EDIT),
    }
    return render_fragment(request, "maintenance/store.html", context, fragment="part_list")


@require_safe
@login_required
def part(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, _part(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_part(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(Permission.STORE_EDIT)
    if organization is None:
        raise PermissionDenied
    return _edit(request, Part(organization=organization), "was added. Book in what is there.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_part(request: UserRequest, pk: int) -> HttpResponse:
    row = _part(request, pk)
    require(request, Permission.STORE_EDIT, row.organization_id)
    return _edit(request, row, "was changed.")


@require_POST
@login_required
def receive(request: UserRequest, pk: int) -> HttpResponse:
    return _book(request, pk, "receive_form", ReceiveForm(request.POST), services.receive)


@require_POST
@login_required
def count(request: UserRequest, pk: int) -> HttpResponse:
    return _book(request, pk, "count_form", CountForm(request.POST), services.count)


def _book(
    request: UserRequest, pk: int, name: str, form: BookingForm, service: Callable[..., Any]
) -> HttpResponse:
    row = _part(request, pk)
    require(request, Permission.STORE_EDIT, row.organization_id)
    if form.is_valid():
        try:
            with transaction.atomic():
                service(part=row, by=request.user, at=timezone.now(), **form.cleaned_data)
        except services.StoreRefused as error:
            form.refuse(error)
    if form.errors:
        return _show(request, row, status=422, **{name: form})
    row = _part(request, pk)
    return stay(
        request, row, lambda: _show(request, row), f"{amount(row.on_hand, row)} are in stock."
    )


def _edit(request: UserRequest, row: Part, done: str) -> HttpResponse:
    form = PartForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        saved: Part = form.save()
        return go(request, saved, f"{saved.number} {done}")
    context = {"form": form, "part": row if row.pk else None}
    status = 422 if form.errors else 200
    return render(request, "maintenance/store_edit.html", context, status=status)


def _part(request: UserRequest, pk: int) -> Part:
    rows = Part.objects.for_user(request.user).select_related("organization")
    return get_object_or_404(rows.with_free(), pk=pk)


def _show(request: UserRequest, row: Part, *, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "part": row,
        "kept": _kept(request, row),
        "page": page_of(request, _movements(request, row)),
        "plans": row.job_plans.select_related("job_plan")[:MOST_USES],
        "receive_form": ReceiveForm(),
        "count_form": CountForm(),
        "may_edit": request.user.can(Permission.STORE_EDIT, row.organization_id),
        **forms,
    }
    return render_fragment(
        request, "maintenance/store_part.html", context, fragment="part", status=status
    )


def _movements(request: UserRequest, row: Part) -> QuerySet[StockMovement]:
    own = StockMovement.objects.for_user(request.user).filter(part=row)
    return own.select_related("work_order__asset", "by")


def _kept(request: UserRequest, row: Part) -> list[Any]:
    """Reservations of orders that the person may see, in the order in which they are served."""
    own = set(row.reservations.for_user(request.user).values_list("pk", flat=True))
    return [item for item in kept_for([row])[row.pk] if item.pk in own]
