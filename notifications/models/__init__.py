from notifications.models.inbox import Notification, NotificationQuerySet
from notifications.models.webhooks import (
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEvent,
)

__all__ = [
    "Notification",
    "NotificationQuerySet",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEvent",
]
