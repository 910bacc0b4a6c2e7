"""How tokens of people and devices sign in at the API."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from opssight.access.models import ApiToken
from opssight.access.services import tokens
from opssight.access.services.secrets import PREFIX
from opssight.accounts.limits import client_address
from opssight.accounts.models import User

REFUSED = "This token does not work: it is wrong, expired or revoked. Make a new one."


class ApiTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer ops_…` or `Token ops_…`; what does not begin so is left to others."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        secret = secret.strip()
        if scheme.lower() not in ("bearer", "token") or not secret.startswith(PREFIX):
            return None
        address = client_address(request._request)  # noqa: SLF001 REST framework's way to it
        try:
            token = tokens.sign_in(secret=secret, address=address, at=timezone.now())
        except tokens.TokenRefused as error:
            raise AuthenticationFailed(REFUSED) from error
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ApiTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "opssight.access.authentication.ApiTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "ops_…",
            "description": "A personal token or a device token, made under Access in the product.",
        }
