"""Read-only: the learned models of an organization."""

from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from forecasts.models import ModelVersion
from opssight.core.api.filters import UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.viewsets import TenantViewSet


class ModelVersionFilter(FilterSet):  # type: ignore[misc]
    kind = ChoiceFilter(choices=ModelVersion.Kind.choices)
    status = ChoiceFilter(choices=ModelVersion.Status.choices)
    subject = CharFilter(label="Category of assets.")
    trained_after = UtcDateTimeFilter("trained_at", lookup_expr="gte")
    trained_before = UtcDateTimeFilter("trained_at", lookup_expr="lt")

    class Meta:
        model = ModelVersion
        fields: list[str] = []


class ModelVersionSerializer(TenantSerializer[ModelVersion]):
    """A learned model: from when to when it learned, how good it was, and what became of it."""

    learned_from = serializers.DictField(
        read_only=True, help_text="What it learned from, counted, by name."
    )
    metrics = serializers.DictField(
        read_only=True, help_text="How good it was on what it had not seen, by name."
    )
    drift = serializers.DictField(
        read_only=True,
        help_text="How what it sees, and how right it is, has moved since, by name.",
    )

    class Meta:
        model = ModelVersion
        fields = [
            "id",
            "kind",
            "subject",
            "version",
            "status",
            "reason",
            "trained_at",
            "window_start",
            "window_end",
            "learned_from",
            "metrics",
            "seed",
            "code",
            "digest",
            "size",
            "drift",
            "checked_at",
        ]
        read_only_fields = fields


@extend_schema_view(**describe("model version", "model versions"))
class ModelVersionViewSet(TenantViewSet):
    """The models that an organization's data has taught: in use, replaced, not taken, set aside."""

    queryset = ModelVersion.objects.all()
    serializer_class = ModelVersionSerializer
    pagination_class = Cursors
    filterset_class = ModelVersionFilter
    search_fields = ["subject", "reason"]
    ordering_fields = ["trained_at", "version", "kind"]
