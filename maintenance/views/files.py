"""The files themselves, for whoever may see what they are of."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from maintenance.models import Attachment
from opssight.core.downloads import StorageUnavailable, send_file
from opssight.core.http import UserRequest


@require_safe
@login_required
def file(request: UserRequest, pk: int) -> HttpResponseBase:
    row = _row(request, pk)
    try:
        return send_file(
            request, row.file, name=row.name, content_type=row.content_type, etag=row.sha256
        )
    except StorageUnavailable:
        return _unavailable()


@require_safe
@login_required
def thumbnail(request: UserRequest, pk: int) -> HttpResponseBase:
    row = _row(request, pk)
    if not row.thumbnail:
        raise Http404
    try:
        return send_file(
            request,
            row.thumbnail,
            name=f"{row.name}.webp",
            content_type="image/webp",
            etag=f"{row.sha256}-small",
        )
    except StorageUnavailable:
        return _unavailable()


def _row(request: UserRequest, pk: int) -> Attachment:
    return get_object_or_404(Attachment.objects.for_user(request.user), pk=pk)


def _unavailable() -> HttpResponse:
    return HttpResponse(StorageUnavailable.text, status=503, content_type="text/plain")
