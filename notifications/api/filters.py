from django_filters.rest_framework import FilterSet, MultipleChoiceFilter

from notifications.models import Notification
from opssight.core.api.filters import TrueFalseFilter


class NotificationFilter(FilterSet):  # type: ignore[misc]
    unread = TrueFalseFilter("read_at", lookup_expr="isnull")
    event = MultipleChoiceFilter(choices=Notification.Event.choices)

    class Meta:
        model = Notification
        fields: list[str] = []
