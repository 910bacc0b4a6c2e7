"""What the schedules will ask for, as a page and as files."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from assets.models import Asset, Site
from maintenance.models import MaintenanceSchedule
from maintenance.queries.schedules import organization_for
from maintenance.services import dry_run
from opssight.accounts.models import Organization
from opssight.accounts.permissions import Permission
from opssight.audit.exports import harmless
from opssight.audit.services import record_export
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

SHOWN = 100
"""Rows of occurrences on the page; the file has them all."""
FILTERS = {"site": "asset__site", "asset": "asset", "schedule": "pk"}
COLUMNS = {
    "occurrences": [
        "due",
        "planned",
        "week",
        "schedule",
        "asset",
        "site",
        "why",
        "projected",
        "absorbed by",
        "labor hours",
        "technician",
        "work order",
    ],
    "weeks": ["week", "monday", "occurrences", "labor hours", "capacity hours", "absent hours"],
    "parts": ["part", "name", "unit", "free", "month", "needed", "short from"],
}


@require_safe
@login_required
def plan(request: UserRequest) -> HttpResponse:
    organization, chosen = _scope(request)
    context: dict[str, Any] = {
        **chosen,
        "sites": _sites(request, organization),
        "organization": organization,
        "organizations": _organizations(request),
        "chosen_asset": _one(Asset, request, chosen["asset"]),
        "chosen_schedule": _one(MaintenanceSchedule, request, chosen["schedule"]),
        "most_months": dry_run.MOST_MONTHS,
        "now": timezone.now(),
    }
    try:
        found = _run(request, organization, chosen, timezone.now())
    except ValidationError as refused:
        context["errors"] = refused.messages
        return render(request, "maintenance/schedules/plan.html", context, status=422)
    context |= {
        "plan": found,
        "is_part": not request.user.grants[organization.pk].is_whole,
        "chart": _chart(found),
        "rows": found.rows[:SHOWN],
        "more": max(len(found.rows) - SHOWN, 0),
        "overloaded": [week for week in found.weeks if week.is_overloaded],
        "short": [need for need in found.parts if need.short],
        "from": found.period.first.isoformat(),
        "to": found.period.last.isoformat(),
        **_figures(found),
    }
    return render(request, "maintenance/schedules/plan.html", context)


@require_safe
@login_required
def plan_csv(request: UserRequest) -> HttpResponse:
    """A table of the plan as a file. That somebody took it away is recorded."""
    table = request.GET.get("table", "occurrences")
    if table not in COLUMNS:
        raise Http404
    organization, chosen = _scope(request)
    try:
        found = _run(request, organization, chosen, timezone.now())
    except ValidationError as refused:
        text = " ".join(refused.messages)
        return HttpResponse(text, status=422, content_type="text/plain; charset=utf-8")
    record_export(
        organizations=[organization.pk],
        label=f"Maintenance plan as CSV: {table}",
        filters=chosen,
    )
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"maintenance-plan-{table}-{found.period.first}-{found.period.last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS[table])
    for row in {"occurrences": _occurrences, "weeks": _weeks, "parts": _parts}[table](found):
        writer.writerow([harmless(value) for value in row])
    return response


def _scope(request: UserRequest) -> tuple[Organization, dict[str, Any]]:
    """Whose plan it is, and what of it; a site of another organization is left out."""
    chosen = _chosen(request)
    organization = _organization(request, chosen)
    if chosen["site"] not in dict(_sites(request, organization)):
        chosen["site"] = None
    return organization, chosen


def _organization(request: UserRequest, chosen: dict[str, Any]) -> Organization:
    """Nonsense in the query string is left out: it is the one of what was chosen, or the oldest."""
    if not request.user.can_somewhere(Permission.VIEW):
        raise PermissionDenied
    asked = number_of(request, "organization")
    known = request.user.organizations_with(Permission.VIEW)
    return organization_for(
        user=request.user,
        schedules=_rows(request, chosen),
        asked=asked if asked in known else None,
        is_cut=any(chosen[name] is not None for name in FILTERS),
    )


def _rows(request: UserRequest, chosen: dict[str, Any]) -> "QuerySet[MaintenanceSchedule]":
    wanted = {field: chosen[name] for name, field in FILTERS.items() if chosen[name] is not None}
    return MaintenanceSchedule.objects.for_user(request.user).filter(**wanted)


def _chosen(request: UserRequest) -> dict[str, Any]:
    """What the query string asks for: texts of days, and ids."""
    days = {name: request.GET.get(name, "")[:10] for name in ("from", "to")}
    return {**days, **{name: number_of(request, name) for name in FILTERS}}


def _run(
    request: UserRequest, organization: Organization, chosen: dict[str, Any], at: datetime
) -> dry_run.Plan:
    period = dry_run.period_of(
        organization=organization,
        at=at,
        first=_day(chosen["from"], "from"),
        last=_day(chosen["to"], "to"),
    )
    return dry_run.dry_run(
        organization=organization, schedules=_rows(request, chosen), period=period, at=at
    )


def _day(text: str, name: str) -> date | None:
    try:
        day = parse_date(text) if text else None
    except ValueError:
        day = None
    if text and day is None:
        raise ValidationError({name: f"There is no day {text}. Write it as 2026-03-31."})
    return day


def _one(model: Any, request: UserRequest, pk: int | None) -> Any:
    return model.objects.for_user(request.user).filter(pk=pk).first() if pk else None


def _sites(request: UserRequest, organization: Organization) -> list[tuple[int, str]]:
    rows = Site.objects.for_user(request.user).filter(organization=organization)
    return [(row.pk, row.name) for row in rows.order_by("name")]


def _organizations(request: UserRequest) -> list[tuple[int, str]]:
    """To choose from; nothing where there is no choice."""
    known = request.user.organizations_with(Permission.VIEW)
    rows = Organization.objects.filter(pk__in=known).order_by("name") if len(known) > 1 else ()
    return [(row.pk, row.name) for row in rows]


def _figures(found: dry_run.Plan) -> dict[str, Any]:
    """What the cards above the tables say."""
    over = any(week.is_overloaded for week in found.weeks)
    capacity = sum(week.capacity_minutes for week in found.weeks)
    share = f"{100 * found.minutes / capacity:.0f}% of capacity" if capacity else "no technicians"
    return {
        "hours": f"{found.minutes / 60:,.0f}",
        "labor_note": share,
        "absorbed_note": f"{found.absorbed} included in larger ones" if found.absorbed else "",
        "overload_note": f"of {len(found.weeks)}",
        "overload_tone": "warning" if over else "",
        "short_tone": "warning" if any(need.short for need in found.parts) else "",
    }


def _chart(found: dry_run.Plan) -> dict[str, Any]:
    """See the head of static/js/charts.js for the format."""
    busiest = max(found.weeks, key=lambda week: week.minutes)
    over = sum(week.is_overloaded for week in found.weeks)
    return {
        "categories": [week.name for week in found.weeks],
        "bars": {"label": "Labor", "values": [week.hours for week in found.weeks]},
        "line": {"label": "Capacity", "values": [week.capacity_hours for week in found.weeks]},
        "unit": "h",
        "summary": (
            f"The busiest week is {busiest.name} with {busiest.hours:g} h."
            f" Weeks that ask for more than there is: {over}."
        ),
        "empty": "" if found.rows else "Nothing falls due in these days.",
    }


def _occurrences(found: dry_run.Plan) -> Iterable[list[Any]]:
    zone = found.period.zone
    for row in found.rows:
        one, schedule = row.occurrence, row.schedule
        planned = row.planned_at.astimezone(zone)
        yield [
            one.due_at.astimezone(zone).isoformat(timespec="minutes"),
            planned.isoformat(timespec="minutes"),
            f"{planned:%G-W%V}",
            schedule.title,
            schedule.asset.tag,
            schedule.asset.site.name,
            one.why.value,
            "yes" if one.projected else "no",
            row.absorbed_by.title if row.absorbed_by else "",
            0 if row.absorbed_by else round(one.minutes / 60, 2),
            str(schedule.technician or ""),
            row.work_order.number if row.work_order else "",
        ]


def _weeks(found: dry_run.Plan) -> Iterable[list[Any]]:
    for week in found.weeks:
        yield [
            week.name,
            week.monday.isoformat(),
            week.occurrences,
            week.hours,
            week.capacity_hours,
            round(week.absent_minutes / 60, 1),
        ]


def _parts(found: dry_run.Plan) -> Iterable[list[Any]]:
    for need in found.parts:
        for month in sorted(need.months):
            part = need.part
            yield [
                part.number,
                part.name,
                part.unit,
                need.free,
                month,
                need.months[month],
                need.short_from or "",
            ]
