from datetime import timedelta
from pathlib import Path

import pytest
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from opssight.accounts.authentication import SignInToken
from opssight.accounts.checks import breached_passwords
from opssight.accounts.models import EndedSignIn, Membership
from opssight.accounts.services import end_sign_in
from opssight.accounts.tasks import clear_expired_sign_ins

PASSWORD = "correct horse battery staple"


@pytest.mark.django_db
def test_what_is_over_is_forgotten_and_what_is_not_stays(viewer: Membership) -> None:
    viewer.user.set_password(PASSWORD)
    viewer.user.save()
    for _ in range(2):
        Client().post("/login/", {"login": "viewer", "password": PASSWORD})
        SignInToken.for_user(viewer.user)
    now = timezone.now()
    end_sign_in(key="long ago", at=now - timedelta(hours=1))
    end_sign_in(key="just now", at=now)
    over = now - timedelta(days=1)
    session = UserSession.objects.order_by("pk")[0]
    Session.objects.filter(pk=session.session_key).update(expire_date=over)
    token = OutstandingToken.objects.order_by("pk")[0]
    OutstandingToken.objects.filter(pk=token.pk).update(expires_at=over)

    clear_expired_sign_ins.delay()

    assert Session.objects.count() == 1
    assert UserSession.objects.exclude(pk=session.pk).get().exists()
    assert OutstandingToken.objects.exclude(pk=token.pk).count() == 1
    assert OutstandingToken.objects.count() == 1
    assert EndedSignIn.objects.get().key == "just now"


def test_a_list_of_passwords_that_is_not_there_stops_the_start(
    settings: LazySettings, tmp_path: Path
) -> None:
    settings.BREACHED_PASSWORDS_FILE = str(tmp_path / "pwned.txt")
    found = breached_passwords()
    (tmp_path / "pwned.txt").touch()

    assert [item.id for item in found] == ["accounts.E001"]
    assert breached_passwords() == []
