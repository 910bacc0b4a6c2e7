"""Tokens (JWT): signing in is limited by address, so that passwords cannot be tried out."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework_simplejwt.views import (
    TokenBlacklistView,
    TokenObtainPairView,
    TokenRefreshView,
    TokenViewBase,
)

from opssight.accounts.limits import TooManyAttempts, count_attempt


class RateLimited(TokenViewBase):
    """429 with Retry-After above `LOGIN_RATE` requests from one address to one endpoint."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        try:
            count_attempt(request, f"api.{type(self).__name__}")
        except TooManyAttempts as error:
            raise Throttled(wait=error.wait) from error


@extend_schema(
    summary="Sign in: get an access and a refresh token",
    description="Send the access token as `Authorization: Bearer …`. It lasts 15 minutes.",
    examples=[
        OpenApiExample(
            "The demo's planner",
            value={"username": "planner", "password": "opssight-demo"},
            request_only=True,
        )
    ],
)
class SignIn(RateLimited, TokenObtainPairView):
    pass


@extend_schema(
    summary="Get a new access token for a refresh token",
    description="The refresh token is replaced too; the old one is no longer valid.",
)
class Refresh(RateLimited, TokenRefreshView):
    pass


@extend_schema(
    summary="Sign out: make a refresh token invalid",
    description="Access tokens that were made from it last until their 15 minutes are over.",
)
class SignOut(RateLimited, TokenBlacklistView):
    pass
