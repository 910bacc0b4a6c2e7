"""One set of filters for the page, the API and the export."""

from typing import Any

from django_filters.rest_framework import (
    CharFilter,
    FilterSet,
    MultipleChoiceFilter,
)

from opssight.audit.models import Action, AuditEntry
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter


class AuditFilter(FilterSet):  # type: ignore[misc]
    user = IdFilter(field_name="user_id", label="Id of the user who did it.")
    action = MultipleChoiceFilter(choices=Action.choices)
    subject = CharFilter(label="Table of the row, such as work_orders.", max_length=63)
    subject_id = CharFilter(label="Id of the row; give subject as well.", max_length=64)
    request_id = CharFilter(
        field_name="context__request_id", label="The X-Request-ID of an answer.", max_length=200
    )
    after = UtcDateTimeFilter(field_name="at", lookup_expr="gte", label="At or after this time.")
    before = UtcDateTimeFilter(field_name="at", lookup_expr="lt", label="Before this time.")

    class Meta:
        model = AuditEntry
        fields: list[Any] = []
