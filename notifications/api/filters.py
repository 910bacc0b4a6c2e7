from django_filters.rest_framework import FilterSet, MultipleChoiceFilter

from notifications.models import Notification, Webhook, WebhookDelivery, WebhookEvent
from opssight.core.api.filters import IdFilter, TrueFalseFilter


class NotificationFilter(FilterSet):  # type: ignore[misc]
    unread = TrueFalseFilter("read_at", lookup_expr="isnull")
    event = MultipleChoiceFilter(choices=Notification.Event.choices)

    class Meta:
        model = Notification
        fields: list[str] = []


class WebhookFilter(FilterSet):  # type: ignore[misc]
    running = TrueFalseFilter("paused_at", lookup_expr="isnull")

    class Meta:
        model = Webhook
        fields: list[str] = []


class WebhookDeliveryFilter(FilterSet):  # type: ignore[misc]
    webhook = IdFilter("webhook")
    state = MultipleChoiceFilter(choices=WebhookDelivery.State.choices)
    event_type = MultipleChoiceFilter(
        "event__event", choices=[(WebhookEvent.TEST, "Test"), *Webhook.Event.choices]
    )

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []
