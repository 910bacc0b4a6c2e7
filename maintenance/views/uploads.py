"""What the pages of files do alike, whatever the files are of."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from assets.models import Asset
from maintenance.forms.documents import ACCEPTED
from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from opssight.core.http import UserRequest


def shown(request: UserRequest, files: Iterable[Attachment], *, is_sealed: bool) -> dict[str, Any]:
    """For the templates: photos, documents, and which of them the user may take away."""
    rows = list(files)
    return {
        "photos": [row for row in rows if row.thumbnail],
        "documents": [row for row in rows if not row.thumbnail],
        "removable": {
            row.pk
            for row in rows
            if not is_sealed and attachments.may_remove(user=request.user, attachment=row)
        },
        "accepted": ACCEPTED,
    }


def keep(
    request: UserRequest,
    uploads: "Iterable[UploadedFile[bytes]]",
    *,
    asset: Asset,
    work_order: WorkOrder | None = None,
) -> tuple[int, list[str]]:
    """How many were kept, and why the others were not."""
    kept, errors = 0, []
    for upload in uploads:
        try:
            attachments.attach(
                asset=asset,
                work_order=work_order,
                upload=upload,
                by=request.user,
                at=timezone.now(),
            )
        except ValidationError as error:
            errors += error.messages
        else:
            kept += 1
    return kept, errors


def added(kept: int) -> str:
    return "The file was added." if kept == 1 else f"{kept} files were added."


def tell(request: UserRequest, errors: Iterable[str]) -> None:
    """On the page that is shown next."""
    for text in errors:
        messages.error(request, text)
