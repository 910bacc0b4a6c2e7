"""What was done: a list to search, each entry whole, and all of it as a file."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from maintenance.models import MaintenanceRecord, MaintenanceType, Verdict
from maintenance.queries.history import RELATED, matching
from maintenance.services.exports import history_file
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of

COST = F("labor_cost") + F("parts_cost") + F("other_cost")


@require_safe
@login_required
def history(request: UserRequest) -> HttpResponse:
    rows, chosen = _asked_for(request)
    rows, order = ordered(
        rows.select_related(*RELATED).annotate(whole_cost=COST),
        request,
        fields={
            "completed": "completed_at",
            "asset": "asset__tag",
            "labor": "labor_minutes",
            "downtime": "downtime_minutes",
            "cost": "whole_cost",
        },
        default="-completed",
    )
    context = {
        **chosen,
        "page": page_of(request, rows),
        "order": order,
        "types": MaintenanceType.choices,
        "verdicts": Verdict.choices,
        "is_filtered": any(chosen.values()),
    }
    return render_fragment(request, "maintenance/history.html", context, fragment="history_list")


@require_safe
@login_required
def entry(request: UserRequest, pk: int) -> HttpResponse:
    """One entry with all that is known of it."""
    rows = MaintenanceRecord.objects.for_user(request.user).select_related(*RELATED)
    row = get_object_or_404(rows, pk=pk)
    took = row.completed_at - row.started_at
    context = {"record": row, "took_minutes": round(took.total_seconds() / 60)}
    return render(request, "maintenance/history_entry.html", context)


@require_safe
@login_required
def export(request: UserRequest) -> StreamingHttpResponse:
    """What the list shows, all of it, as CSV. That somebody took it away is recorded."""
    rows, chosen = _asked_for(request)
    filters = {name: str(value) for name, value in chosen.items() if value}
    response = StreamingHttpResponse(
        history_file(rows=rows, user=request.user, filters=filters),
        content_type="text/csv; charset=utf-8",
    )
    name = f"maintenance-history-{timezone.now():%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked_for(request: UserRequest) -> tuple[QuerySet[MaintenanceRecord], dict[str, Any]]:
    """The rows that the query string asks for, and what it asks for; nonsense is left out."""
    chosen: dict[str, Any] = {
        "query": search_of(request),
        "type": _one_of(request, "type", MaintenanceType.values),
        "verdict": _one_of(request, "verdict", Verdict.values),
        "asset": number_of(request, "asset"),
        "since": _day(request, "since"),
        "until": _day(request, "until"),
    }
    fields = {"type": "maintenance_type", "verdict": "verdict", "asset": "asset"}
    wanted = {fields[name]: chosen[name] for name in fields if chosen[name]}
    if chosen["since"]:
        wanted["completed_at__gte"] = _midnight(chosen["since"])
    if chosen["until"]:
        wanted["completed_at__lt"] = _midnight(chosen["until"] + timedelta(days=1))
    rows = MaintenanceRecord.objects.for_user(request.user).filter(**wanted)
    return matching(rows, chosen["query"]), chosen


def _one_of(request: UserRequest, name: str, known: list[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in known else ""


def _day(request: UserRequest, name: str) -> date | None:
    """A day that has a day before and after it."""
    try:
        day = parse_date(request.GET.get(name, ""))
    except ValueError:
        return None
    return day if day and 1900 <= day.year <= 2200 else None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
