from django.contrib import admin

from notifications.models import Notification
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
