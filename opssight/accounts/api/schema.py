"""How the OpenAPI file names the sign-in with a JWT."""

from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme


class TokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    target_class = "opssight.accounts.authentication.TokenAuthentication"
