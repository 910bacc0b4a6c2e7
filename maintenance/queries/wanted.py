"""Which work somebody looks at: whose, where, how urgent, of which type, by words."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from maintenance.models import MaintenanceSchedule, Urgency, WorkOrder

URGENT_FIRST = (Urgency.CRITICAL, Urgency.HIGH, Urgency.MEDIUM, Urgency.LOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for; what is left out narrows nothing.

    technicians: their ids, an empty set for work that nobody has. `site` and `group` are ids.
    """

    technicians: frozenset[int] | None = None
    site: int | None = None
    group: int | None = None
    priority: str = ""
    kind: str = ""
    words: str = ""


def orders_wanted(rows: QuerySet[WorkOrder], wanted: Wanted) -> QuerySet[WorkOrder]:
    """Those of the orders that are asked for; words stand in number, title, tag or name."""
    rows = rows.filter(_common(wanted))
    if wanted.words:
        text = wanted.words
        rows = rows.filter(_named(text) | Q(number__icontains=text))
    return rows


def schedules_wanted(
    rows: QuerySet[MaintenanceSchedule], wanted: Wanted
) -> QuerySet[MaintenanceSchedule]:
    """Those of the schedules whose orders would be asked for."""
    rows = rows.filter(_common(wanted))
    return rows.filter(_named(wanted.words)) if wanted.words else rows


def by_urgency() -> Case:
    """0 for critical to 3 for low, to order by."""
    ranks = [When(priority=name, then=Value(rank)) for rank, name in enumerate(URGENT_FIRST)]
    return Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())


def _common(wanted: Wanted) -> Q:
    asked: dict[str, Any] = {
        "asset__site": wanted.site,
        "asset__group_members__group": wanted.group,
        "priority": wanted.priority,
        "maintenance_type": wanted.kind,
    }
    condition = Q(**{name: value for name, value in asked.items() if value})
    if wanted.technicians is None:
        return condition
    if not wanted.technicians:
        return condition & Q(technician=None)
    return condition & Q(technician__in=wanted.technicians)


def _named(text: str) -> Q:
    return Q(title__icontains=text) | Q(asset__tag__icontains=text) | Q(asset__name__icontains=text)
