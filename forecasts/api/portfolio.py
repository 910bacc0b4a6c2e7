"""What failures are expected to cost, and what a week's budget buys."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from assets.models import Asset
from forecasts.portfolio.costs import Spread
from forecasts.services.budget import Line, Spending, spend
from opssight.core.api.behavior import ApiBehavior

LARGEST_ID = 2**63 - 1
MOST = 10_000_000
USUAL_HOURS = 40
HORIZONS = (30, 90)


class WishSerializer(serializers.Serializer[Any]):
    days = serializers.ChoiceField(
        choices=HORIZONS, default=HORIZONS[0], help_text="Failures within so many days count."
    )
    budget = serializers.IntegerField(
        default=USUAL_HOURS, min_value=0, max_value=MOST, help_text="Of one week, in `unit`."
    )
    unit = serializers.ChoiceField(
        choices=["hours", "money"], default="hours", help_text="What the budget counts."
    )
    site = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="Id of a site; else all."
    )


class SpreadSerializer(serializers.Serializer[Spread]):
    """A cost in the organization's currency, over all the futures that were drawn."""

    mean = serializers.FloatField(min_value=0)
    standard_error = serializers.FloatField(source="error", min_value=0, help_text="Of the mean.")
    p10 = serializers.FloatField(min_value=0, help_text="10 % of the futures cost no more.")
    p90 = serializers.FloatField(min_value=0, help_text="90 % of the futures cost no more.")


class LineSerializer(serializers.Serializer[Line]):
    """Open work that would lower the risk of an asset."""

    kind = serializers.ChoiceField(source="work.kind", choices=["recommendation", "schedule"])
    id = serializers.IntegerField(source="work.pk", help_text="Of what `kind` says.")
    title = serializers.CharField(source="work.title")
    order = serializers.CharField(
        source="work.order", allow_blank=True, help_text="Number of its work order; empty: none."
    )
    asset = serializers.IntegerField(source="work.asset.pk")
    asset_tag = serializers.CharField(source="work.asset.tag")
    share = serializers.FloatField(
        source="work.share", min_value=0, max_value=1, help_text="Of the failures it prevents."
    )
    hours = serializers.FloatField(source="work.hours", min_value=0)
    hours_from = serializers.ChoiceField(
        source="work.hours_from", choices=["plan", "order", "schedule", "records", "assumption"]
    )
    cost = serializers.FloatField(
        source="work.cost", allow_null=True, min_value=0, help_text="Null: not known."
    )
    avoids = serializers.FloatField(min_value=0, help_text="Expected cost that it alone avoids.")
    gain = serializers.FloatField(help_text="That, less its own cost.")
    gain_per_unit = serializers.FloatField(source="per_unit", help_text="Per hour, or per money.")
    chosen = serializers.BooleanField(source="is_chosen", help_text="The budget should buy it.")
    why = serializers.CharField(allow_blank=True, help_text="Why it is left out.")


class PortfolioSerializer(serializers.Serializer[Spending]):
    days = serializers.IntegerField(min_value=1)
    budget = serializers.FloatField(min_value=0)
    draws = serializers.IntegerField(min_value=1, help_text="Futures that were drawn.")
    expected_failures = serializers.FloatField(min_value=0)
    without_work = SpreadSerializer(source="without")
    with_budget = SpreadSerializer(source="chosen")
    with_all_work = SpreadSerializer(source="everything")
    assets = serializers.SerializerMethodField(help_text="Rated assets that count.")
    assets_without_cost = serializers.SerializerMethodField(
        help_text="Ids of those of which no cost of a failure is known: they count with none."
    )
    bases = serializers.DictField(
        source="plant.bases",
        child=serializers.IntegerField(min_value=0),
        help_text="How many count with their life, a learned chance, the index of today.",
    )
    work = LineSerializer(source="lines", many=True, help_text="What to do first comes first.")

    def get_assets(self, found: Spending) -> int:
        return len(found.plant.assets)

    def get_assets_without_cost(self, found: Spending) -> list[int]:
        return [asset.pk for asset in found.plant.without_cost]


class Portfolio(ApiBehavior):
    """The expected cost of failures, without work and with what a week's budget buys."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="Compute what a week's budget buys",
        parameters=[WishSerializer],
        responses=PortfolioSerializer,
        filters=False,
    )
    def get(self, request: Request) -> Response:
        wanted = WishSerializer(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        wish = wanted.validated_data
        assets = Asset.objects.for_user(request.user)
        if "site" in wish:
            assets = assets.filter(site=wish["site"])
        found = spend(
            assets=assets,
            days=int(wish["days"]),
            budget=wish["budget"],
            money=wish["unit"] == "money",
            at=timezone.now(),
        )
        return Response(PortfolioSerializer(found).data)
