"""Ending sign-ins, and letting somebody in again who lost their second factor."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import F
from rest_framework_simplejwt.settings import api_settings

from opssight.accounts.models import EndedSignIn, User


def sign_out_everywhere(*, user: User) -> None:
    """End every session and every JWT of the user, wherever they are."""
    User.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)
    user.refresh_from_db(fields=["token_version"])


def end_sign_in(*, key: str, at: datetime) -> None:
    """Make the access tokens of one sign-in invalid."""
    EndedSignIn.objects.get_or_create(key=key, defaults={"at": at})


def forget_ended_sign_ins(*, at: datetime) -> None:
    """Delete the notes of sign-ins whose last access token has expired by now anyway."""
    EndedSignIn.objects.filter(at__lt=at - api_settings.ACCESS_TOKEN_LIFETIME).delete()


@transaction.atomic
def remove_second_factors(*, user: User) -> int:
    """Take away app, passkeys and recovery codes, and end every sign-in. Returns how many."""
    _, removed = Authenticator.objects.filter(user=user).delete()
    sign_out_everywhere(user=user)
    return sum(removed.values())
