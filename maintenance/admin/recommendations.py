from django.contrib import admin

from maintenance.admin.plan import BY_SITE
from maintenance.models import Recommendation
from opssight.core.admin import ReadOnlyTenantAdmin


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyTenantAdmin):
    """To read: decisions are made on the recommendation's own page."""

    list_display = (
        "asset",
        "failure_mode",
        "source",
        "rank",
        "confidence",
        "urgency",
        "status",
        "suggested_due_at",
        "opened_at",
        "verdict",
    )
    list_filter = ("status", "source", "urgency", "verdict", BY_SITE)
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name", "failure_mode")
    date_hierarchy = "opened_at"
