"""What django-allauth, which signs people in, asks the product."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.http import HttpRequest
from django.urls import reverse

from opssight.accounts.encryption import cipher
from opssight.accounts.limits import client_address

PURPOSE = "opssight.accounts.mfa"

MISMATCH = (
    "The name and the password do not belong together. Check both; capital letters count in the"
    " password."
)
WRONG_CODE = "This code is not right, or was used already. Enter the one that is shown now."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are opened by an admin or by an invitation, never by a stranger."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": MISMATCH,
        "email_password_mismatch": MISMATCH,
        "incorrect_code": WRONG_CODE,
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your password.",
        "too_many_login_attempts": (
            "There were too many attempts. Wait five minutes, then try again."
        ),
        "rate_limited": "There were too many attempts. Wait a minute, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Failed passwords are counted by django-axes, here and in the API alike."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Signs in who is known, or who holds an invitation to the address that the provider vouches.

    The page of an invitation notes its address by `AccountAdapter.stash_verified_email`.
    """

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": "Set a password first: this is your only way to sign in.",
        "connected_other": "That account is connected to another person's account here.",
    }

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        invited = str(request.session.get("account_verified_email") or "").lower()
        vouched = {item.email.lower() for item in sociallogin.email_addresses if item.verified}
        return bool(invited) and invited in vouched

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:
        return reverse("account")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors; their secrets are encrypted with a key derived from `SECRET_KEY`."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": WRONG_CODE}

    def encrypt(self, text: str) -> str:
        return cipher(PURPOSE).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher(PURPOSE).decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002
        held = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return f"Passkey {held + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": context.request.get_host().partition(":")[0], "name": "OpsSight"}
