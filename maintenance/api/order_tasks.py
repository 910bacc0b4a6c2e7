"""Tasks that are put on an order itself: what is asked for, not the answers."""

from typing import Any

from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import OfAsset, expanded_asset, expanded_sensor
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import AnswerKind, WorkOrder, WorkOrderTask
from maintenance.services import order_tasks
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import RelatedText
from opssight.core.api.filters import IdFilter, TrueFalseFilter
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import REFUSED, TenantViewSet

WRITE = (Permission.WORK_ORDER_PLAN, Permission.WORK_ORDER_EXECUTE)
WHO = (
    "Planners, and the technician who does the work. What is left out here does not count for this"
    " kind of answer: limits and unit of a number only, `sensor_key` of a reading."
)
ADD = OpenApiExample(
    "One more measurement",
    value={
        "work_order": 1,
        "text": "Clearance of the coupling",
        "kind": "number",
        "unit": "mm",
        "low": 2.5,
        "high": 4,
    },
    request_only=True,
)


class WorkOrderTaskSerializer(OfAsset, TenantSerializer[WorkOrderTask]):
    """A task at one asset of an order, and its answer."""

    organization_from = "work_order"
    create_only = ("work_order", "asset")

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    added_by_name = RelatedText(source="added_by.__str__")
    answered_by_name = RelatedText(source="answered_by.__str__")
    corrective_number = RelatedText(source="corrective.number")

    class Meta:
        model = WorkOrderTask
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "position",
            "text",
            "kind",
            "unit",
            "low",
            "high",
            "sensor",
            "sensor_key",
            "is_required",
            "opens_corrective",
            "added_by",
            "added_by_name",
            "outcome",
            "number",
            "answer",
            "photo",
            "answered_at",
            "answered_by",
            "answered_by_name",
            "corrective",
            "corrective_number",
        ]
        read_only_fields = [
            "sensor",
            "added_by",
            "outcome",
            "number",
            "answer",
            "photo",
            "answered_at",
            "answered_by",
            "corrective",
        ]
        extra_kwargs = {
            "asset": {"required": False, "help_text": "One of the order's. New: the leading one."},
            "position": {"min_value": 1, "help_text": "Its place, from 1. New: the last."},
        }

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "work_order": expanded_work_order(),
            "sensor": expanded_sensor(),
            "corrective": expanded_work_order(),
        }


class WorkOrderTaskFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor that a reading is written to.")
    outcome = MultipleChoiceFilter(choices=WorkOrderTask.Outcome.choices)
    kind = MultipleChoiceFilter(choices=AnswerKind.choices)
    is_required = TrueFalseFilter()

    class Meta:
        model = WorkOrderTask
        fields: list[str] = []


class WritesTasks(
    BulkMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    TenantViewSet,
):
    """What is asked for, changed while the order is open and the task is not answered."""

    write_permissions = dict.fromkeys(
        ("create", "update", "partial_update", "destroy", "bulk"), WRITE
    )

    @extend_schema(
        summary="Add a task to a work order",
        description=f"It counts like those of the job plan. {WHO}",
        examples=[ADD],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    @extend_schema(
        summary="Replace a task of a checklist",
        description="As the change of one; `position` moves it.",
    )
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)

    @extend_schema(
        summary="Change a task of a checklist",
        description="Until it is answered (409). `position` moves it, answered or not."
        " Technicians change what they added themselves, and move each.",
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().partial_update(request, *args, **kwargs)

    @extend_schema(
        summary="Remove a task from a work order",
        description="Until it is answered (409). Technicians remove what they added themselves.",
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = dict(serializer.validated_data)
        order: WorkOrder = values.pop("work_order")
        asset, place = values.pop("asset", None), values.pop("position", None)
        if not order_tasks.may_add(user=self.user, work_order=order):
            raise PermissionDenied(REFUSED)
        assets = [asset.pk] if asset else []
        with in_words():
            [task] = order_tasks.add(work_order=order, by=self.user, assets=assets, **values)
            if place is not None:
                order_tasks.move(task=task, place=place)
        serializer.instance = self.get_queryset().get(pk=task.pk)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        task = serializer.instance
        assert isinstance(task, WorkOrderTask)  # noqa: S101
        given = serializer.validated_data
        values = {name: value for name, value in given.items() if value != getattr(task, name)}
        place = values.pop("position", None)
        self._require_task(task, is_move=not values)
        with in_words():
            if values:
                order_tasks.change(task=task, **values)
            if place is not None:
                order_tasks.move(task=task, place=place)
        serializer.instance = self.get_queryset().get(pk=task.pk)

    def perform_destroy(self, instance: WorkOrderTask) -> None:
        self._require_task(instance)
        with in_words():
            order_tasks.remove(task=instance)

    def _require_task(self, task: WorkOrderTask, *, is_move: bool = False) -> None:
        may = (
            order_tasks.may_add(user=self.user, work_order=task.work_order)
            if is_move
            else order_tasks.may_change(user=self.user, task=task)
        )
        if not may:
            raise PermissionDenied(REFUSED)
