"""The door for pages and admin, and the page where somebody looks after their own account."""

import logging
from collections.abc import Callable

from allauth.account.internal.decorators import login_not_required
from allauth.account.models import EmailAddress, Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import LoginView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import LoginWebAuthnView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from opssight.accounts.forms import PasskeySignInForm
from opssight.accounts.limits import count_attempt, lockout_seconds, too_many
from opssight.accounts.models import User
from opssight.accounts.services import sign_out_everywhere

logger = logging.getLogger(__name__)


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):  # type: ignore[misc]
    """The one door for pages and admin: 429 with Retry-After above `LOGIN_RATE` attempts."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        count_attempt(request, "login")
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


class PasskeySignIn(LoginWebAuthnView):  # type: ignore[misc]
    """Sign in with a passkey alone, and go on to the page that was asked for."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        count_attempt(request, "passkey")
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def form_valid(self, form: PasskeySignInForm) -> HttpResponse:
        key = form.cleaned_data["credential"]
        login = Login(user=key.user, redirect_url=get_next_redirect_url(self.request))
        answer: HttpResponse = perform_passwordless_login(self.request, key, login)
        return answer


def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send to an OpenID Connect provider's page."""
    return _unless_it_fails(openid_connect.login, request, provider_id)


def from_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sign in or connect who comes back from the provider."""
    return _unless_it_fails(openid_connect.callback, request, provider_id)


def _unless_it_fails(
    view: Callable[..., HttpResponse], request: HttpRequest, provider_id: str
) -> HttpResponse:
    """The view's answer, or a page that says so when the provider is down or talks nonsense."""
    try:
        return view(request, provider_id)
    except (RequestException, KeyError, ValueError) as error:
        logger.warning("The sign-in provider %r failed: %s", provider_id, error)
        provider = get_adapter().get_provider(request, provider_id)
        page: HttpResponse = render_authentication_error(request, provider, exception=error)
        return page


def locked(
    request: HttpRequest,
    response: HttpResponse | None,
    credentials: dict[str, object] | None,
) -> HttpResponse:
    """What django-axes answers when a name had too many failed attempts from this address."""
    if response is not None and response.status_code == 429:
        return response
    wait = lockout_seconds()
    context = {"minutes": -(-wait // 60)}
    return too_many(request, wait=wait, template="account/locked.html", context=context)


@require_GET
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Password, address, second factors, passkeys, connections, sessions: what is, what to do."""
    user = _user(request)
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    connected = SocialAccount.objects.filter(user=user).order_by("pk")
    kinds = Authenticator.Type
    sessions = UserSession.objects.purge_and_list(user)
    context = {
        "address": EmailAddress.objects.get_primary(user),
        "totp": next((item for item in factors if item.type == kinds.TOTP), None),
        "codes": next((item for item in factors if item.type == kinds.RECOVERY_CODES), None),
        "passkeys": [item.wrap() for item in factors if item.type == kinds.WEBAUTHN],
        "providers": get_adapter().list_providers(request),
        "connected": list(connected),
        "sessions": sorted(sessions, key=lambda item: item.last_seen_at, reverse=True),
    }
    return render(request, "account/security.html", context)


@require_POST
@login_required
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one session of one's own."""
    session = get_object_or_404(UserSession, pk=pk, user=_user(request))
    is_own = session.is_current()
    session.end()
    if is_own:
        logout(request)
        return redirect("login")
    messages.success(request, "The session was ended.")
    return redirect("account")


@require_POST
@login_required
def end_all(request: HttpRequest) -> HttpResponse:
    """End every session and token of one's own, this session too."""
    sign_out_everywhere(user=_user(request))
    logout(request)
    messages.success(request, "You are signed out everywhere. Sign in again to go on.")
    return redirect("login")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 only behind login_required
    return request.user
