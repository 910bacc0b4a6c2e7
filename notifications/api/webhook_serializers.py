from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notifications.models import Webhook, WebhookAttempt, WebhookDelivery
from notifications.services import webhooks
from notifications.services.addresses import UrlRefused, target_of
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer


class WebhookSerializer(TenantSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = [
            "id",
            "name",
            "url",
            "events",
            "paused_at",
            "paused_reason",
            "failing_since",
            "previous_secret_until",
            "created_at",
        ]
        read_only_fields = [
            "paused_at",
            "paused_reason",
            "failing_since",
            "previous_secret_until",
            "created_at",
        ]

    def validate_url(self, url: str) -> str:
        try:
            target_of(url)
        except UrlRefused as error:
            raise serializers.ValidationError(str(error), code="url_refused") from error
        return url

    def validate_events(self, events: list[str]) -> list[str]:
        return sorted(set(events))


class WebhookCreatedSerializer(WebhookSerializer):
    secret = serializers.SerializerMethodField(help_text="Signs every request. Shown only now.")
    shown: str = ""

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]

    def create(self, validated_data: dict[str, Any]) -> Webhook:
        webhook, self.shown = webhooks.create(
            organization=validated_data["organization_id"],
            name=validated_data["name"],
            url=validated_data["url"],
            events=validated_data["events"],
            by=self.context["request"].user,
            at=self.context["at"],
        )
        return webhook

    @extend_schema_field(serializers.CharField())
    def get_secret(self, webhook: Webhook) -> str:
        return self.shown


class RotatedSerializer(serializers.Serializer[dict[str, Any]]):
    secret = serializers.CharField(help_text="Signs every request. Shown only now.")
    previous_secret_until = serializers.DateTimeField(
        help_text="Until then requests carry a signature with the previous secret too."
    )


class WebhookAttemptSerializer(TenantSerializer[WebhookAttempt]):
    class Meta:
        model = WebhookAttempt
        fields = ["id", "number", "ended_at", "duration_ms", "status", "error", "answer"]
        read_only_fields = fields


class WebhookDeliverySerializer(TenantSerializer[WebhookDelivery]):
    event = serializers.UUIDField(source="event_id", read_only=True)
    event_type = serializers.CharField(source="event.event", read_only=True)
    webhook_name = serializers.CharField(source="webhook.name", read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "webhook",
            "webhook_name",
            "event",
            "event_type",
            "state",
            "tries",
            "created_at",
            "next_attempt_at",
            "delivered_at",
            "last_status",
            "last_error",
        ]
        read_only_fields = fields


class WebhookDeliveryDetailSerializer(WebhookDeliverySerializer):
    payload = serializers.DictField(
        source="event.payload", read_only=True, help_text="The body that is sent."
    )
    attempts = WebhookAttemptSerializer(many=True, read_only=True)

    class Meta(WebhookDeliverySerializer.Meta):
        fields = [*WebhookDeliverySerializer.Meta.fields, "payload", "attempts"]
        read_only_fields = fields


class ReplayAllSerializer(serializers.Serializer[None]):
    webhook = TenantRelatedField(
        queryset=Webhook.objects.all(),
        required=False,
        help_text="Only deliveries to this webhook; left out: to all of yours.",
    )


class ReplayedSerializer(serializers.Serializer[dict[str, int]]):
    replayed = serializers.IntegerField(help_text="How many were queued again.")
