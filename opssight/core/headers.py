"""Headers of every answer that no library sets the way we want them."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class HeadersMiddleware:
    """Keeps answers out of other sites' pages and out of caches that people share."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        # Swagger UI's view asks for less, for a sign-in by OAuth that we do not offer.
        response["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
        response.setdefault("Cache-Control", "private, no-cache")
        return response
