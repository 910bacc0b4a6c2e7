"""The calendar of work: a week by technician, a month, a day, and one's own week."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from maintenance.models import MaintenanceSchedule, Technician, WorkOrder
from maintenance.queries import calendar as query
from maintenance.queries.days import DAY, Day, days_from
from maintenance.queries.entries import Entry, Ghost, entries_of
from maintenance.queries.wanted import orders_wanted, schedules_wanted
from maintenance.services import planning
from maintenance.views import calendar_shown as shown
from maintenance.views.planning import Filters, filters_of, query_of
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import page_of

TECHNICIANS = 25
"""Rows of a page."""
WEEKS_OF_MONTH = 6
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
VIEWS = {"week": "Week", "month": "Month", "day": "Day"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days are looked at, in which form, and whose work."""

    view: str
    anchor: date
    days: list[Day]
    zone: tzinfo
    at: datetime
    filters: Filters

    @property
    def start(self) -> datetime:
        return self.days[0].start

    @property
    def end(self) -> datetime:
        return self.days[-1].end

    @property
    def first(self) -> date:
        return self.days[0].date

    @property
    def last(self) -> date:
        return self.days[-1].date

    @property
    def has_today(self) -> bool:
        return self.start <= self.at < self.end


@require_safe
@login_required
def calendar(request: UserRequest) -> HttpResponse:
    return show(request)


def show(
    request: UserRequest, *, refused: str = "", status: int = 200, is_fragment: bool = False
) -> HttpResponse:
    """The page, or its fragment for htmx; `refused` says why nothing was planned."""
    asked = _asked(request)
    today = asked.at.astimezone(asked.zone).date()
    context: dict[str, Any] = {
        "asked": asked,
        "filters": asked.filters,
        "views": [(name, text, query_of(request, view=name)) for name, text in VIEWS.items()],
        "previous": query_of(request, "page", day=_moved(asked, -1).isoformat()),
        "next": query_of(request, "page", day=_moved(asked, 1).isoformat()),
        "this": query_of(request, "page", "day"),
        "kept": [("view", asked.view), ("day", asked.anchor.isoformat())],
        "address": request.GET.urlencode(),
        "refused": refused,
        "today": today,
        "may_plan": request.user.can_somewhere(Permission.WORK_ORDER_PLAN),
        **PARTS[asked.view](request, asked),
    }
    template = "maintenance/calendar.html"
    if is_fragment:
        return render(request, f"{template}#calendar", context, status=status)
    return render_fragment(request, template, context, fragment="calendar", status=status)


def _asked(request: UserRequest) -> Asked:
    at, zone = timezone.now(), timezone.get_current_timezone()
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "week"
    anchor = _day(request.GET.get("day", "")) or at.astimezone(zone).date()
    first, count = anchor, 1
    if view == "week":
        first, count = anchor - DAY * anchor.weekday(), 7
    elif view == "month":
        begin = anchor.replace(day=1)
        first, count = begin - DAY * begin.weekday(), 7 * WEEKS_OF_MONTH
    filters = filters_of(request, own_first=True)
    return Asked(view, anchor, days_from(first, count, zone), zone, at, filters)


def _week(request: UserRequest, asked: Asked) -> dict[str, Any]:
    page = page_of(request, _known(request, asked), per_page=TECHNICIANS)
    people: list[Technician] = list(page.object_list)
    with_nobody = not asked.filters.wanted.technicians
    lane: list[Technician | None] = [None] if with_nobody else []
    ghosts, more = _ghosts(request, asked)
    mine = _entries(asked, query.work_of(_orders(request), people, with_nobody=with_nobody))
    rows = query.grid(
        [*lane, *people],
        days=asked.days,
        entries=[*mine, *_elsewhere(request, asked, people)],
        ghosts=ghosts,
        times=query.work_times(people, days=asked.days, zone=asked.zone),
        at=asked.at,
        only=_only(request, asked),
    )
    is_whole = page.paginator.num_pages == 1 and len(people) > 1
    return {
        "page": page,
        "rows": shown.rows(rows, request=request, zone=asked.zone),
        "totals": shown.totals(rows, asked.days) if is_whole else None,
        "has_elsewhere": any(row.elsewhere for row in rows),
        "more_forecast": more,
    }


def _month(request: UserRequest, asked: Asked) -> dict[str, Any]:
    people = list(_known(request, asked))
    ghosts, more = _ghosts(request, asked)
    mine = _entries(asked, orders_wanted(_orders(request), asked.filters.wanted))
    others = [] if asked.filters.is_narrow else _elsewhere(request, asked, people)
    cells = query.together(
        days=asked.days,
        entries=[*mine, *others],
        ghosts=ghosts,
        times=query.work_times(people, days=asked.days, zone=asked.zone),
        at=asked.at,
    )
    return {
        "weeks": shown.weeks(cells, request=request, anchor=asked.anchor),
        "has_load": bool(people) and not asked.filters.is_narrow,
        "has_elsewhere": any(cell.elsewhere for cell in cells),
        "more_forecast": more,
    }


def _one_day(request: UserRequest, asked: Asked) -> dict[str, Any]:
    entries = _entries(asked, orders_wanted(_orders(request), asked.filters.wanted))
    people = {row.pk: row for row in _known(request, asked)}
    ghosts, more = _ghosts(request, asked)
    page, groups = shown.day_list(
        entries, people, request=request, day=asked.days[0], zone=asked.zone
    )
    return {
        "page": page,
        "groups": groups,
        "ghosts": shown.ghost_blocks(ghosts, request=request),
        "more_forecast": more,
    }


PARTS = {"week": _week, "month": _month, "day": _one_day}


def _known(request: UserRequest, asked: Asked) -> QuerySet[Technician]:
    """The active technicians that are looked at; those chosen by name also when they are not."""
    rows = Technician.objects.for_user(request.user).select_related("user")
    wanted = asked.filters.wanted.technicians
    return rows.filter(is_active=True) if wanted is None else rows.filter(pk__in=wanted)


def _orders(request: UserRequest) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.for_user(request.user)


def _entries(asked: Asked, rows: QuerySet[WorkOrder]) -> list[Entry]:
    return entries_of(rows, start=asked.start, end=asked.end, with_late=asked.has_today)


def _elsewhere(request: UserRequest, asked: Asked, people: list[Technician]) -> list[Entry]:
    """What the same people do where the person does not look: whose hours it takes, it takes."""
    if all(grant.is_whole for grant in request.user.grants.values()):
        return []
    return query.work_elsewhere(_orders(request), people, start=asked.start, end=asked.end)


def _only(request: UserRequest, asked: Asked) -> set[int] | None:
    """Ids of the orders that are asked for by more than their technician; None: all."""
    if not asked.filters.is_narrow:
        return None
    rows = orders_wanted(_orders(request), asked.filters.wanted)
    return {entry.order for entry in _entries(asked, rows)}


def _ghosts(request: UserRequest, asked: Asked) -> tuple[list[Ghost], bool]:
    """What schedules will call for, and whether that is not all."""
    if asked.end <= asked.at:
        return [], False
    rows = MaintenanceSchedule.objects.for_user(request.user)
    return planning.forecast(
        schedules=schedules_wanted(rows, asked.filters.wanted),
        start=asked.start,
        end=asked.end,
        at=asked.at,
    )


def _day(text: str) -> date | None:
    try:
        day = parse_date(text[:10])
    except ValueError:
        return None
    return day if day and EARLIEST <= day <= LATEST else None


def _moved(asked: Asked, by: int) -> date:
    """The day to ask for one page on or back."""
    if asked.view == "day":
        return asked.anchor + DAY * by
    if asked.view == "week":
        return asked.days[0].date + timedelta(weeks=by)
    middle = asked.anchor.replace(day=15) + timedelta(days=30 * by)
    return middle.replace(day=1)
