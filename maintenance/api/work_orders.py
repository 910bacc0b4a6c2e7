from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
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
from maintenance.api.dispatch import DISPATCH_PERMISSIONS, DispatchMixin
from maintenance.api.moves import EITHER, EXECUTE, MOVE_PERMISSIONS, PLAN, Moves
from maintenance.api.outages import OutageMixin
from maintenance.api.refusals import in_words
from maintenance.api.serializers import (
    WorkOrderCreateSerializer,
    WorkOrderDetailSerializer,
    WorkOrderSerializer,
)
from maintenance.models import Technician, WorkOrder
from maintenance.services import course, dispatch, levels, links, moments
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import Conflict
from opssight.core.api.schema import describe

Status = WorkOrder.Status


@extend_schema_view(**describe("work order", "work orders"))
class WorkOrderViewSet(BulkMixin, mixins.CreateModelMixin, OutageMixin, DispatchMixin, Moves):
    """Jobs for people: planned, started, completed. Completing one writes the history."""

    queryset = WorkOrder.objects.select_related("asset", "technician__user")
    serializer_class = WorkOrderSerializer
    pagination_class = Cursors
    write_permissions = {
        **MOVE_PERMISSIONS,
        **DISPATCH_PERMISSIONS,
        "create": PLAN,
        "update": EITHER,
        "partial_update": EITHER,
        "bulk": EITHER,
        "complete": EXECUTE,
        "share_outage": PLAN,
    }
    filterset_class = filters.WorkOrderFilter
    search_fields = ["number", "title", "description", "asset__tag", "asset__name"]
    ordering_fields = ["due_at", "created_at", "completed_at", "number", "title", "status"]

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        kinds: dict[str, type[BaseSerializer[Any]]] = {
            "update": WorkOrderUpdateSerializer,
            "partial_update": WorkOrderUpdateSerializer,
            "list": WorkOrderSerializer,
            "create": WorkOrderCreateSerializer,
        }
        return kinds.get(self.action, WorkOrderDetailSerializer)

    @extend_schema(
        summary="Create a work order",
        description="With a job plan, its checklist and its parts are copied, and what it says"
        " fills what is left out. With a technician it is scheduled, as a draft it is to be"
        " approved.",
        responses={201: WorkOrderSerializer},
        examples=[examples.CREATE_WORK_ORDER],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        self.require(Permission.WORK_ORDER_PLAN, values["asset"].organization_id)
        parent = values.pop("parent", None)
        with in_words():
            made = services.create_work_order(by=self.user, at=timezone.now(), **values)
            if parent is not None:
                made = links.set_parent(work_order=made, parent=parent)
        serializer.instance = made

    @extend_schema(
        summary="Replace an open work order, or move it by its status",
        description=(
            "With status `completed` this does exactly what `complete` does: it takes its body,"
            " and leaves everything else as it is. Any other status is a move of the table, made"
            " after the plain fields were changed; `notes` is its note. Read-only fields are"
            " ignored."
        ),
        request=WorkOrderReplaceSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[examples.COMPLETE_BY_STATUS],
    )
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._change(request, partial=False)

    @extend_schema(
        summary="Change an open work order, or move it by its status",
        description="As PUT, with only the fields that change. A technician gets the order as by"
        " `assign`: an approved one becomes scheduled, and the technician is told.",
        responses=WorkOrderDetailSerializer,
        examples=[examples.COMPLETE_BY_STATUS],
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._change(request, partial=True)

    @extend_schema(
        summary="Complete a work order",
        description=(
            "In one step: the order is completed, the history gets a row for each asset that was"
            " served, the assets their last maintenance, the schedule its next due date, and the"
            " recommendations and their anomalies are closed. Labor and downtime that are typed"
            " here end now; the downtime is written into the uptime ledger, or what the ledger has"
            " at that time is linked. An order that was not started is started at this moment. Of"
            " two at once, one wins; the other is answered 409, as is one for which something is"
            " missing."
        ),
        request=CompleteSerializer,
        responses=WorkOrderDetailSerializer,
        examples=[examples.COMPLETE],
    )
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str | None = None) -> Response:
        return self._complete(self.get_object(), request)

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
        with in_words():
            self._edit(work_order, body.changes())
            status = body.validated_data.get("status", work_order.status)
            # Who was given the order by the same request may have scheduled it.
            now = course.lock(work_order)
            if status not in (work_order.status, now.status):
                self.make_move(now, status, body.validated_data.get("notes", "")[:300])
        return self.answer()

    def _edit(self, work_order: WorkOrder, changes: dict[str, Any]) -> None:
        locked = course.lock_open(work_order)
        if not changes:
            return
        self.require(Permission.WORK_ORDER_PLAN, work_order.organization_id)
        if "parent" in changes:
            links.set_parent(work_order=locked, parent=changes.pop("parent"))
        plain = {name: value for name, value in changes.items() if name != "technician"}
        if plain:
            WorkOrder.objects.filter(pk=work_order.pk).update(**plain)
        if "priority" in changes:
            levels.renew(work_order=course.lock(work_order))
        if "technician" in changes:
            self._assign(course.lock(work_order), changes["technician"])

    def _assign(self, work_order: WorkOrder, technician: Technician | None) -> None:
        [outcome] = dispatch.assign(
            orders=[work_order], technician=technician, by=self.user, at=timezone.now()
        )
        if not outcome.done:
            raise Conflict(outcome.reason, field="technician")

    def _complete(self, work_order: WorkOrder, request: Request) -> Response:
        context = {**self.get_serializer_context(), "organization_id": work_order.organization_id}
        body = CompleteSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        with in_words():
            said = body.validated_data.get("happened_at")
            at = moments.happened(work_order=work_order, said=said, at=timezone.now())
            services.complete(work_order=work_order, by=self.user, at=at, outcome=body.outcome())
        return self.answer()
