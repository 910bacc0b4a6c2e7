"""What was booked in the store: movements, each added by what was done."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.api.parts import expanded_part
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import Part, StockMovement, WorkOrder
from maintenance.services import store
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import CharField, DecimalField, RelatedText
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet

USE = (Permission.WORK_ORDER_EXECUTE, Permission.STORE_EDIT)
SMALLEST = Decimal("0.001")


class StockMovementSerializer(TenantSerializer[StockMovement]):
    part_number = serializers.CharField(source="part.number", read_only=True)
    work_order_number = RelatedText(source="work_order.number")
    by_name = serializers.CharField(source="by.__str__", read_only=True)

    class Meta:
        model = StockMovement
        fields = [
            "id",
            "part",
            "part_number",
            "kind",
            "quantity",
            "unit_cost",
            "work_order",
            "work_order_number",
            "note",
            "at",
            "by",
            "by_name",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"part": expanded_part(), "work_order": expanded_work_order()}


class BookingSerializer(serializers.Serializer[None]):
    part = TenantRelatedField(queryset=Part.objects.all(), help_text="Id of the part.")
    note = CharField(required=False, default="", allow_blank=True, max_length=300)


class ReceiveSerializer(BookingSerializer):
    quantity = DecimalField(max_digits=12, decimal_places=3, min_value=SMALLEST)
    unit_cost = DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=0,
        required=False,
        help_text="Of one, from now on. Left out: as before.",
    )


class CountSerializer(BookingSerializer):
    counted = DecimalField(
        max_digits=12, decimal_places=3, min_value=0, help_text="What lies there."
    )


class UseSerializer(BookingSerializer):
    work_order = TenantRelatedField(
        queryset=WorkOrder.objects.all(), help_text="Id of the work order."
    )
    quantity = DecimalField(max_digits=12, decimal_places=3, min_value=SMALLEST)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        part: Part = attrs["part"]
        if part.organization_id != attrs["work_order"].organization_id:
            text = f"Id {part.pk} does not exist in the organization of the work order."
            raise serializers.ValidationError({"part": text}, code="does_not_exist")
        return attrs


class ReturnAnswer(serializers.Serializer[Any]):
    movements = StockMovementSerializer(
        many=True, help_text="One for each price that the parts were charged at."
    )


class StockMovementFilter(FilterSet):  # type: ignore[misc]
    part = IdFilter(label="Id of the part.")
    work_order = IdFilter(label="Id of the work order.")
    by = IdFilter(label="Id of the user who booked it.")
    kind = MultipleChoiceFilter(choices=StockMovement.Kind.choices)
    after = UtcDateTimeFilter("at", lookup_expr="gte")
    before = UtcDateTimeFilter("at", lookup_expr="lt")

    class Meta:
        model = StockMovement
        fields: list[str] = []


def _example(name: str, **value: Any) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, request_only=True)]


@extend_schema_view(**describe("movement of the stock", "movements of the stock"))
class StockMovementViewSet(TenantViewSet):
    """What came into the store and went out. Rows are added by what is done, and never changed."""

    queryset = StockMovement.objects.select_related("part", "work_order", "by")
    serializer_class = StockMovementSerializer
    pagination_class = Cursors
    write_permissions = {
        "receive": (Permission.STORE_EDIT,),
        "count": (Permission.STORE_EDIT,),
        "issue": USE,
        "give_back": USE,
    }
    filterset_class = StockMovementFilter
    search_fields = ["part__number", "part__name", "work_order__number", "note"]
    ordering_fields = ["at", "quantity", "unit_cost"]

    @extend_schema(
        summary="Book in a delivery",
        description="Raises the stock. A `unit_cost` is from then on what the part costs.",
        request=ReceiveSerializer,
        responses={201: StockMovementSerializer},
        examples=_example("Ten seals", part=1, quantity="10", unit_cost="118.00"),
    )
    @action(detail=False, methods=["post"])
    def receive(self, request: Request) -> Response:
        values = self._body(ReceiveSerializer)
        self.require(Permission.STORE_EDIT, values["part"].organization_id)
        with in_words():
            movement = store.receive(by=self.user, at=timezone.now(), **values)
        return self._added(movement)

    @extend_schema(
        summary="Correct the stock to a count",
        description="Books the difference. Answers 204 when there is none.",
        request=CountSerializer,
        responses={201: StockMovementSerializer, 204: None},
        examples=_example("Seven lie there", part=1, counted="7"),
    )
    @action(detail=False, methods=["post"])
    def count(self, request: Request) -> Response:
        values = self._body(CountSerializer)
        self.require(Permission.STORE_EDIT, values["part"].organization_id)
        with in_words():
            movement = store.count(by=self.user, at=timezone.now(), **values)
        if movement is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return self._added(movement)

    @extend_schema(
        summary="Take parts for a work order",
        description=(
            "From the order's reservation first, at what the part costs at this moment. What is"
            " kept for other orders is not free: of two at once that want the last one, one gets"
            " it, and the other is answered 409 with the numbers."
        ),
        request=UseSerializer,
        responses={201: StockMovementSerializer},
        examples=_example("One seal", work_order=1, part=1, quantity="1"),
    )
    @action(detail=False, methods=["post"])
    def issue(self, request: Request) -> Response:
        values = self._body(UseSerializer)
        self.require_one(USE, values["work_order"].organization_id)
        with in_words():
            movement = store.issue(by=self.user, at=timezone.now(), **values)
        return self._added(movement)

    @extend_schema(
        summary="Give parts back from a work order",
        description="At what the order was charged for them: those taken last come back first.",
        request=UseSerializer,
        responses={201: ReturnAnswer},
        examples=_example("One was too many", work_order=1, part=1, quantity="1"),
    )
    @action(detail=False, methods=["post"], url_path="return", url_name="return")
    def give_back(self, request: Request) -> Response:
        values = self._body(UseSerializer)
        self.require_one(USE, values["work_order"].organization_id)
        with in_words():
            movements = store.give_back(by=self.user, at=timezone.now(), **values)
        answer = self.get_serializer(movements, many=True)
        return Response({"movements": answer.data}, status=status.HTTP_201_CREATED)

    def _body(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def _added(self, movement: StockMovement) -> Response:
        return Response(self.get_serializer(movement).data, status=status.HTTP_201_CREATED)
