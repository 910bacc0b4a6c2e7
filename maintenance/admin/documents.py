"""Files and comments in the admin: to find and to read. Nobody rewrites what somebody else said."""

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from maintenance.admin.plan import BY_SITE
from maintenance.models import Attachment, Comment
from opssight.core.admin import ReadOnlyTenantAdmin


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyTenantAdmin):
    list_display = (
        "name",
        "kind",
        "shown_size",
        "asset",
        "work_order__number",
        "uploaded_at",
        "file_link",
    )
    list_filter = ("kind", "content_type", BY_SITE)
    list_select_related = ("asset", "work_order")
    search_fields = ("name", "work_order__number", "asset__tag", "asset__name")
    date_hierarchy = "uploaded_at"
    fields = (
        "name",
        "file_link",
        "kind",
        "content_type",
        "shown_size",
        "sha256",
        "asset",
        "work_order",
        "request",
        "uploaded_at",
        "uploaded_by",
    )

    @admin.display(description="Size", ordering="size")
    def shown_size(self, row: Attachment) -> str:
        return filesizeformat(row.size)

    @admin.display(description="File")
    def file_link(self, row: Attachment) -> SafeString:
        url = reverse("maintenance:file", args=[row.pk])
        return format_html('<a href="{}">Open<span hidden> {}</span></a>', url, row.name)


@admin.register(Comment)
class CommentAdmin(ReadOnlyTenantAdmin):
    list_display = ("at", "by", "work_order__number", "asset", "beginning")
    list_filter = (BY_SITE,)
    list_select_related = ("by", "work_order", "asset")
    search_fields = ("text", "by__username", "work_order__number", "asset__tag")
    date_hierarchy = "at"
    fields = ("work_order", "asset", "by", "at", "text")

    @admin.display(description="Text")
    def beginning(self, comment: Comment) -> str:
        return str(comment)
