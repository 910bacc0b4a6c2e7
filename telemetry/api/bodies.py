"""Bodies of readings: read within bounds, unpacked within bounds, and whole."""

import gzip
import zlib
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import ParseError

from opssight.core.uploads import LengthRequired, TooLarge

_GZIP = 31
"""For zlib: a gzip header, and the largest window."""


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def body_of(request: HttpRequest, stream: Stream | None = None) -> bytes:
    """What the request sends, unpacked; `stream`: where it is read, if not from the request.

    Raises TooLarge above `INGEST_MAX_BODY` bytes, packed or not, and ParseError for a body that
    ended early or is no gzip: a line that was cut off could be a reading with a wrong value.
    """
    body = _as_sent(request, stream)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    return unpacked(body) if encoding == "gzip" else body


def unpacked(body: bytes) -> bytes:
    """What a gzipped body holds. Raises ParseError and TooLarge."""
    limit = int(settings.INGEST_MAX_BODY)
    parts: list[bytes] = []
    size = 0
    try:
        while body:
            member = zlib.decompressobj(_GZIP)
            parts.append(member.decompress(body, limit - size + 1))
            size += len(parts[-1])
            if size > limit:
                raise _too_large()
            if not member.eof:
                raise ParseError("The gzipped body is not complete. Send it again.")
            body = member.unused_data.lstrip(b"\0")
    except (zlib.error, gzip.BadGzipFile) as error:
        raise ParseError("The body is not gzip, as Content-Encoding says.") from error
    return b"".join(parts)


def _as_sent(request: HttpRequest, stream: Stream | None) -> bytes:
    limit = int(settings.INGEST_MAX_BODY)
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if request.headers.get("Transfer-Encoding"):
        # Django reads nothing without a length; the server says whether it knows the end.
        if not request.META.get("wsgi.input_terminated"):
            raise LengthRequired
        stream, length = request.META["wsgi.input"], 0
    try:
        body = (stream or request).read(limit + 1)
    except OSError as error:
        raise ParseError("The body ended early. Send it again.") from error
    if len(body) > limit:
        raise _too_large()
    if len(body) < length:
        raise ParseError("The body ended early. Send it again.")
    return body


def _too_large() -> TooLarge:
    limit = int(settings.INGEST_MAX_BODY)
    return TooLarge(f"The body has more than {limit:,} bytes. Send less at once.")
