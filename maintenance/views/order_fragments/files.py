"""Photos and files of an order."""

from typing import Any

from maintenance.forms.documents import FilesForm
from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from maintenance.views import uploads
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    may_add = attachments.may_attach(
        user=request.user, asset=work_order.asset, work_order=work_order
    )
    takes_more = work_order.status not in attachments.SEALED
    files = (
        Attachment.objects.for_user(request.user)
        .filter(work_order=work_order)
        .select_related("asset", "uploaded_by")
        .order_by("-uploaded_at", "-pk")
    )
    return {
        **uploads.shown(request, files, is_sealed=work_order.status in attachments.PROVEN),
        "files_form": FilesForm(work_order=work_order) if may_add and takes_more else None,
    }
