"""The files of an order on its page: shown, added, taken away."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.documents import FilesForm
from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from maintenance.views import uploads
from maintenance.views.order_page import changed, fragment
from opssight.core.http import UserRequest
from opssight.core.uploads import takes_files

NAME = "files"


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def files(request: UserRequest, pk: int) -> HttpResponse:
    """The files; a POST keeps what is sent, and says of each other file why it does not."""
    row = get_object_or_404(WorkOrder.objects.for_user(request.user).select_related("asset"), pk=pk)
    if request.method != "POST":
        return fragment(request, row, NAME)
    if not attachments.may_attach(user=request.user, asset=row.asset, work_order=row):
        raise PermissionDenied
    form = FilesForm(request.POST, request.FILES, work_order=row)
    if not form.is_valid():
        return _refused(request, row, [str(text) for text in form.errors.get("file", [])])
    asset = form.cleaned_data.get("asset") or row.asset
    kept, errors = uploads.keep(request, form.cleaned_data["file"], asset=asset, work_order=row)
    if errors:
        return _refused(request, row, errors)
    return changed(request, row, NAME, uploads.added(kept))


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
    return changed(request, row, NAME, f"{attachment.name} was removed.")


def _refused(
    request: UserRequest, row: WorkOrder, errors: list[str], *, status: int = 422
) -> HttpResponse:
    if request.htmx:
        return fragment(request, row, NAME, status=status, file_errors=errors)
    # Others of the same form may be kept: to load the page again must not send them again.
    uploads.tell(request, errors)
    return redirect(row.get_absolute_url())
