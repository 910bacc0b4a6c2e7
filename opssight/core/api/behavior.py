"""What every endpoint does alike: versions, rate limits, idempotency, shapes, ETags."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.status import HTTP_304_NOT_MODIFIED, is_success
from rest_framework.utils.serializer_helpers import ReturnDict
from rest_framework.views import APIView

from opssight.accounts.models import User
from opssight.core import limits, walls
from opssight.core.api import etags, idempotency, shape, versions

ROWS = ("retrieve", "create", "update", "partial_update")


class ApiBehavior(APIView):
    """Base of the API's views.

    `rate_classes` names the class of rate limit of an action where the method does not say it;
    `deprecated` the actions that will end.
    """

    rate_classes: ClassVar[dict[str, str]] = {}
    deprecated: ClassVar[dict[str, versions.Deprecation]] = {}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As REST framework's, around `_respond`."""
        self.args, self.kwargs, self.sent = args, kwargs, request
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            response = self._respond(self.request)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(self.request, response, *args, **kwargs)
        return self.response

    def determine_version(self, request: Request, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        if getattr(self, "swagger_fake_view", False):
            return None, None
        scheme = versions.MediaTypeVersions()
        return scheme.determine_version(request), scheme

    def perform_authentication(self, request: Request) -> None:
        """Who signs in with a token is inside the walls from here on, like who has a session."""
        super().perform_authentication(request)
        user = request.user
        if not isinstance(user, User):
            return
        if request.auth or walls.current().user != user.pk:
            walls.enter(user)
        if self.rate_class != limits.TELEMETRY:
            limits.count(self.sent, "user", f"user:{user.pk}")
        token = getattr(request.auth, "pk", None)
        who = f"token:{token}" if token is not None else f"user:{user.pk}"
        limits.count(self.sent, self.rate_class, who)

    @property
    def rate_class(self) -> str:
        action = getattr(self, "action", None) or ""
        usual = "read" if self.request.method in SAFE_METHODS else "write"
        return self.rate_classes.get(action, "bulk" if action == "bulk" else usual)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        deprecation = self.deprecated.get(getattr(self, "action", None) or "")
        if deprecation is not None:
            versions.announce(final, deprecation)
        return final

    def row_tag(self, data: Any) -> str:
        """The first half of the ETag of a row with this data; empty where rows have no class."""
        serializer: Any = getattr(self, "serializer_class", None)
        return etags.of_row(data, etags.names_of(serializer)) if serializer else ""

    def _respond(self, request: Request) -> Response:
        has_key = request.method == "POST" and idempotency.HEADER in request.headers
        keyed = idempotency.Keyed(self.sent) if has_key else None
        self.initial(request, *self.args, **self.kwargs)
        user = request.user
        if keyed is None or not isinstance(user, User):
            return self._handle(request)
        replay = keyed.replay(user.pk)
        if replay is not None:
            return replay
        response = self._handle(request)
        keyed.close(user.pk, response)
        return response

    def _handle(self, request: Request) -> Response:
        name = (request.method or "").lower()
        handler = getattr(self, name, self.http_method_not_allowed)
        response: Any = handler(request, *self.args, **self.kwargs)
        if not isinstance(response, Response) or not is_success(response.status_code):
            return response  # type: ignore[no-any-return]
        return self.finish(request, response)

    def finish(self, request: Request, response: Response) -> Response:
        action = getattr(self, "action", None)
        whole = response.data
        row = self.row_tag(whole) if action in ROWS and isinstance(whole, ReturnDict) else ""
        if row and action == "create":
            response["Location"] = f"{request.path.rstrip('/')}/{whole['id']}/"
        context = {"request": request, **self._context()}
        response.data = shape.shaped(whole, request, context)
        if not row and action != "list":
            return response
        answer = etags.digest(response.data)
        tag = f"{row}-{answer}" if row else answer
        response["ETag"] = f'"{tag}"'
        patch_cache_control(response, private=True, no_cache=True)
        known = request.headers.get("If-None-Match", "")
        if request.method in SAFE_METHODS and etags.matches(known, tag):
            headers = {name: response[name] for name in ("ETag", "Cache-Control")}
            return Response(status=HTTP_304_NOT_MODIFIED, headers=headers)
        return response

    def _context(self) -> dict[str, Any]:
        make = getattr(self, "get_serializer_context", None)
        return make() if make is not None else {}
