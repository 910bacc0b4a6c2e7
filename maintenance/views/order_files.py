"""The files of an order on its page: shown, added, taken away."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.documents import FilesForm
from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from maintenance.views import uploads
from maintenance.views.answers import stay
from opssight.core.http import UserRequest
from opssight.core.uploads import takes_files

TEMPLATE = "maintenance/order/files.html"


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


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def files(request: UserRequest, pk: int) -> HttpResponse:
    """The files; a POST keeps what is sent, and says of each other file why it does not."""
    row = get_object_or_404(WorkOrder.objects.for_user(request.user).select_related("asset"), pk=pk)
    if request.method != "POST":
        return _answer(request, row)
    if not attachments.may_attach(user=request.user, asset=row.asset, work_order=row):
        raise PermissionDenied
    form = FilesForm(request.POST, request.FILES, work_order=row)
    if not form.is_valid():
        return _refused(request, row, [str(text) for text in form.errors.get("file", [])])
    asset = form.cleaned_data.get("asset") or row.asset
    kept, errors = uploads.keep(request, form.cleaned_data["file"], asset=asset, work_order=row)
    if errors:
        return _refused(request, row, errors)
    return stay(request, row, _answer(request, row), uploads.added(kept))


@require_POST
@login_required
def remove(request: UserRequest, pk: int) -> HttpResponse:
    rows = Attachment.objects.for_user(request.user).exclude(work_order=None)
    attachment = get_object_or_404(rows.select_related("work_order__asset"), pk=pk)
    if not attachments.may_remove(user=request.user, attachment=attachment):
        raise PermissionDenied
    row = attachment.work_order
    assert row is not None  # noqa: S101 excluded above
    try:
        attachments.remove(attachment=attachment)
    except ValidationError as error:
        return _refused(request, row, error.messages, status=409)
    return stay(request, row, _answer(request, row), f"{attachment.name} was removed.")


def _refused(
    request: UserRequest, row: WorkOrder, errors: list[str], *, status: int = 422
) -> HttpResponse:
    if request.htmx:
        return _answer(request, row, errors=errors, status=status)
    uploads.tell(request, errors)
    return redirect(row.get_absolute_url())


def _answer(
    request: UserRequest, row: WorkOrder, *, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    parts = {"work_order": row, "file_errors": errors or [], **context(request, row)}
    return render(request, TEMPLATE, parts, status=status)
