"""What the templates of the calendar take: a few blocks for each day, the rest as a number."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from django.core.paginator import Page, Paginator

from maintenance.models import MaintenanceSchedule, Technician, WorkOrder
from maintenance.queries.calendar import Cell, Row, is_over
from maintenance.queries.days import Day
from maintenance.queries.entries import Entry, Ghost, Kind
from maintenance.views.planning import query_of
from opssight.core.http import UserRequest

FEW, MANY = 3, 25
"""Blocks of a day: among other technicians, and in a week of one's own."""
FEW_GHOSTS = 2
PER_LIST = 50


@dataclass(frozen=True, slots=True)
class Block:
    """An order on a day. `clock`: when it begins there; empty for work without a planned time."""

    order: WorkOrder
    entry: Entry
    clock: str


@dataclass(frozen=True, slots=True)
class GhostBlock:
    schedule: MaintenanceSchedule
    ghost: Ghost


@dataclass(frozen=True, slots=True)
class ShownCell:
    cell: Cell
    blocks: list[Block]
    hidden: int
    ghosts: list[GhostBlock]
    hidden_ghosts: int
    more: str
    zone: dict[str, str]


@dataclass(frozen=True, slots=True)
class ShownRow:
    row: Row
    cells: list[ShownCell]


def rows(found: Sequence[Row], *, request: UserRequest, zone: tzinfo) -> list[ShownRow]:
    """The rows with at most a few blocks a day; two queries."""
    few = MANY if len(found) == 1 else FEW
    few_ghosts = MANY if len(found) == 1 else FEW_GHOSTS
    cells = [cell for row in found for cell in row.cells]
    orders = _orders(request, (one.order for cell in cells for one in cell.entries[:few]))
    schedules = _schedules(request, (one for cell in cells for one in cell.ghosts[:few_ghosts]))
    return [
        ShownRow(
            row,
            [
                ShownCell(
                    cell=cell,
                    blocks=_blocks(cell.entries[:few], orders, cell.day, zone),
                    hidden=len(cell.entries[few:]),
                    ghosts=_ghosts(cell.ghosts[:few_ghosts], schedules),
                    hidden_ghosts=len(cell.ghosts[few_ghosts:]),
                    more=_day_address(request, cell.day.date, row.technician),
                    zone=_zone(row.technician, cell.day.date),
                )
                for cell in row.cells
            ],
        )
        for row in found
    ]


def totals(found: Iterable[Row], days: Sequence[Day]) -> list[tuple[float, float, bool]]:
    """Booked minutes and capacity of each day, and whether that is too much, of all technicians."""
    people = [row for row in found if row.technician is not None]
    sums = [
        (
            sum(row.cells[number].booked for row in people),
            sum(row.cells[number].capacity for row in people),
        )
        for number in range(len(days))
    ]
    return [(booked, capacity, is_over(booked, capacity)) for booked, capacity in sums]


def weeks(
    cells: Sequence[Cell], *, request: UserRequest, anchor: date
) -> list[list[dict[str, Any]]]:
    """The days of a month by week, each with its figures and the address of the day."""
    shown = [
        {
            "cell": cell,
            "is_other": cell.day.date.month != anchor.month,
            "planned": sum(not one.is_elsewhere for one in cell.planned),
            "due": sum(one.kind == Kind.DUE for one in cell.entries),
            "late": sum(one.kind == Kind.LATE for one in cell.entries),
            "address": _day_address(request, cell.day.date, None),
        }
        for cell in cells
    ]
    return [shown[number : number + 7] for number in range(0, len(shown), 7)]


def day_list(
    entries: Iterable[Entry],
    people: Mapping[int, Technician],
    *,
    request: UserRequest,
    day: Day,
    zone: tzinfo,
) -> tuple[Page[Entry], list[tuple[str, list[Block]]]]:
    """A page of the day's work by technician (nobody's first), and its blocks under their names."""
    names = {pk: number for number, pk in enumerate(people)}
    order = sorted(entries, key=lambda one: (names.get(one.technician or 0, -1), one.key))
    page = Paginator(order, PER_LIST).get_page(request.GET.get("page"))
    shown: list[Entry] = list(page.object_list)
    orders = _orders(request, (one.order for one in shown))
    groups: dict[str, list[Block]] = {}
    for block in _blocks(shown, orders, day, zone):
        groups.setdefault(str(block.order.technician or "Unassigned"), []).append(block)
    return page, list(groups.items())


def ghost_blocks(ghosts: Sequence[Ghost], *, request: UserRequest) -> list[GhostBlock]:
    return _ghosts(ghosts[:PER_LIST], _schedules(request, ghosts[:PER_LIST]))


def _orders(request: UserRequest, ids: Iterable[int]) -> dict[int, WorkOrder]:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "technician__user")
    return rows.in_bulk(list(ids))


def _schedules(request: UserRequest, ghosts: Iterable[Ghost]) -> dict[int, MaintenanceSchedule]:
    rows = MaintenanceSchedule.objects.for_user(request.user).select_related("asset")
    return rows.in_bulk([ghost.schedule for ghost in ghosts])


def _blocks(
    entries: Collection[Entry], orders: Mapping[int, WorkOrder], day: Day, zone: tzinfo
) -> list[Block]:
    return [
        Block(orders[entry.order], entry, _clock(entry, day, zone))
        for entry in entries
        if entry.order in orders
    ]


def _ghosts(
    ghosts: Iterable[Ghost], schedules: Mapping[int, MaintenanceSchedule]
) -> list[GhostBlock]:
    return [GhostBlock(schedules[one.schedule], one) for one in ghosts if one.schedule in schedules]


def _clock(entry: Entry, day: Day, zone: tzinfo) -> str:
    if entry.kind != Kind.PLANNED:
        return ""
    begin: datetime = entry.span[0]
    return "goes on" if begin < day.start else f"{begin.astimezone(zone):%H:%M}"


def _zone(technician: Technician | None, day: date) -> dict[str, str]:
    """What dropping an order there sends."""
    return {"technician": str(technician.pk) if technician else "", "day": day.isoformat()}


def _day_address(request: UserRequest, day: date, technician: Technician | None) -> str:
    changes = {"view": "day", "day": day.isoformat()}
    if technician is not None:
        changes["technician"] = str(technician.pk)
    return query_of(request, "page", **changes)
