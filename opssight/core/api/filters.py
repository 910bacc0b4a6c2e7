"""Filters and ordering that refuse what they do not understand, and pages that never overlap."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as FormError
from django.db.models import F, OrderBy, QuerySet
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import (
    BooleanFilter,
    CharFilter,
    DjangoFilterBackend,
    Filter,
    FilterSet,
    IsoDateTimeFilter,
)
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.views import APIView

from opssight.core.api.fields import UtcDateTimeField

EMPTY = "Give a value, or leave the parameter out."


class IdFilter(Filter):  # type: ignore[misc]
    """Rows with this whole number; another tenant's id simply matches nothing."""

    field_class = forms.IntegerField


class _TrueOrFalse(forms.Field):
    answers = {"true": True, "false": False}

    def to_python(self, value: Any) -> bool | None:
        if value in (None, ""):
            return None
        answer = self.answers.get(str(value).lower())
        if answer is None:
            raise FormError("Use true or false.", code="invalid")
        return answer


class TrueFalseFilter(BooleanFilter):  # type: ignore[misc]
    """`true` or `false`; anything else is an error instead of being ignored."""

    field_class = _TrueOrFalse

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput)
        super().__init__(*args, **kwargs)


class _Utc(IsoDateTimeField):  # type: ignore[misc]
    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        if moment is None:
            return None
        try:
            # PostgreSQL knows no offset of 16 hours or more, which ISO 8601 can write.
            moment = moment.astimezone(UTC)
        except OverflowError:
            moment = datetime.max.replace(tzinfo=UTC)
        if moment.year not in UtcDateTimeField.YEARS:
            raise FormError(UtcDateTimeField.default_error_messages["year"], code="year")
        return moment


class UtcDateTimeFilter(IsoDateTimeFilter):  # type: ignore[misc]
    """A time in ISO 8601, with any offset; without one it is in the caller's time zone."""

    field_class = _Utc


class StrictFilters(DjangoFilterBackend):  # type: ignore[misc]
    """Refuses a filter without a value, which would otherwise filter nothing."""

    def get_filterset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> FilterSet | None:
        filterset = super().get_filterset(request, queryset, view)
        filters = filterset.filters if filterset is not None else {}
        empty = [
            name
            for name, item in filters.items()
            if not isinstance(item, CharFilter) and "" in request.query_params.getlist(name)
        ]
        if empty:
            raise ValidationError(dict.fromkeys(empty, EMPTY))
        return filterset


class StableOrdering(OrderingFilter):
    """`?ordering=name,-due_at`: empty values last, equal ones by id, unknown names refused."""

    ordering_description = "Fields to order by, separated by commas; `-` in front: descending."

    def remove_invalid_fields(
        self,
        queryset: QuerySet[Any],
        fields: Any,
        view: APIView,
        request: Request,
    ) -> list[str]:
        known = list(getattr(view, "ordering_fields", []))
        unknown = [field for field in fields if field.removeprefix("-") not in known]
        if unknown:
            names = ", ".join(known) or "nothing"
            raise ValidationError(
                {"ordering": f"Cannot order by {', '.join(unknown)}. Known here: {names}."}
            )
        return list(fields)

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        if "" in request.query_params.getlist(self.ordering_param):
            raise ValidationError({self.ordering_param: EMPTY})
        terms = self.get_ordering(request, queryset, view)
        if not terms:
            return queryset
        return queryset.order_by(*[_term(queryset, term) for term in terms], "pk")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        known = list(view.ordering_fields)
        if not known:
            return []
        [parameter] = super().get_schema_operation_parameters(view)
        terms = [sign + name for name in known for sign in ("", "-")]
        items = {"type": "string", "enum": terms}
        parameter["schema"] = {"type": "array", "items": items, "minItems": 1}
        return [parameter | {"style": "form", "explode": False}]


def _term(queryset: QuerySet[Any], term: str) -> str | OrderBy:
    name = term.removeprefix("-")
    computed = name in queryset.query.annotations
    if not computed and not getattr(queryset.model._meta.get_field(name), "null", False):
        return term
    return F(name).desc(nulls_last=True) if term[0] == "-" else F(name).asc(nulls_last=True)
