"""The files of an asset itself on its page: manuals, drawings, name plates."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from assets.models import Asset
from maintenance.forms.documents import FilesForm
from maintenance.models import Attachment
from maintenance.services import attachments
from maintenance.views import uploads
from maintenance.views.answers import stay
from opssight.core.http import UserRequest
from opssight.core.tenancy import TenantQuerySet
from opssight.core.uploads import takes_files

TEMPLATE = "maintenance/asset_files.html"


@takes_files
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def files(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: the files; a POST keeps what is sent, and says of each other why it does not."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    if request.method != "POST":
        return _answer(request, asset)
    if not attachments.may_attach(user=request.user, asset=asset, work_order=None):
        raise PermissionDenied
    form = FilesForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, asset, [str(text) for text in form.errors.get("file", [])])
    kept, errors = uploads.keep(request, form.cleaned_data["file"], asset=asset)
    if errors:
        return _refused(request, asset, errors)
    return stay(request, asset, lambda: _answer(request, asset), uploads.added(kept))


@require_POST
@login_required
def remove(request: UserRequest, pk: int) -> HttpResponse:
    rows = _of_assets(request).select_related("asset")
    attachment = get_object_or_404(rows, pk=pk)
    if not attachments.may_remove(user=request.user, attachment=attachment):
        raise PermissionDenied
    asset = attachment.asset
    try:
        attachments.remove(attachment=attachment)
    except ValidationError as error:
        return _refused(request, asset, error.messages, status=409)
    return stay(request, asset, lambda: _answer(request, asset), f"{attachment.name} was removed.")


def _of_assets(request: UserRequest) -> TenantQuerySet[Attachment]:
    """Files of assets themselves: those of their orders and requests are shown there."""
    return Attachment.objects.for_user(request.user).filter(work_order=None, request=None)


def _refused(
    request: UserRequest, asset: Asset, errors: list[str], *, status: int = 422
) -> HttpResponse:
    if request.htmx:
        return _answer(request, asset, errors=errors, status=status)
    uploads.tell(request, errors)
    return redirect(asset.get_absolute_url())


def _answer(
    request: UserRequest, asset: Asset, *, errors: list[str] | None = None, status: int = 200
) -> HttpResponse:
    rows = _of_assets(request).filter(asset=asset).select_related("asset", "uploaded_by")
    may_add = attachments.may_attach(user=request.user, asset=asset, work_order=None)
    context = {
        **uploads.shown(request, rows, is_sealed=False),
        "asset": asset,
        "files_form": FilesForm() if may_add else None,
        "file_errors": errors or [],
    }
    return render(request, TEMPLATE, context, status=status)
