"""Webhooks and their deliveries: for those who manage integrations, to read and to write."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications import tasks
from notifications.api import webhook_serializers as serializers
from notifications.api.filters import WebhookDeliveryFilter, WebhookFilter
from notifications.models import Webhook, WebhookDelivery
from notifications.services import webhooks
from opssight.accounts.permissions import Permission
from opssight.core.api.problems import Conflict
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import CrudTenantViewSet, TenantViewSet, edits

NEEDED = (Permission.INTEGRATION_EDIT,)
NOT_FAILED = "Only a failed delivery can be replayed. Read it again."


class ForIntegrators(TenantViewSet):
    """What only those may see who manage integrations: addresses and answers of other systems."""

    def permissions_for(self, request: Request) -> tuple[Permission, ...]:
        return NEEDED

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        fake = getattr(self, "swagger_fake_view", False)
        return rows if fake else rows.for_user(self.request.user, Permission.INTEGRATION_EDIT)  # type: ignore[no-any-return]


@extend_schema_view(**describe("webhook", "webhooks", crud=True))
class WebhookViewSet(ForIntegrators, CrudTenantViewSet):
    """Addresses that are sent events as they happen, signed. Deleting one deletes its deliveries.

    `docs/reference/webhooks.md` has the events, their bodies and how to check the signature.
    """

    queryset = Webhook.objects.all()
    serializer_class = serializers.WebhookSerializer
    write_permissions = edits(Permission.INTEGRATION_EDIT) | dict.fromkeys(
        ("rotate_secret", "test", "pause", "resume"), NEEDED
    )
    filterset_class = WebhookFilter
    search_fields = ["name", "url"]
    ordering_fields = ["name", "created_at", "paused_at", "failing_since"]

    def get_serializer_class(self) -> Any:
        created = self.action == "create"
        return serializers.WebhookCreatedSerializer if created else super().get_serializer_class()

    @extend_schema(
        summary="Create a webhook",
        description="The answer has the secret that signs its requests, which is not shown again.",
        request=serializers.WebhookSerializer,
        responses={201: serializers.WebhookCreatedSerializer},
        examples=[
            OpenApiExample(
                "Work orders to a planning system",
                value={
                    "name": "Planning system",
                    "url": "https://example.com/opssight",
                    "events": ["work_order.created", "work_order.completed"],
                },
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    @extend_schema(
        summary="Give a webhook a new secret",
        description="Requests are signed with both secrets for 24 hours.",
        request=None,
        responses=serializers.RotatedSerializer,
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str | None = None) -> Response:
        webhook, secret = webhooks.rotate_secret(webhook=self.get_object(), at=timezone.now())
        answer = {"secret": secret, "previous_secret_until": webhook.previous_secret_until}
        return Response(serializers.RotatedSerializer(answer).data)

    @extend_schema(
        summary="Send a test event",
        description="One try, at once, also to a paused webhook. Read the delivery for its end.",
        request=None,
        responses={202: serializers.WebhookDeliverySerializer},
    )
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str | None = None) -> Response:
        delivery = webhooks.send_test(webhook=self.get_object(), at=timezone.now())
        send_soon(delivery)
        answer = serializers.WebhookDeliverySerializer(
            delivery, context=self.get_serializer_context()
        )
        return Response(answer.data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Pause a webhook: events wait",
        request=None,
        responses=serializers.WebhookSerializer,
    )
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str | None = None) -> Response:
        webhooks.pause(webhook=self.get_object(), at=timezone.now(), reason=Webhook.Paused.BY_HAND)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Let a paused webhook go on, with what has waited",
        request=None,
        responses=serializers.WebhookSerializer,
    )
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        webhooks.resume(webhook=self.get_object(), at=timezone.now())
        return Response(self.get_serializer(self.get_object()).data)


@extend_schema_view(**describe("webhook delivery", "webhook deliveries"))
class WebhookDeliveryViewSet(ForIntegrators):
    """Each event on its way to a webhook. Failed ones, the dead letters, can be replayed."""

    queryset = WebhookDelivery.objects.select_related("webhook", "event")
    serializer_class = serializers.WebhookDeliverySerializer
    write_permissions = dict.fromkeys(("replay", "replay_all"), NEEDED)
    filterset_class = WebhookDeliveryFilter
    search_fields = ["webhook__name", "event__event", "last_error"]
    ordering_fields = ["created_at", "next_attempt_at", "delivered_at", "tries", "state"]

    def get_serializer_class(self) -> Any:
        one = self.action in ("retrieve", "replay")
        return (
            serializers.WebhookDeliveryDetailSerializer if one else super().get_serializer_class()
        )

    @extend_schema(
        summary="Send a failed delivery again",
        request=None,
        responses=serializers.WebhookDeliveryDetailSerializer,
    )
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str | None = None) -> Response:
        delivery: WebhookDelivery = self.get_object()
        if not webhooks.replay(
            deliveries=WebhookDelivery.objects.filter(pk=delivery.pk), at=timezone.now()
        ):
            raise Conflict(NOT_FAILED)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        operation_id="webhook_deliveries_replay_all_create",
        summary="Send all failed deliveries again",
        request=serializers.ReplayAllSerializer,
        responses=serializers.ReplayedSerializer,
        examples=[OpenApiExample("Of one webhook", value={"webhook": 1}, request_only=True)],
    )
    @action(detail=False, methods=["post"], url_path="replay")
    def replay_all(self, request: Request) -> Response:
        body = serializers.ReplayAllSerializer(
            data=request.data, context=self.get_serializer_context()
        )
        body.is_valid(raise_exception=True)
        rows = self.get_queryset()
        if webhook := body.validated_data.get("webhook"):
            rows = rows.filter(webhook=webhook)
        replayed = webhooks.replay(deliveries=rows, at=timezone.now())
        return Response(serializers.ReplayedSerializer({"replayed": replayed}).data)


def send_soon(delivery: WebhookDelivery) -> None:
    """Hand it to a worker once it is saved, instead of waiting for the next beat."""
    transaction.on_commit(
        partial(
            tasks.deliver_webhook.delay,
            organization_id=delivery.organization_id,
            webhook_id=delivery.webhook_id,
        ),
        robust=True,
    )
