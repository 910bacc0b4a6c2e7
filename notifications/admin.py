from django.contrib import admin

from notifications.models import Notification
from opssight.core.admin import ReadOnlyTenantAdmin


@admin.register(Notification)
class NotificationAdmin(ReadOnlyTenantAdmin):
    list_display = ("created_at", "recipient", "event", "subject", "delivered_at", "read_at")
    list_filter = ("event",)
    list_select_related = ("recipient",)
    search_fields = ("subject", "recipient__username")
    date_hierarchy = "created_at"
