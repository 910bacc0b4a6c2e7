"""Pages of lists: numbered where people manage the rows, by cursor where rows keep coming."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError as FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Field, Model, OrderBy, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination, PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

PAGE_SIZE, LARGEST_PAGE = 50, 200
LARGEST_NUMBER = 2**63
SIZE = "page_size"
SIZE_PARAMETER = {
    "name": SIZE,
    "in": "query",
    "description": f"Rows per page; default {PAGE_SIZE}.",
    "schema": {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE},
}


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`; `?page_size=` up to 200."""

    page_size = PAGE_SIZE
    page_size_query_param = SIZE
    max_page_size = LARGEST_PAGE

    def get_page_size(self, request: Request) -> int:
        return _size(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        number = {"type": "integer", "minimum": 1}
        page = {"name": "page", "in": "query", "description": "Number of the page, from 1."}
        return [page | {"schema": number}, SIZE_PARAMETER]


class Term(NamedTuple):
    """One name that a list is ordered by; empty values are last in either direction."""

    name: str
    is_descending: bool
    field: "Field[Any, Any]"

    def order(self, *, backward: bool) -> OrderBy:
        expression = F(self.name)
        last = {"nulls_first" if backward else "nulls_last": True} if self.field.null else {}
        down = self.is_descending is not backward
        return expression.desc(**last) if down else expression.asc(**last)

    def beyond(self, value: Any, *, backward: bool) -> Q | None:
        """Rows that come after one with this value, by this term alone; None: there are none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if backward else None
        down = self.is_descending is not backward
        condition = Q(**{f"{self.name}__{'lt' if down else 'gt'}": value})
        if self.field.null and not backward:
            condition |= Q(**{f"{self.name}__isnull": True})
        return condition

    def equal(self, value: Any) -> Q:
        return Q(**({f"{self.name}__isnull": True} if value is None else {self.name: value}))

    def value_of(self, row: Model) -> Any:
        value: Any = row
        for part in self.name.split(LOOKUP_SEP):
            value = getattr(value, part, None)
        return value.pk if isinstance(value, Model) else value


class Cursors(BasePagination):
    """`{next, previous, results}`; a page goes on where the last ended, whatever came meanwhile.

    A cursor holds the values of the row at the edge of the page, and serves one ordering.
    """

    parameter = "cursor"

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        if "page" in request.query_params:
            raise ValidationError(
                {"page": "This list has no page numbers. Follow `next`, or send its `cursor`."}
            )
        self.terms = terms_of(queryset)
        self.address = request.build_absolute_uri()
        size = _size(request)
        edge, backward = self._read(request.query_params.get(self.parameter, ""))
        if edge is not None:
            queryset = queryset.filter(_after(self.terms, edge, backward=backward))
        ordered = queryset.order_by(*[term.order(backward=backward) for term in self.terms])
        rows = list(ordered[: size + 1])
        has_more = len(rows) > size
        rows = rows[:size]
        if backward:
            rows.reverse()
        came_from_somewhere = edge is not None and bool(rows)
        has_next, has_previous = (
            (came_from_somewhere, has_more) if backward else (has_more, came_from_somewhere)
        )
        self.next = self._link(rows[-1], backward=False) if has_next else None
        self.previous = self._link(rows[0], backward=True) if has_previous else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next, "previous": self.previous, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": self.parameter,
                "in": "query",
                "required": False,
                "description": "Where the page begins: taken from `next` or `previous`.",
                "schema": {"type": "string"},
            },
            SIZE_PARAMETER,
        ]

    def _link(self, row: Model, *, backward: bool) -> str:
        values = [term.value_of(row) for term in self.terms]
        text = json.dumps([self._order(), int(backward), values], cls=_Exact)
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return replace_query_param(
            remove_query_param(self.address, self.parameter), self.parameter, cursor
        )

    def _order(self) -> str:
        return ",".join(f"{'-' if term.is_descending else ''}{term.name}" for term in self.terms)

    def _read(self, cursor: str) -> tuple[list[Any] | None, bool]:
        """Values of the row at the edge, and whether the page lies before it."""
        if not cursor:
            return None, False
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            order, backward, texts = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
            values = [_parsed(term, text) for term, text in zip(self.terms, texts, strict=True)]
        except (
            binascii.Error,
            ValueError,
            TypeError,
            FieldError,
            ArithmeticError,
            RecursionError,
        ) as error:
            raise ValidationError(
                {self.parameter: "This is not a cursor of ours. Begin without one."},
                code="cursor_unknown",
            ) from error
        if order != self._order():
            raise ValidationError(
                {self.parameter: "This cursor is of another ordering. Begin without one."},
                code="cursor_unknown",
            )
        return values, bool(backward)


class _Exact(DjangoJSONEncoder):
    """With all six digits of a second, unlike JavaScript's own form."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def terms_of(queryset: QuerySet[Any]) -> list[Term]:
    """What the rows are ordered by; the primary key makes the order total."""
    model = queryset.model
    names = list(queryset.query.order_by or model._meta.ordering or [])
    terms = [_term(model, name) for name in names]
    if not any(term.field.primary_key for term in terms):
        terms.append(_term(model, "pk"))
    return terms


def _term(model: type[Model], term: Any) -> Term:
    if isinstance(term, OrderBy):
        expression: Any = term.expression
        name, is_descending = expression.name, term.descending
    else:
        name, is_descending = term.removeprefix("-"), term.startswith("-")
    *path, last = name.split(LOOKUP_SEP)
    owner: Any = model
    for part in path:
        owner = owner._meta.get_field(part).related_model
    field = owner._meta.pk if last == "pk" else owner._meta.get_field(last)
    return Term(name, is_descending, field)


def _parsed(term: Term, text: Any) -> Any:
    """A value of a cursor. Raises ValueError for what no cursor of ours holds."""
    if isinstance(text, str):
        text.encode()
        if "\0" in text:
            raise ValueError(text)
    elif text is not None and not isinstance(text, int | float):
        raise ValueError(text)
    value = None if text is None else term.field.to_python(text)
    if (
        (value is None and not term.field.null)
        or (isinstance(value, int) and abs(value) >= LARGEST_NUMBER)
        or (isinstance(value, datetime) and value.utcoffset() is None)
    ):
        raise ValueError(text)
    return value


def _after(terms: Sequence[Term], values: Sequence[Any], *, backward: bool) -> Q:
    """Rows behind the edge: greater in the first term that differs."""
    condition = Q(pk__in=[])
    for index, (term, value) in enumerate(zip(terms, values, strict=True)):
        beyond = term.beyond(value, backward=backward)
        if beyond is None:
            continue
        same = Q()
        for earlier, known in zip(terms[:index], values, strict=False):
            same &= earlier.equal(known)
        condition |= same & beyond
    return condition & _bound(terms[0], values[0], backward=backward)


def _bound(term: Term, value: Any, *, backward: bool) -> Q:
    """Implied by the rest; lets an index of the first term begin at the edge."""
    if term.field.null:
        return Q()
    down = term.is_descending is not backward
    return Q(**{f"{term.name}__{'lte' if down else 'gte'}": value})


def _size(request: Request) -> int:
    text = request.query_params.get(SIZE, str(PAGE_SIZE))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LARGEST_PAGE):
        raise ValidationError({SIZE: f"Give a whole number from 1 to {LARGEST_PAGE}."})
    return int(text)
