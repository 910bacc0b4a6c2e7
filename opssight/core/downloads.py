"""Sends files: stored ones so that no browser runs what is in them, and such as are just made."""

from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

# Pictures and PDFs are shown; everything else is downloaded.
SHOWN = {"image/jpeg", "image/png", "image/webp", "application/pdf"}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Browsers show no PDF inside a sandbox of ours; they have one of their own for it.
POLICIES = {"application/pdf": f"{NOTHING}; object-src 'self'"}
SANDBOX = f"{NOTHING}; sandbox"


class StorageUnavailable(Exception):
    """The storage did not answer."""

    text = (
        "The file cannot be read now, because the storage does not answer."
        " Try again in a few minutes; if it stays so, tell an admin."
    )


def send_file(
    request: HttpRequest, stored: FieldFile, *, name: str, content_type: str, etag: str
) -> HttpResponseBase:
    """The file under this name, or 304 for who has it already.

    Raises Http404 where the storage has no such file, StorageUnavailable where it does not answer.
    """
    tag = f'"{etag}"'
    known: Any = get_conditional_response(request, etag=tag)
    if known is not None:
        return known  # type: ignore[no-any-return]
    response = FileResponse(
        _opened(stored),
        as_attachment=content_type not in SHOWN,
        filename=name,
        content_type=content_type,
    )
    response["ETag"] = tag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = POLICIES.get(content_type, SANDBOX)
    return response


def send_made(content: bytes, *, name: str, content_type: str) -> HttpResponse:
    """What was made for this one request, to be saved under this name."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _opened(stored: FieldFile) -> Any:
    """The file, ready to be read: a bucket's is fetched now, while the failure can be told."""
    try:
        file = stored.storage.open(stored.name or "", "rb")
        file.seek(0)
    except FileNotFoundError as error:
        raise Http404 from error
    except Exception as error:  # each storage has errors of its own
        raise StorageUnavailable from error
    return file
