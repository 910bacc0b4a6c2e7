"""What people say about work orders."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset
from maintenance.api.serializers import expanded_work_order
from maintenance.models import Comment, WorkOrder
from maintenance.services import comments
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import CharField
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import Conflict
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import REFUSED, TenantViewSet

WORK = (Permission.WORK_ORDER_PLAN, Permission.WORK_ORDER_EXECUTE)


class CommentSerializer(TenantSerializer[Comment]):
    """What somebody said about a work order. It can be taken back, not changed."""

    organization_from = "work_order"

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    text = CharField(
        max_length=comments.LONGEST,
        help_text="`@name` tells the member with this user name, if they may see the asset.",
    )
    by_name = serializers.CharField(source="by.__str__", read_only=True)

    class Meta:
        model = Comment
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "text",
            "mentions",
            "at",
            "by",
            "by_name",
        ]
        read_only_fields = ["asset", "mentions", "at", "by"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "work_order": expanded_work_order()}


class CommentFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the asset.")
    by = IdFilter(label="Id of the user who wrote it.")
    mentions = IdFilter(method="filter_mentions", label="Id of a user whom it mentions.")
    after = UtcDateTimeFilter("at", lookup_expr="gte")
    before = UtcDateTimeFilter("at", lookup_expr="lt")

    class Meta:
        model = Comment
        fields: list[str] = []

    def filter_mentions(
        self, queryset: QuerySet[Comment], name: str, value: int
    ) -> QuerySet[Comment]:
        return queryset.filter(mentions__contains=[value])


@extend_schema_view(**describe("comment", "comments"))
class CommentViewSet(BulkMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, TenantViewSet):
    """What people say about work orders."""

    queryset = Comment.objects.select_related("asset", "work_order", "by")
    serializer_class = CommentSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(("create", "destroy", "bulk"), WORK)
    filterset_class = CommentFilter
    search_fields = ["text", "work_order__number"]
    ordering_fields = ["at"]

    @extend_schema(
        summary="Comment on a work order",
        description="Each member it mentions is notified once, if they may see the asset.",
        responses={201: CommentSerializer},
        examples=[
            OpenApiExample(
                "Ask a planner",
                value={"work_order": 1, "text": "@planner the seal is worn too. Order one?"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        order: WorkOrder = serializer.validated_data["work_order"]
        if not comments.may_comment(user=self.user, organization_id=order.organization_id):
            raise exceptions.PermissionDenied(REFUSED)
        serializer.instance = comments.say(
            work_order=order,
            text=serializer.validated_data["text"],
            by=self.user,
            at=timezone.now(),
        )

    @extend_schema(
        summary="Take a comment back",
        description="One's own, within an hour. The audit trail keeps what it said.",
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Comment) -> None:
        try:
            comments.take_back(comment=instance, by=self.user, at=timezone.now())
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from error
