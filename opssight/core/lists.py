"""What every list page does alike: read what is asked for, choose the order, cut a page."""

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
Rows = TypeVar("Rows", bound=QuerySet[Any])
PER_PAGE = 25
LONGEST_SEARCH = 200
LARGEST_ID = 2**63 - 1


def search_of(request: HttpRequest, name: str = "q") -> str:
    """The text of `?q=`, in a length and of signs that the database takes."""
    return request.GET.get(name, "").replace("\x00", "")[:LONGEST_SEARCH].strip()


def number_of(request: HttpRequest, name: str, *, at_most: int = LARGEST_ID) -> int | None:
    """The whole number above zero in the query string, None when it is anything else."""
    text = request.GET.get(name, "")
    if not text.isdecimal() or len(text) > len(str(LARGEST_ID)):
        return None
    number = int(text)
    return number if 0 < number <= at_most else None


def ordered(
    rows: Rows,
    request: HttpRequest,
    *,
    fields: dict[str, str],
    default: str,
    then: tuple[str, ...] = (),
) -> tuple[Rows, str]:
    """The rows in the order that `?order=` asks for, equal ones by `then`, and that order.

    `fields` maps what may be asked for to model fields; a minus in front means descending, and
    anything unknown gives the default. Empty values come last either way.
    """
    order = request.GET.get("order", "")
    if order.removeprefix("-") not in fields:
        order = default
    field = F(fields[order.removeprefix("-")])
    by = field.desc(nulls_last=True) if order.startswith("-") else field.asc(nulls_last=True)
    return rows.order_by(by, *then, "pk"), order


def page_of(request: HttpRequest, rows: QuerySet[M], *, per_page: int = PER_PAGE) -> Page[M]:
    """The page that `?page=` asks for; the nearest one when there is no such page."""
    paginator: Paginator[Any] = Paginator(rows, per_page)
    return paginator.get_page(request.GET.get("page"))
