"""JWT that end: with the sign-in, with the password, and with "sign out everywhere"."""

from typing import Any, Self, cast
from uuid import uuid4

from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.tokens import RefreshToken, Token

from opssight.accounts.models import EndedSignIn, User

VERSION, SIGN_IN = "token_version", "sign_in"
ENDED = "This sign-in has ended. Sign in again."


class SignInToken(RefreshToken):
    """A refresh token that knows its sign-in; its access tokens inherit the claims."""

    @classmethod
    def for_user(cls, user: Any) -> Self:
        token = cast(Self, super().for_user(user))
        token[VERSION] = user.token_version
        token[SIGN_IN] = uuid4().hex
        return token


class TokenAuthentication(JWTAuthentication):
    """`Authorization: Bearer <access>`; 401 once the user or the sign-in behind it is gone."""

    def get_user(self, validated_token: Token) -> Any:
        user = super().get_user(validated_token)
        assert isinstance(user, User)  # noqa: S101 AUTH_USER_MODEL
        check(validated_token, user)
        return user


def check(token: Token, user: User) -> None:
    """Raises AuthenticationFailed when the token's user or its sign-in was signed out since."""
    is_current = token.get(VERSION) == user.token_version
    if not is_current or EndedSignIn.objects.filter(key=token.get(SIGN_IN, "")).exists():
        raise AuthenticationFailed(ENDED, code="signed_out")
