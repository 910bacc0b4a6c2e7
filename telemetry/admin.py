from django.contrib import admin

from opssight.core.admin import OwnRelatedFilter, ReadOnlyTenantAdmin
from telemetry.models import QualityFault


@admin.register(QualityFault)
class QualityFaultAdmin(ReadOnlyTenantAdmin):
    list_display = ("started_at", "asset", "sensor", "kind", "ended_at", "found_at")
    list_filter = ("kind", ("asset__site", OwnRelatedFilter))
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "asset__name", "sensor__key")
    date_hierarchy = "started_at"
