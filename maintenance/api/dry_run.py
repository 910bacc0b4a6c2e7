"""What schedules will ask for, without making anything."""

from datetime import date
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.models import MaintenanceSchedule
from maintenance.queries.schedules import organization_for
from maintenance.services import dry_run
from maintenance.services.occurrences import Why
from opssight.core.api.fields import UtcDateTimeField
from opssight.core.api.viewsets import TenantViewSet

PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day; left out: today."),
    OpenApiParameter(
        "to",
        OpenApiTypes.DATE,
        description=f"Last day; left out: 12 months. At most {dry_run.MOST_MONTHS} months.",
    ),
    OpenApiParameter(
        "organization",
        OpenApiTypes.INT,
        description="Id of the organization; left out: that of the site, the asset or the schedule,"
        " or else your oldest.",
    ),
    OpenApiParameter("site", OpenApiTypes.INT, description="Id of the site."),
    OpenApiParameter("asset", OpenApiTypes.INT, description="Id of the asset."),
    OpenApiParameter("schedule", OpenApiTypes.INT, description="Id of the schedule."),
]
OF = "organization"
FILTERS = {"site": "asset__site", "asset": "asset", "schedule": "pk"}
DESCRIPTION = (
    "Occurrences, labor by ISO week against what the active technicians can give, and parts by"
    " month against free stock, of the active schedules of one organization. At most"
    f" {dry_run.MOST_SCHEDULES:,} schedules and {dry_run.MOST_OCCURRENCES:,} occurrences: choose a"
    " site, an asset or fewer days for more. Nothing is made."
)


class ForecastQuery(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {
            **{name: serializers.DateField(required=False) for name in ("from", "to")},
            **{name: serializers.IntegerField(required=False) for name in (*FILTERS, OF)},
        }


class PlannedSerializer(serializers.Serializer[dry_run.Planned]):
    """One time that a schedule falls due."""

    schedule = serializers.IntegerField(source="occurrence.schedule")
    title = serializers.CharField(source="schedule.title")
    asset = serializers.IntegerField(source="occurrence.asset")
    asset_tag = serializers.CharField(source="schedule.asset.tag")
    due_at = UtcDateTimeField(source="occurrence.due_at")
    planned_at = UtcDateTimeField(help_text="As due_at; today, where that is past.")
    why = serializers.ChoiceField(choices=[why.value for why in Why], source="occurrence.why")
    projected = serializers.BooleanField(
        source="occurrence.projected", help_text="It may still move with use and completions."
    )
    absorbed_by = serializers.IntegerField(
        source="occurrence.absorbed_by",
        allow_null=True,
        help_text="Id of the larger schedule whose work includes this one.",
    )
    minutes = serializers.IntegerField(
        source="occurrence.minutes", help_text="Labor of all people; not counted when absorbed."
    )
    technician = serializers.IntegerField(source="schedule.technician_id", allow_null=True)
    work_order = serializers.SerializerMethodField(help_text="Id, where it was made already.")

    def get_work_order(self, row: dry_run.Planned) -> int | None:
        return row.work_order.pk if row.work_order else None


class WeekSerializer(serializers.Serializer[dry_run.Week]):
    week = serializers.CharField(source="name", help_text="ISO 8601, such as 2026-W10.")
    monday = serializers.DateField()
    occurrences = serializers.IntegerField()
    minutes = serializers.IntegerField(help_text="Labor that the schedules ask for.")
    capacity_minutes = serializers.IntegerField(help_text="Of all active technicians.")
    absent_minutes = serializers.IntegerField(help_text="What absences took from the capacity.")


class MonthSerializer(serializers.Serializer[Any]):
    month = serializers.CharField(help_text="Such as 2026-03.")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3)


class NeedSerializer(serializers.Serializer[dry_run.Need]):
    part = serializers.IntegerField(source="part.pk")
    number = serializers.CharField(source="part.number")
    name = serializers.CharField(source="part.name")
    unit = serializers.CharField(source="part.unit")
    free = serializers.DecimalField(
        max_digits=12, decimal_places=3, help_text="In stock now, and not kept for an order."
    )
    needed = serializers.DecimalField(max_digits=14, decimal_places=3, source="total")
    short = serializers.DecimalField(
        max_digits=14, decimal_places=3, help_text="Missing at the end, if none is ordered."
    )
    short_from = serializers.CharField(
        allow_null=True, help_text="The first month that stock does not cover."
    )
    months = serializers.SerializerMethodField()

    def get_months(self, need: dry_run.Need) -> list[dict[str, Any]]:
        rows = [{"month": name, "quantity": need.months[name]} for name in sorted(need.months)]
        return list(MonthSerializer(rows, many=True).data)


class DryRunSerializer(serializers.Serializer[dry_run.Plan]):
    schedules = serializers.IntegerField(help_text="How many schedules were looked at.")
    occurrences = PlannedSerializer(many=True, source="rows")
    weeks = WeekSerializer(many=True)
    parts = NeedSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        days = {
            "from": serializers.DateField(source="period.first"),
            "to": serializers.DateField(source="period.last"),
        }
        return {**days, **super().get_fields()}


class ForecastMixin(TenantViewSet):
    """`forecast` of the schedules."""

    @extend_schema(
        summary="Look ahead: occurrences, labor and parts",
        description=DESCRIPTION,
        parameters=PARAMETERS,
        responses=DryRunSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None, filter_backends=[])
    def forecast(self, request: Request) -> Response:
        query = ForecastQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        chosen = {FILTERS[name]: asked[name] for name in FILTERS if name in asked}
        rows = MaintenanceSchedule.objects.for_user(self.user).filter(**chosen)
        organization = organization_for(
            user=self.user,
            schedules=rows,
            asked=asked.get("organization"),
            is_cut=bool(chosen),
        )
        at = self.get_serializer_context()["at"]
        first: date | None = asked.get("from")
        period = dry_run.period_of(
            organization=organization, at=at, first=first, last=asked.get("to")
        )
        plan = dry_run.dry_run(organization=organization, schedules=rows, period=period, at=at)
        return Response(DryRunSerializer(plan).data)
