from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import services
from notifications.api.filters import NotificationFilter
from notifications.api.serializers import NotificationSerializer, ReadAllSerializer
from notifications.models import Notification
from opssight.accounts.permissions import Permission
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet


@extend_schema_view(**describe("notification", "your notifications"))
class NotificationViewSet(TenantViewSet):
    """Your own notifications; nobody else's."""

    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(("read", "read_all"), (Permission.VIEW,))
    filterset_class = NotificationFilter
    search_fields = ["subject", "body"]
    ordering_fields = ["created_at", "read_at"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        fake = getattr(self, "swagger_fake_view", False)
        return rows if fake else rows.filter(recipient=self.user)

    @extend_schema(
        summary="Mark a notification as read", request=None, responses=NotificationSerializer
    )
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str | None = None) -> Response:
        notification: Notification = self.get_object()
        services.mark_read(user=self.user, at=timezone.now(), pk=notification.pk)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Mark all your notifications as read",
        request=None,
        responses=ReadAllSerializer,
    )
    @action(detail=False, methods=["post"])
    def read_all(self, request: Request) -> Response:
        marked = services.mark_read(user=self.user, at=timezone.now())
        return Response(ReadAllSerializer({"marked": marked}).data)
