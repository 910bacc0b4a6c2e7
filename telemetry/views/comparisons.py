"""Pages of comparisons: one's own and what colleagues share."""

import re
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assets.models import Sensor
from opssight.access.views.common import explain
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import page_of, search_of
from telemetry.forms.comparisons import ComparisonForm, EventForm, LineForm
from telemetry.forms.sensor_input import SENSOR_LIST
from telemetry.models import Comparison, ComparisonLine
from telemetry.queries.comparisons import Overlay, events_of, lines_of, overlay
from telemetry.queries.signals import sensor_names
from telemetry.services.comparisons import MOST_LINES, Wanted, add_line

USUAL_LENGTH = timedelta(days=7)


@require_safe
@login_required
def comparison_list(request: UserRequest) -> HttpResponse:
    rows = _visible(request).select_related("created_by")
    query = search_of(request)
    seen = ComparisonLine.objects.for_user(request.user).values("pk")
    rows = rows.filter(name__icontains=query).annotate(
        line_count=Count("lines", filter=Q(lines__in=seen))
    )
    context = {
        "page": page_of(request, rows.order_by("name", "pk")),
        "query": query,
        "may_make": request.user.organization_with(Permission.VIEW) is not None,
    }
    return render_fragment(
        request, "telemetry/comparisons.html", context, fragment="comparison_list"
    )


@require_safe
@login_required
def comparison(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, get_object_or_404(_visible(request), pk=pk))


@require_safe
@login_required
def comparison_data(request: UserRequest, pk: int) -> JsonResponse:
    """See the head of static/js/charts.js for the format."""
    row = get_object_or_404(_visible(request), pk=pk)
    found = overlay(row, lines_of(row, request.user), _closer(request))
    lines = [
        {"label": line.label, "unit": found.unit or line.unit, "points": line.points}
        for line in found.lines
    ]
    start, end = found.window
    return JsonResponse(
        {
            "lines": lines,
            "around": found.around,
            "window": {"start": start, "end": end},
            "empty": "No readings in this time.",
        }
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_comparison(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(Permission.VIEW)
    if organization is None:
        raise PermissionDenied
    now = timezone.now().replace(second=0, microsecond=0)
    row = Comparison(
        organization=organization, created_by=request.user, start=now - USUAL_LENGTH, end=now
    )
    return _edit(request, row, "was made. Add its lines.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_comparison(request: UserRequest, pk: int) -> HttpResponse:
    return _edit(request, _own(request, pk), "was changed.")


@require_POST
@login_required
def delete_comparison(request: UserRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    row.delete()
    messages.success(request, f"{row.name} was deleted.")
    return redirect("telemetry:comparisons")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_line(request: UserRequest, pk: int) -> HttpResponse:
    """A sensor; where lines are aligned on events, then one of its asset's."""
    row = _own(request, pk)
    form = LineForm(
        request.POST or request.GET or None,
        sensors=_sensors(request, row),
        organization_id=row.organization_id,
    )
    if not form.is_bound or not form.is_valid():
        return _show(request, row, status=422 if form.is_bound else 200, line_form=form)
    sensor: Sensor = form.cleaned_data["sensor"]
    if row.align == Comparison.Align.CLOCK:
        if request.method != "POST":
            return _show(request, row, line_form=form)
        return _added(request, row, Wanted(sensor), form)
    given = request.POST if "event" in request.POST else None
    event_form = EventForm(given, events=events_of(sensor.asset, request.user))
    if event_form.is_bound and event_form.is_valid():
        at, label = event_form.anchor
        return _added(request, row, Wanted(sensor, at, label), form)
    context = {"comparison": row, "sensor": sensor, "form": event_form}
    status = 422 if event_form.is_bound else 200
    return render(request, "telemetry/comparison_line.html", context, status=status)


@require_POST
@login_required
def remove_line(request: UserRequest, pk: int) -> HttpResponse:
    lines = ComparisonLine.objects.for_user(request.user).select_related("comparison")
    line = get_object_or_404(lines.filter(comparison__created_by=request.user), pk=pk)
    line.delete()
    messages.success(request, "The line was removed.")
    return redirect(line.comparison)


def _closer(request: UserRequest) -> tuple[float, float] | None:
    """From which to which x the reader looks closer: `from` and `to`, whole numbers."""
    texts = [request.GET.get(name, "") for name in ("from", "to")]
    if not all(re.fullmatch(r"-?[0-9]{1,15}", text) for text in texts):
        return None
    low, high = (float(text) for text in texts)
    return (low, high) if low < high else None


def _added(request: UserRequest, row: Comparison, wanted: Wanted, form: LineForm) -> HttpResponse:
    try:
        add_line(comparison=row, wanted=wanted)
    except ValidationError as error:
        explain(form, error)
        return _show(request, row, status=422, line_form=form)
    name = f"{wanted.sensor.asset.tag}/{wanted.sensor.key}"
    messages.success(request, f"{name} was added.")
    return redirect(row)


def _show(
    request: UserRequest, row: Comparison, *, status: int = 200, line_form: LineForm | None = None
) -> HttpResponse:
    lines = lines_of(row, request.user)
    found = overlay(row, lines)
    sensors = _sensors(request, row)
    is_mine = row.created_by_id == request.user.pk
    context: dict[str, Any] = {
        "comparison": row,
        "found": found,
        "hint": _hint(row, found),
        "is_mine": is_mine,
        "is_full": len(lines) >= MOST_LINES,
        "most_lines": MOST_LINES,
        "line_form": line_form or LineForm(sensors=sensors, organization_id=row.organization_id),
        "sensor_list": SENSOR_LIST,
        "sensors": sensor_names(sensors) if is_mine else [],
    }
    return render(request, "telemetry/comparison.html", context, status=status)


def _hint(row: Comparison, found: Overlay) -> str:
    """What the reader could do to see more."""
    units = {line.unit for line in found.lines}
    if row.scale == Comparison.Scale.OWN and len(units) > 2:
        return (
            "There are more than two units, which share the axis on the right."
            " Show values from lowest to highest instead, and the lines can be compared."
        )
    return ""


def _edit(request: UserRequest, row: Comparison, done: str) -> HttpResponse:
    old = row.name
    form = ComparisonForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        saved: Comparison = form.save()
        messages.success(request, f"{saved.name} {done}")
        return redirect(saved)
    context = {"form": form, "comparison": row if row.pk else None, "name": old}
    status = 422 if form.errors else 200
    return render(request, "telemetry/comparison_edit.html", context, status=status)


def _visible(request: UserRequest) -> QuerySet[Comparison]:
    return Comparison.objects.visible_to(request.user)


def _own(request: UserRequest, pk: int) -> Comparison:
    """Raises Http404, and PermissionDenied for one that a colleague shares."""
    row = get_object_or_404(_visible(request), pk=pk)
    if row.created_by_id != request.user.pk:
        raise PermissionDenied
    return row


def _sensors(request: UserRequest, row: Comparison) -> QuerySet[Sensor]:
    return Sensor.objects.for_user(request.user).filter(organization=row.organization_id)
