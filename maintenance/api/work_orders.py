from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from maintenance import services
from maintenance.api import examples, filters
from maintenance.api.actions import (
    CompleteSerializer,
    WorkOrderReplaceSerializer,
    WorkOrderUpdateSerializer,
)
from maintenance.api.serializers import WorkOrderDetailSerializer, WorkOrderSerializer
from maintenance.models import WorkOrder
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet

NOT_OPEN = (
    "The work order is not in a state that allows this; perhaps somebody was faster. Read it again."
)
UPDATE = (Permission.WORK_ORDER_PLAN, Permission.WORK_ORDER_EXECUTE)
Status = WorkOrder.Status


@extend_schema_view(**describe("work order", "work orders"))
class WorkOrderViewSet(BulkMixin, mixins.CreateModelMixin, TenantViewSet):
    """Jobs for people: planned, started, completed. Completing one writes the history."""

    queryset = WorkOrder.objects.select_related("asset", "technician__user")
    serializer_class = WorkOrderSerializer
    pagination_class = Cursors
    write_permissions = {
        "create": (Permission.WORK_ORDER_PLAN,),
        "update": UPDATE,
        "partial_update": UPDATE,
        "bulk": UPDATE,
        "start": (Permission.WORK_ORDER_EXECUTE,),
        "complete": (Permission.WORK_ORDER_EXECUTE,),
        "cancel": (Permission.WORK_ORDER_PLAN,),
    }
    filterset_class = filters.WorkOrderFilter
    search_fields = ["number", "title", "description", "asset__tag", "asset__name"]
    ordering_fields = ["due_at", "created_at", "completed_at", "number", "title", "status"]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action in ("update", "partial_update"):
            return WorkOrderUpdateSerializer
        if self.action in ("list", "create"):
            return WorkOrderSerializer
        return WorkOrderDetailSerializer

    @extend_schema(
        summary="Create a work order",
        responses={201: WorkOrderSerializer},
        examples=[examples.CREATE_WORK_ORDER],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        self.require(Permission.WORK_ORDER_PLAN, values["asset"].organization_id)
        serializer.instance = services.create_work_order(by=self.user, at=timezone.now(), **values)

    @extend_schema(
        summary="Replace an open work order, or start, complete or cancel it by its status",
        description=(
            "With status `completed` this does exactly what `complete` does: it takes notes,"
            " labor_minutes, downtime_minutes and verdict, and leaves everything else as it is."
            " `in_progress` starts and `cancelled` cancels, after the plain fields were changed."
            " Read-only fields are ignored."
        ),
        request=WorkOrderReplaceSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[examples.COMPLETE_BY_STATUS],
    )
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._change(request, partial=False)

    @extend_schema(
        summary="Change an open work order, or start, complete or cancel it by its status",
        description="As PUT, with only the fields that change.",
        responses=WorkOrderDetailSerializer,
        examples=[examples.COMPLETE_BY_STATUS],
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._change(request, partial=True)

    @extend_schema(summary="Start a work order", request=None, responses=WorkOrderDetailSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str | None = None) -> Response:
        work_order: WorkOrder = self.get_object()
        with conflict_on(services.TransitionRefused, detail=NOT_OPEN):
            services.start(work_order=work_order, by=self.user, at=timezone.now())
        return self._answer()

    @extend_schema(
        summary="Complete a work order",
        description=(
            "In one step: the order is completed, the history gets its row, the asset its last"
            " maintenance, the schedule its next due date, and the recommendation and its"
            " anomalies are closed. An order that was not started is started at this moment."
            " Of two at once, one wins; the other is answered 409."
        ),
        request=CompleteSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[examples.COMPLETE],
    )
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str | None = None) -> Response:
        return self._complete(self.get_object(), request)

    @extend_schema(
        summary="Cancel a work order that was not started",
        request=None,
        responses=WorkOrderDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        work_order: WorkOrder = self.get_object()
        with conflict_on(services.TransitionRefused, detail=NOT_OPEN):
            services.cancel(work_order=work_order, by=self.user, at=timezone.now())
        return self._answer()

    def _change(self, request: Request, *, partial: bool) -> Response:
        work_order: WorkOrder = self.get_object()
        data: Any = request.data
        wanted = data.get("status") if hasattr(data, "get") else None
        kind = WorkOrderUpdateSerializer if partial else WorkOrderReplaceSerializer
        body = kind(work_order, data=data, partial=partial, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        if wanted == Status.COMPLETED:
            self.require(Permission.WORK_ORDER_EXECUTE, work_order.organization_id)
            return self._complete(work_order, request)
        with (
            conflict_on(services.TransitionRefused, detail=NOT_OPEN),
            transaction.atomic(),
        ):
            self._edit(work_order, body.changes())
            self._move(work_order, body.validated_data.get("status", work_order.status))
        return self._answer()

    def _edit(self, work_order: WorkOrder, changes: dict[str, Any]) -> None:
        if not work_order.is_open:
            raise services.TransitionRefused("not_open", NOT_OPEN)
        if not changes:
            return
        self.require(Permission.WORK_ORDER_PLAN, work_order.organization_id)
        # One statement, so that it cannot come after a completion of the same moment.
        if not WorkOrder.objects.open().filter(pk=work_order.pk).update(**changes):
            raise services.TransitionRefused("not_open", NOT_OPEN)

    def _move(self, work_order: WorkOrder, status: str) -> None:
        if status == work_order.status:
            return
        if status == Status.IN_PROGRESS:
            self.require(Permission.WORK_ORDER_EXECUTE, work_order.organization_id)
            services.start(work_order=work_order, by=self.user, at=timezone.now())
        elif status == Status.CANCELLED:
            self.require(Permission.WORK_ORDER_PLAN, work_order.organization_id)
            services.cancel(work_order=work_order, by=self.user, at=timezone.now())
        else:
            message = (
                f"A work order cannot be moved from {work_order.status} to {status}."
                " Use in_progress (start), completed (complete) or cancelled (cancel)."
            )
            raise ValidationError({"status": message}, code="rule")

    def _complete(self, work_order: WorkOrder, request: Request) -> Response:
        body = CompleteSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with conflict_on(services.TransitionRefused, detail=NOT_OPEN):
            services.complete(
                work_order=work_order, by=self.user, at=timezone.now(), outcome=body.outcome()
            )
        return self._answer()

    def _answer(self) -> Response:
        """The work order as it is now."""
        answer = WorkOrderDetailSerializer(self.get_object(), context=self.get_serializer_context())
        return Response(answer.data, status=status.HTTP_200_OK)
