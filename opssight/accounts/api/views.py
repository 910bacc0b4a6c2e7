"""Tokens (JWT): signing in is limited, and asks for the second factor of those who have one."""

from typing import Any, cast

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from django.contrib.auth import authenticate, user_logged_in
from django.db import transaction
from django.http import HttpRequest
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenBlacklistView, TokenRefreshView, TokenViewBase

from opssight.accounts.api import schema  # noqa: F401 tells drf-spectacular
from opssight.accounts.api.serializers import (
    RefreshSerializer,
    SignInSerializer,
    SignOutSerializer,
)
from opssight.accounts.authentication import SignInToken
from opssight.accounts.limits import TooManyAttempts, count_attempt, is_locked, lockout_seconds
from opssight.accounts.models import User
from opssight.accounts.services import sign_out_everywhere


class RateLimited(TokenViewBase):
    """429 with Retry-After above `LOGIN_RATE` requests from one address to one endpoint."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        try:
            count_attempt(request, f"api.{type(self).__name__}")
        except TooManyAttempts as error:
            raise Throttled(wait=error.wait) from error

    def handle_exception(self, exc: Exception) -> Response:
        """Keep what was written while refusing, such as the audit trail's entry.

        The handler rolls back the innermost transaction, which is this empty one.
        """
        with transaction.atomic():
            return super().handle_exception(exc)


@extend_schema(
    summary="Sign in: get an access and a refresh token",
    description=(
        "Send the access token as `Authorization: Bearer …`. It lasts 15 minutes. An account with"
        " a second factor is asked for `code` by a 401 with the code `code_required`. After ten"
        " failures in a row the name is locked for the address for 15 minutes (429)."
    ),
    request=SignInSerializer,
    responses=SignInSerializer,
    examples=[
        OpenApiExample(
            "The demo's planner",
            value={"username": "planner", "password": "opssight-demo"},
            request_only=True,
        )
    ],
)
class SignIn(RateLimited):
    serializer_class = SignInSerializer

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        sent = self.get_serializer(data=request.data)
        sent.is_valid(raise_exception=True)
        values = sent.validated_data
        # Django's own request, on which django-axes leaves its marks.
        plain = request._request  # noqa: SLF001
        user = _of_password(plain, values["username"], values["password"])
        _ask_for_code(user, values.get("code", ""))
        user_logged_in.send(sender=User, request=plain, user=user)
        token = SignInToken.for_user(user)
        return Response({"access": str(token.access_token), "refresh": str(token)})


def _of_password(request: HttpRequest, username: str, password: str) -> User:
    user = authenticate(request, username=username.strip(), password=password)
    if user is not None:
        return user
    if is_locked(request):
        raise Throttled(
            wait=lockout_seconds(),
            detail="There were too many failed attempts with this name from your address.",
        )
    raise AuthenticationFailed("The name and the password do not belong together.")


def _ask_for_code(user: User, code: str) -> None:
    """Raises AuthenticationFailed unless the code of the second factor is right, if there is one.

    Wrong codes are counted per person by allauth (5 in 5 minutes), together with the pages'.
    """
    if not get_adapter().is_mfa_enabled(user):
        return
    if not code:
        raise AuthenticationFailed(
            "This account has a second factor. Send its code as `code`; for a script, make an API"
            " token instead.",
            code="code_required",
        )
    form = AuthenticateForm(user=user, data={"code": code})
    if not form.is_valid():
        detail = " ".join(form.errors.get("code", ["This code is not right."]))
        raise AuthenticationFailed(detail, code="code_incorrect")
    form.authenticator.record_usage()


@extend_schema(
    summary="Get a new access token for a refresh token",
    description="The refresh token is replaced too; the old one is no longer valid.",
)
class Refresh(RateLimited, TokenRefreshView):
    serializer_class = RefreshSerializer


@extend_schema(
    summary="Sign out: end a sign-in",
    description="The refresh token and every access token of its sign-in are no longer valid.",
)
class SignOut(RateLimited, TokenBlacklistView):
    serializer_class = SignOutSerializer


class SignOutEverywhere(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="Sign out everywhere",
        description=(
            "Ends every session in a browser and every JWT of the signed-in user, the one that"
            " asks included. API tokens stay until they are revoked or expire."
        ),
        request=None,
        responses={204: OpenApiResponse(description="Every sign-in has ended.")},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        sign_out_everywhere(user=cast(User, request.user))
        return Response(status=status.HTTP_204_NO_CONTENT)
