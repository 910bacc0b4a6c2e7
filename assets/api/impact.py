"""What stops with an asset: its part of the graph, as the caller may see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from assets.impact import Effect
from assets.models import Asset
from assets.queries.impact import impact_of

KINDS = ("feeds", "powers", "controls", "contains", "part_of")


class EffectSerializer(serializers.Serializer[Any]):
    asset = serializers.IntegerField()
    tag = serializers.CharField()
    name = serializers.CharField()
    criticality = serializers.IntegerField(help_text="1 to 5.")
    depth = serializers.IntegerField(help_text="Number of relationships between the two.")
    kind = serializers.ChoiceField(choices=KINDS, help_text="Of the last relationship on the way.")
    backup = serializers.IntegerField(
        allow_null=True, help_text="Id of the unit that takes over for it."
    )
    impaired = serializers.BooleanField(
        help_text="The whole that a lost part belongs to: it may run on."
    )


class ImpactSerializer(serializers.Serializer[Any]):
    backup = serializers.IntegerField(
        allow_null=True, help_text="Id of the unit that takes over when this asset stops."
    )
    downstream = EffectSerializer(many=True, help_text="What stops with it, nearest first.")
    upstream = EffectSerializer(many=True, help_text="Whose stop stops it, nearest first.")


class ImpactMixin(GenericViewSet[Any]):
    """`impact` of the assets."""

    @extend_schema(
        summary="What stops when this asset stops, and what stops it",
        description=(
            "Follows feeds, powers, controls and the tree of assets; a unit that backs an asset up"
            " and does not stop itself takes over. Assets that you may not see are left out."
        ),
        responses=ImpactSerializer,
    )
    @action(detail=True, methods=["get"])
    def impact(self, request: Request, pk: str | None = None) -> Response:
        asset: Asset = self.get_object()
        found = impact_of(asset.pk)
        ids = {one.asset for one in (*found.downstream, *found.upstream)}
        seen: QuerySet[Asset] = Asset.objects.for_user(request.user)
        known = seen.in_bulk(list(ids | {found.backup or 0} | _backups(found.downstream)))
        return Response(
            {
                "backup": found.backup if found.backup in known else None,
                "downstream": _rows(found.downstream, known),
                "upstream": _rows(found.upstream, known),
            }
        )


def _backups(found: Sequence[Effect]) -> set[int]:
    return {one.backup for one in found if one.backup is not None}


def _rows(found: Sequence[Effect], known: Mapping[int, Asset]) -> list[dict[str, Any]]:
    return [
        {
            "asset": one.asset,
            "tag": known[one.asset].tag,
            "name": known[one.asset].name,
            "criticality": known[one.asset].criticality,
            "depth": one.depth,
            "kind": one.kind,
            "backup": one.backup if one.backup in known else None,
            "impaired": one.impaired,
        }
        for one in found
        if one.asset in known
    ]
