"""What every list page does alike: choose the order, cut a page."""

from typing import Any, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
Rows = TypeVar("Rows", bound=QuerySet[Any])
PER_PAGE = 25


def ordered(
    rows: Rows, request: HttpRequest, *, fields: dict[str, str], default: str
) -> tuple[Rows, str]:
    """The rows in the order that `?order=` asks for, and that order.

    `fields` maps what may be asked for to model fields; a minus in front means descending, and
    anything unknown gives the default. Empty values come last either way.
    """
    order = request.GET.get("order", "")
    if order.removeprefix("-") not in fields:
        order = default
    field = F(fields[order.removeprefix("-")])
    by = field.desc(nulls_last=True) if order.startswith("-") else field.asc(nulls_last=True)
    return rows.order_by(by, "pk"), order


def page_of(request: HttpRequest, rows: QuerySet[M], *, per_page: int = PER_PAGE) -> Page[M]:
    """The page that `?page=` asks for; the nearest one when there is no such page."""
    paginator: Paginator[Any] = Paginator(rows, per_page)
    return paginator.get_page(request.GET.get("page"))
