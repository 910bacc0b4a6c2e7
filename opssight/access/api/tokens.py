"""Personal tokens and devices. A secret is in the answer that makes it, and never shown again."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.access.api import filters, serializers
from opssight.access.api.base import BulkManagedViewSet
from opssight.access.models import ApiToken
from opssight.access.services import devices, members, tokens
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Permission, known
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe

NEEDED = (Permission.INTEGRATION_EDIT,)
REVOKED = "This device was revoked in the meantime, and stays so. Make a new one."


@extend_schema_view(
    **describe("personal token", "your personal tokens"),
    bulk=extend_schema(summary="Revoke many of your personal tokens"),
)
class TokenViewSet(BulkManagedViewSet):
    """Your own API tokens: they do what you may do, at most the permissions given to them."""

    queryset = ApiToken.objects.filter(kind=ApiToken.Kind.PERSONAL, revoked_at=None)
    serializer_class = serializers.TokenSerializer
    needed = Permission.VIEW
    with_secret = True
    write_permissions = dict.fromkeys(("create", "destroy", "bulk"), (Permission.VIEW,))
    filterset_class = filters.TokenFilter
    search_fields = ["name", "prefix"]
    ordering_fields = ["created_at", "expires_at", "last_used_at", "name"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        fake = getattr(self, "swagger_fake_view", False)
        return rows if fake else rows.filter(user=self.user)

    @extend_schema(
        summary="Create a personal token",
        description="The answer has the secret, which is not shown again. A token cannot make one.",
        request=serializers.NewTokenSerializer,
        responses={201: serializers.MadeTokenSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.refuse_tokens()
        values = self.read(serializers.NewTokenSerializer)
        wanted = values.get("permissions")
        token, secret = tokens.create_token(
            user=self.user,
            organization_id=self.organization_id(values),
            name=values["name"],
            permissions=None if wanted is None else known(wanted),
            expires_at=values.get("expires_at"),
            at=timezone.now(),
        )
        return _made(serializers.MadeTokenSerializer, token, secret)

    @extend_schema(
        summary="Revoke a personal token",
        description="It no longer works, and the API shows it no more; the audit trail does.",
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        tokens.revoke_token(token=self.get_object(), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    **describe("device", "devices"),
    bulk=extend_schema(summary="Change and revoke many devices"),
)
class DeviceViewSet(BulkManagedViewSet):
    """Machines that send readings and states with a token of their own."""

    queryset = (
        ApiToken.objects.filter(kind=ApiToken.Kind.DEVICE, revoked_at=None)
        .select_related("user")
        .prefetch_related("user__memberships__access_scopes")
    )
    serializer_class = serializers.DeviceSerializer
    needed = Permission.INTEGRATION_EDIT
    with_secret = True
    write_permissions = dict.fromkeys(
        ("create", "partial_update", "destroy", "rotate", "bulk"), NEEDED
    )
    filterset_class = filters.TokenFilter
    search_fields = ["name", "prefix"]
    ordering_fields = ["created_at", "expires_at", "last_used_at", "name"]

    @extend_schema(
        summary="Create a device",
        description="The answer has the secret, which is not shown again.",
        request=serializers.NewDeviceSerializer,
        responses={201: serializers.MadeDeviceSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.refuse_tokens()
        values = self.read(serializers.NewDeviceSerializer)
        device, secret = devices.create_device(
            organization_id=self.organization_id(values),
            name=values["name"],
            coverage=serializers.ScopeSerializer().coverage_from(values, now=members.WHOLE),
            expires_at=values.get("expires_at"),
            by=self.user,
            at=timezone.now(),
        )
        return _made(serializers.MadeDeviceSerializer, device, secret)

    @extend_schema(
        summary="Rename a device, or change what it covers",
        request=serializers.DeviceChangeSerializer,
        responses=serializers.DeviceSerializer,
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row: ApiToken = self.get_object()
        values = self.read(serializers.DeviceChangeSerializer, partial=True)
        now = Membership.objects.filter(user=row.user_id).prefetch_related("access_scopes").first()
        coverage = members.coverage_of(now) if now else members.WHOLE
        with conflict_on(devices.DeviceRevoked, detail=REVOKED):
            devices.change_device(
                device=row,
                name=values.get("name", row.name),
                coverage=serializers.ScopeSerializer().coverage_from(values, now=coverage),
                by=self.user,
            )
        return self.show(row.pk)

    @extend_schema(
        summary="Revoke a device",
        description=(
            "Its token, its membership and its user end, and the API shows it no more; the audit"
            " trail does."
        ),
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with conflict_on(devices.DeviceRevoked, detail=REVOKED):
            devices.revoke_device(device=self.get_object(), by=self.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Give a device a new secret",
        description="The old one stops working at once. The new one is not shown again.",
        request=None,
        responses=serializers.MadeDeviceSerializer,
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str | None = None) -> Response:
        self.refuse_tokens()
        with conflict_on(devices.DeviceRevoked, detail=REVOKED):
            device, secret = devices.rotate_device(
                device=self.get_object(), by=self.user, at=timezone.now()
            )
        device.secret = secret  # type: ignore[attr-defined]
        return Response(serializers.MadeDeviceSerializer(device).data)


def _made(serializer: Any, token: ApiToken, secret: str) -> Response:
    token.secret = secret  # type: ignore[attr-defined]
    return Response(serializer(token).data, status=status.HTTP_201_CREATED)
