"""`Idempotency-Key` of a POST: the same key is answered the same, and has exactly one effect."""

import hashlib
import json

from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from opssight.core.api.problems import Conflict
from opssight.core.uploads import sends_files
from opssight.idempotency import services

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("ETag", "Location")
LONGEST_KEY = 255


class InvalidKey(exceptions.APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = "Send an Idempotency-Key of 1 to 255 visible ASCII characters."
    default_code = "idempotency_key_invalid"


class KeyReused(exceptions.APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was sent before with another address or body. Use a new key."
    )
    default_code = "idempotency_key_reused"


class StillRunning(Conflict):
    default_detail = (
        "The first request with this Idempotency-Key is not answered yet. Send it again later."
    )
    default_code = "idempotency_in_progress"
    wait = 5
    """Seconds; REST framework sends them as Retry-After."""


def _body_of(request: HttpRequest) -> bytes:
    """What the request sends. Of a form with files its parts: what divides them is random."""
    if not sends_files(request):
        return request.body
    try:
        fields = sorted((name, values) for name, values in request.POST.lists())
        files = [
            (name, file.name, hashlib.file_digest(file, "sha256").hexdigest())
            for name, sent in sorted(request.FILES.lists())
            for file in sent
        ]
    except MultiPartParserError as error:
        raise exceptions.ParseError from error
    return json.dumps([fields, files]).encode()


class Keyed:
    """One POST with a key. Read its body here, before anything else consumes it."""

    def __init__(self, request: HttpRequest) -> None:
        self.key = request.headers[HEADER]
        if not (
            1 <= len(self.key) <= LONGEST_KEY and self.key.isascii() and self.key.isprintable()
        ):
            raise InvalidKey
        said = f"{request.method}\n{request.get_full_path()}\n{request.content_type}\n"
        self.fingerprint = hashlib.sha256(said.encode() + _body_of(request)).hexdigest()

    def replay(self, user_id: int) -> Response | None:
        """The kept answer, or None: then this request is the first, and must be `closed`."""
        try:
            kept = services.claim(
                user_id=user_id, key=self.key, fingerprint=self.fingerprint, at=timezone.now()
            )
        except services.KeyReused as error:
            raise KeyReused from error
        except services.StillRunning as error:
            raise StillRunning from error
        except services.Unreadable as error:
            raise Conflict(
                "This was done before, but its answer can no longer be read. Read the row instead."
            ) from error
        if kept is None:
            return None
        data = json.loads(kept.body) if kept.body else None
        return Response(data, status=kept.status, headers={**kept.headers, REPLAYED: "true"})

    def close(self, user_id: int, response: Response) -> None:
        """Keep the answer with the effect; a refusal had none, and may be tried again."""
        if response.status_code >= status.HTTP_400_BAD_REQUEST:
            services.drop(user_id=user_id, key=self.key)
            return
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        body = b"" if response.data is None else JSONRenderer().render(response.data)
        services.keep(
            user_id=user_id,
            key=self.key,
            answer=services.Kept(response.status_code, headers, body),
        )
