"""What is known of how the sensors of assets go together."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from anomalies.api.filters import MachineModelFilter
from anomalies.models import MachineModel
from assets.api.serializers import expanded_asset
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet


def _ids(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text=help_text
    )


class Figures(serializers.Serializer[Any]):
    """Measured on rows that the model did not learn from; empty where there is no model."""

    held_out = serializers.IntegerField(required=False, help_text="So many rows.")
    flagged = serializers.FloatField(required=False, help_text="Share of them that it flagged.")
    explained = serializers.FloatField(
        required=False,
        help_text="Share of what each sensor's own past leaves open that the others explain.",
    )


class MachineModelSerializer(TenantSerializer[MachineModel]):
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    sensors = _ids("Ids of all sensors that were looked at.")
    channels = _ids("Of those that are judged together.")
    settings = _ids("Of those that set the operating mode.")
    step_seconds = serializers.SerializerMethodField(help_text="The length of a row.")
    figures = Figures(read_only=True)

    class Meta:
        model = MachineModel
        fields = [
            "id",
            "asset",
            "asset_tag",
            "status",
            "reason",
            "sensors",
            "channels",
            "settings",
            "step_seconds",
            "version",
            "fitted_at",
            "window_start",
            "window_end",
            "rows",
            "figures",
            "watermark",
            "updated_at",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset()}

    def get_step_seconds(self, row: MachineModel) -> int:
        return row.step // timedelta(seconds=1)


@extend_schema_view(**describe("machine model", "machine models"))
class MachineModelViewSet(TenantViewSet):
    """How the sensors of an asset go together, fitted each night; see `status` and `reason`."""

    queryset = MachineModel.objects.select_related("asset").defer("model", "stream", "open_event")
    serializer_class = MachineModelSerializer
    filterset_class = MachineModelFilter
    search_fields = ["asset__tag", "asset__name", "reason"]
    ordering_fields = ["status", "fitted_at", "rows"]
