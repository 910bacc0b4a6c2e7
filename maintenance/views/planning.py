"""What the board and the calendar have in common: which work is looked at, kept in the address."""

from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict

from assets.models import AssetGroup, Site
from maintenance.models import MaintenanceType, Technician, Urgency
from maintenance.queries.wanted import Wanted
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, search_of

EVERYBODY, ME, NOBODY = "all", "me", "none"
MOST_CHOICES = 500
"""Of a select; who has more sites or groups than that searches by words."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked for (`wanted`), and what the form above the work shows."""

    wanted: Wanted
    technician: str
    technicians: list[tuple[str, str]]
    sites: list[tuple[int, str]]
    groups: list[tuple[int, str]]
    is_mine: bool

    @property
    def is_narrow(self) -> bool:
        """Whether something besides the technician is asked for."""
        return replace(self.wanted, technicians=None) != Wanted()

    priorities = Urgency.choices
    kinds = MaintenanceType.choices


def filters_of(request: UserRequest, *, own_first: bool = False) -> Filters:
    """What the query string asks for; three queries.

    own_first: who does work and plans none sees their own, unless another is asked for.
    """
    known = list(
        Technician.objects.for_user(request.user)
        .filter(is_active=True)
        .select_related("user")[:MOST_CHOICES]
    )
    mine = frozenset(row.pk for row in known if row.user_id == request.user.pk)
    plans = request.user.can_somewhere(Permission.WORK_ORDER_PLAN)
    usual = ME if own_first and mine and not plans else EVERYBODY
    chosen = request.GET.get("technician", "") or usual
    technician, technicians = _whose(request, chosen, mine)
    wanted = Wanted(
        technicians=technicians,
        site=number_of(request, "site"),
        group=number_of(request, "group"),
        priority=_one_of(request, "priority", Urgency.values),
        kind=_one_of(request, "type", MaintenanceType.values),
        words=search_of(request),
    )
    names = [(str(row.pk), str(row)) for row in known]
    own = [(ME, "My work")] if mine else []
    return Filters(
        wanted=wanted,
        technician=technician,
        technicians=[(EVERYBODY, "Everybody's work"), *own, (NOBODY, "Unassigned"), *names],
        sites=_named(Site, request),
        groups=_named(AssetGroup, request),
        is_mine=technician == ME,
    )


def query_of(request: UserRequest, *without: str, **changes: str | int) -> str:
    """The query string of the page, for an address that leads back to it."""
    query: QueryDict = request.GET.copy()
    for name in without:
        query.pop(name, None)
    for name, value in changes.items():
        query[name] = str(value)
    return query.urlencode()


def _whose(
    request: UserRequest, chosen: str, mine: frozenset[int]
) -> tuple[str, frozenset[int] | None]:
    if chosen == ME and mine:
        return ME, mine
    if chosen == NOBODY:
        return NOBODY, frozenset()
    number = number_of(request, "technician")
    return (str(number), frozenset({number})) if number else (EVERYBODY, None)


def _one_of(request: UserRequest, name: str, values: list[str]) -> str:
    text = request.GET.get(name, "")
    return text if text in values else ""


def _named(model: Any, request: UserRequest) -> list[tuple[int, str]]:
    rows = model.objects.for_user(request.user).order_by("name", "pk")
    return list(rows.values_list("pk", "name")[:MOST_CHOICES])
