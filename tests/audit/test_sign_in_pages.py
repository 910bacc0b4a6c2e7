"""What the trail says of locked names, second factors and passwords, through the real pages."""

import re
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from tests.accounts.test_account_pages import (
    MEMORY,
    PASSWORD,
    SECRET,
    STRONG,
    code,
    confirm,
    signed_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]


@pytest.fixture(autouse=True)
def member(viewer: Membership) -> Membership:
    viewer.user.email = "viewer@plant.test"
    viewer.user.set_password(PASSWORD)
    viewer.user.save()
    AuditEntry.objects.all().delete()
    return viewer


def entries(**which: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(**which).order_by("pk"))


class TestLockout:
    @pytest.fixture(autouse=True)
    def _limit(self, settings: LazySettings) -> None:
        settings.AXES_ENABLED = True
        settings.AXES_FAILURE_LIMIT = 2

    def test_of_a_page_is_told_to_the_organization(self, member: Membership) -> None:
        for _ in range(2):
            last = Client().post("/login/", {"login": "viewer", "password": "tr0ub4dor"})
        failed = entries(action="login_failed")
        (locked,) = entries(action="lockout")

        assert last.status_code == 429
        assert len(failed) == 2
        assert (locked.organization_id, locked.user) == (member.organization_id, None)
        assert (locked.subject, locked.subject_id) == ("users", str(member.user_id))
        assert locked.label == "viewer"
        assert locked.context["address"] == "127.0.0.1"
        assert "tr0ub4dor" not in str([[e.label, e.after, e.context] for e in entries()])

    def test_of_the_api_is_kept_though_it_answers_429(self, member: Membership) -> None:
        values = {"username": "Viewer@plant.test", "password": "guess"}
        for _ in range(2):
            last = Client().post("/api/auth/token/", values, content_type="application/json")
        (locked,) = entries(action="lockout")

        assert last.status_code == 429
        assert (locked.organization_id, locked.subject_id) == (
            member.organization_id,
            str(member.user_id),
        )

    def test_is_told_again_when_somebody_tries_on(self) -> None:
        for _ in range(3):
            Client().post("/login/", {"login": "viewer", "password": PASSWORD + "x"})

        assert len(entries(action="lockout")) == 2

    def test_of_an_unknown_name_belongs_to_no_organization(self) -> None:
        for _ in range(2):
            Client().post("/login/", {"login": "nobody", "password": "guess"})
        (locked,) = entries(action="lockout")

        assert (locked.organization_id, locked.subject_id, locked.label) == (None, "", "nobody")


class TestSecondStep:
    def test_a_wrong_code_is_a_failed_sign_in_of_the_person(self, member: Membership) -> None:
        TOTP.activate(member.user, SECRET)
        client = Client()
        client.post("/login/", {"login": "viewer", "password": PASSWORD})
        client.post("/account/2fa/authenticate/", {"code": "000000"})
        (failed,) = entries(action="login_failed")
        before = entries(action="login")
        client.post("/account/2fa/authenticate/", {"code": code()})

        assert (failed.organization_id, failed.user_id) == (member.organization_id, None)
        assert (failed.subject_id, failed.label) == (str(member.user_id), "viewer")
        assert failed.after == {"second_step": "totp", "confirming": False}
        assert not before
        assert len(entries(action="login")) == 1

    def test_a_wrong_code_of_the_api_is_kept_though_it_answers_401(
        self, member: Membership
    ) -> None:
        TOTP.activate(member.user, SECRET)
        values = {"username": "viewer", "password": PASSWORD, "code": "000000"}

        answer = Client().post("/api/auth/token/", values, content_type="application/json")

        assert answer.status_code == 401
        assert [entry.subject_id for entry in entries(action="login_failed")] == [
            str(member.user_id)
        ]

    def test_setting_it_up_and_taking_it_away_is_there_once_without_the_secret(
        self, member: Membership
    ) -> None:
        client = signed_in()
        confirm(client)
        page = client.get("/account/2fa/totp/activate/").text
        found = re.search(r'class="secret">(\w+)<', page)
        assert found is not None
        client.post("/account/2fa/totp/activate/", {"code": code(found[1])})
        made = entries(subject="mfa_authenticator", action="create")
        client.post("/account/2fa/totp/deactivate/")
        gone = entries(subject="mfa_authenticator", action="delete")

        kinds = ["recovery_codes", "totp"]
        assert sorted((entry.after or {})["type"] for entry in made) == kinds
        assert sorted((entry.before or {})["type"] for entry in gone) == kinds
        assert {entry.user_id for entry in [*made, *gone]} == {member.user_id}
        assert {(entry.after or {})["data"] for entry in made} == {"(hidden)"}
        assert found[1] not in str([[e.before, e.after, e.context] for e in entries()])


class TestPasswords:
    def test_changing_it_is_there_once_with_who_did_it(self, member: Membership) -> None:
        client = signed_in()
        values = {"oldpassword": PASSWORD, "password1": STRONG, "password2": STRONG}
        client.post("/account/password/", values)
        (changed,) = entries(subject="users", action="update")

        assert (changed.user_id, changed.subject_id) == (member.user_id, str(member.user_id))
        assert changed.organization_id == member.organization_id
        assert (changed.after or {})["password"] == "(hidden)"
        assert STRONG not in str([[e.before, e.after, e.context] for e in entries()])

    def test_replacing_a_forgotten_one_is_there_once_with_the_way(
        self, member: Membership, settings: LazySettings
    ) -> None:
        settings.EMAIL_BACKEND = MEMORY
        client = Client()
        client.post("/account/password/reset/", {"email": "viewer@plant.test"})
        link = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
        assert link is not None
        form = client.get(link[1])["Location"]
        client.post(form, {"password1": STRONG, "password2": STRONG})
        (changed,) = entries(subject="users", action="update", after__has_key="password")

        assert (changed.user_id, changed.subject_id) == (None, str(member.user_id))
        assert changed.context["path"].startswith("/account/password/reset/")
        # The link itself works no longer, and is nowhere in the trail.
        assert link[1].rsplit("/", 2)[1] not in str([e.context for e in entries()])
