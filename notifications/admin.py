from django.contrib import admin

from notifications.models import Notification, Webhook, WebhookDelivery
from opssight.accounts.permissions import Permission
from opssight.core.admin import ReadOnlyTenantAdmin


@admin.register(Notification)
class NotificationAdmin(ReadOnlyTenantAdmin):
    """The outbox of everybody, so for admins only."""

    view_permission = Permission.ORGANIZATION_EDIT
    list_display = ("created_at", "recipient", "event", "subject", "delivered_at", "read_at")
    list_filter = ("event",)
    list_select_related = ("recipient",)
    search_fields = ("subject", "recipient__username")
    date_hierarchy = "created_at"


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyTenantAdmin):
    """To look at; their own page changes them, which shows a secret once."""

    view_permission = Permission.INTEGRATION_EDIT
    list_display = ("name", "url", "paused_reason", "failing_since", "created_at")
    list_filter = ("paused_reason",)
    search_fields = ("name", "url")
    exclude = ("organization", "secret", "previous_secret")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyTenantAdmin):
    view_permission = Permission.INTEGRATION_EDIT
    list_display = ("created_at", "webhook", "event", "state", "tries", "last_status", "last_error")
    list_filter = ("state",)
    list_select_related = ("webhook", "event")
    search_fields = ("webhook__name", "event__event", "last_error")
    date_hierarchy = "created_at"
