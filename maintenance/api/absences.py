"""When technicians are away."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from maintenance.api.people import expanded_technician
from maintenance.models import Absence, WorkOrder
from maintenance.queries.planned import planned_in
from maintenance.services import absences
from opssight.accounts.permissions import Permission
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import REFUSED, CrudTenantViewSet

WRITE = (Permission.TECHNICIAN_EDIT, Permission.WORK_ORDER_EXECUTE)


class WorkInAbsenceSerializer(serializers.Serializer[Any]):
    """Work that is planned while its technician is away."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    title = serializers.CharField()


class AbsenceSerializer(TenantSerializer[Absence]):
    """`reason` is empty for those who may not write the absence."""

    organization_from = "technician"
    create_only = ("technician",)
    moving = ("work_orders",)

    technician_name = serializers.CharField(source="technician.user.__str__", read_only=True)
    work_orders = WorkInAbsenceSerializer(
        many=True, read_only=True, help_text="Open work orders that are planned in this time."
    )

    class Meta:
        model = Absence
        fields = [
            "id",
            "technician",
            "technician_name",
            "starts_at",
            "ends_at",
            "reason",
            "work_orders",
        ]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"technician": expanded_technician()}

    def to_representation(self, instance: Absence) -> dict[str, Any]:
        """Why somebody is away is shown to who may write it."""
        shown: dict[str, Any] = super().to_representation(instance)
        user = self.context["request"].user
        if "reason" in shown and not absences.may_write(user=user, technician=instance.technician):
            shown["reason"] = ""
        return shown


class AbsenceFilter(FilterSet):  # type: ignore[misc]
    technician = IdFilter(label="Id of the technician.")
    after = UtcDateTimeFilter("ends_at", lookup_expr="gt", label="Ends after this time.")
    before = UtcDateTimeFilter("starts_at", lookup_expr="lt", label="Begins before this time.")

    class Meta:
        model = Absence
        fields: list[str] = []


@extend_schema_view(**describe("absence", "absences", crud=True))
class AbsenceViewSet(CrudTenantViewSet):
    """When technicians are away. One's own; who keeps technicians: everybody's."""

    queryset = Absence.objects.select_related("technician__user", "technician__organization")
    serializer_class = AbsenceSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(
        ("create", "update", "partial_update", "destroy", "bulk"), WRITE
    )
    filterset_class = AbsenceFilter
    search_fields = [
        "technician__user__username",
        "technician__user__first_name",
        "technician__user__last_name",
    ]
    ordering_fields = ["starts_at", "ends_at"]

    def get_queryset(self) -> QuerySet[Any]:
        mine = WorkOrder.objects.for_user(self.request.user).open()
        theirs = mine.filter(technician=OuterRef("technician"))
        orders = planned_in(theirs, OuterRef("starts_at"), OuterRef("ends_at"))
        row = JSONObject(id="pk", number="number", title="title")
        rows: Any = super().get_queryset()
        found: QuerySet[Any] = rows.annotate(work_orders=ArraySubquery(orders.values(row=row)))
        return found

    @extend_schema(
        summary="Create an absence",
        description="One that overlaps another of the technician is refused. Over planned work it"
        " is taken: `work_orders` says which orders lie in it, and planners are told.",
        examples=[
            OpenApiExample(
                "A week of leave",
                value={
                    "technician": 1,
                    "starts_at": "2026-08-03T00:00:00Z",
                    "ends_at": "2026-08-10T00:00:00Z",
                    "reason": "Leave",
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        self._require(values["technician"])
        self._answer(serializer, absences.add(at=timezone.now(), **values))

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        row = serializer.instance
        assert isinstance(row, Absence)  # noqa: S101
        self._require(row.technician)
        values = serializer.validated_data
        self._answer(serializer, absences.change(absence=row, at=timezone.now(), **values))

    def perform_destroy(self, instance: Any) -> None:
        self._require(instance.technician)
        super().perform_destroy(instance)

    def _answer(self, serializer: BaseSerializer[Any], row: Absence) -> None:
        """The row with the work that lies in it."""
        serializer.instance = self.get_queryset().get(pk=row.pk)

    def _require(self, technician: Any) -> None:
        if not absences.may_write(user=self.user, technician=technician):
            raise PermissionDenied(REFUSED)
