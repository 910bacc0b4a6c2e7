from rest_framework import serializers

from notifications.models import Notification
from opssight.core.api.serializers import TenantSerializer


class NotificationSerializer(TenantSerializer[Notification]):
    class Meta:
        model = Notification
        fields = ["id", "event", "subject", "body", "url", "created_at", "read_at"]
        read_only_fields = fields


class ReadAllSerializer(serializers.Serializer[dict[str, int]]):
    marked = serializers.IntegerField(help_text="How many were unread.")
