"""Tokens (JWT): what is sent to get, renew and end them."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.serializers import TokenBlacklistSerializer, TokenRefreshSerializer

from opssight.accounts.authentication import SIGN_IN, SignInToken, check
from opssight.accounts.models import User
from opssight.accounts.services import end_sign_in


class Text(serializers.CharField):
    """A string; a number is refused instead of being written out."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class SignInSerializer(serializers.Serializer[Any]):
    username = Text(
        write_only=True, max_length=254, help_text="The user name or the e-mail address."
    )
    password = Text(
        write_only=True,
        max_length=4096,
        trim_whitespace=False,
        style={"input_type": "password"},
    )
    code = Text(
        write_only=True,
        required=False,
        max_length=32,
        help_text="The code of the authenticator app, or a recovery code: for accounts that have"
        " a second factor.",
    )
    access = serializers.CharField(read_only=True)
    refresh = serializers.CharField(read_only=True)


class RefreshSerializer(TokenRefreshSerializer):
    token_class = SignInToken

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        token = self.token_class(attrs["refresh"])
        user = User.objects.filter(pk=token.get("user_id")).first()
        if user is None:
            raise AuthenticationFailed("The account of this token is gone.", code="signed_out")
        check(token, user)
        return super().validate(attrs)


class SignOutSerializer(TokenBlacklistSerializer):
    token_class = SignInToken

    def validate(self, attrs: dict[str, Any]) -> dict[Any, Any]:
        answer = super().validate(attrs)
        key = self.token_class(attrs["refresh"], verify=False).get(SIGN_IN)
        if key:
            end_sign_in(key=key, at=timezone.now())
        return answer
