"""Tokens of the API end when they should: signed out, changed password, left, second factor."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import LazySettings
from django.contrib.auth import user_logged_in, user_login_failed
from django.core.management import call_command
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from opssight.accounts.limits import NO_ADDRESS, client_address
from opssight.accounts.models import EndedSignIn, Membership, User
from opssight.accounts.services import remove_second_factors, sign_out_everywhere
from tests.conftest import ClientFor

pytestmark = pytest.mark.django_db

TOKEN = "/api/auth/token/"
PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def member(viewer: Membership) -> Membership:
    viewer.user.email = "viewer@plant.test"
    viewer.user.set_password(PASSWORD)
    viewer.user.save()
    return viewer


@pytest.fixture
def with_app(member: Membership) -> Membership:
    TOTP.activate(member.user, SECRET)
    return member


def code(*, ago: int = 0) -> str:
    """What an authenticator app shows, by RFC 6238."""
    return str(format_hotp_value(hotp_value(SECRET, int(time.time() - ago) // 30)))


def sign_in(username: str = "viewer", password: str = PASSWORD, **more: str) -> Any:
    return APIClient().post(TOKEN, {"username": username, "password": password, **more})


def read(access: str) -> int:
    return (
        APIClient().get("/api/assets/", headers={"Authorization": f"Bearer {access}"}).status_code
    )


def refresh(token: str) -> Any:
    return APIClient().post(f"{TOKEN}refresh/", {"refresh": token})


def test_an_email_address_signs_in_as_well(member: Membership) -> None:
    assert read(sign_in("Viewer@plant.test").data["access"]) == 200


def test_nothing_of_a_sign_in_works_after_signing_out(member: Membership) -> None:
    first = sign_in().data
    renewed = refresh(first["refresh"]).data
    other = sign_in().data

    ended = APIClient().post(f"{TOKEN}blacklist/", {"refresh": renewed["refresh"]})

    assert ended.status_code == 200
    assert [read(first["access"]), read(renewed["access"])] == [401, 401]
    assert refresh(renewed["refresh"]).status_code == 401
    assert read(other["access"]) == 200


def test_an_ended_sign_in_says_so(member: Membership) -> None:
    tokens = sign_in().data
    APIClient().post(f"{TOKEN}blacklist/", {"refresh": tokens["refresh"]})

    answer = APIClient().get(
        "/api/assets/", headers={"Authorization": f"Bearer {tokens['access']}"}
    )

    assert answer.data["code"] == "signed_out"
    assert "Sign in again" in answer.data["detail"]
    assert EndedSignIn.objects.count() == 1


def test_signing_out_everywhere_ends_tokens_and_sessions(
    member: Membership, client_for: ClientFor
) -> None:
    browser = client_for(member)
    one, other = sign_in().data, sign_in().data

    answer = APIClient().post(
        "/api/auth/sign-out-everywhere",
        headers={"Authorization": f"Bearer {one['access']}"},
    )

    assert answer.status_code == 204
    assert [read(one["access"]), read(other["access"])] == [401, 401]
    assert refresh(other["refresh"]).status_code == 401
    assert browser.get("/account/").status_code == 302
    assert read(sign_in().data["access"]) == 200


def test_saving_a_person_as_they_were_revives_no_token(member: Membership) -> None:
    tokens = sign_in().data
    before = User.objects.get(pk=member.user_id)
    sign_out_everywhere(user=member.user)
    before.first_name = "Vera"
    before.save()

    assert User.objects.get(pk=member.user_id).first_name == "Vera"
    assert read(tokens["access"]) == 401


def test_signing_out_everywhere_needs_a_sign_in() -> None:
    assert APIClient().post("/api/auth/sign-out-everywhere").status_code == 401


def test_a_new_password_ends_every_token(member: Membership) -> None:
    tokens = sign_in().data
    member.user.set_password("another horse battery staple")
    member.user.save()

    assert read(tokens["access"]) == 401
    assert refresh(tokens["refresh"]).status_code == 401


def test_the_token_of_a_removed_member_opens_nothing(member: Membership) -> None:
    tokens = sign_in().data
    member.delete()

    assert read(tokens["access"]) == 403


def test_the_token_of_a_deleted_person_is_refused(member: Membership) -> None:
    tokens = sign_in().data
    User.objects.filter(pk=member.user_id).delete()

    assert read(tokens["access"]) == 401
    assert refresh(tokens["refresh"]).status_code == 401


def test_a_refresh_token_is_no_access_token(member: Membership) -> None:
    assert read(sign_in().data["refresh"]) == 401


@pytest.mark.usefixtures("clean_cache", "with_app")
class TestWithASecondFactor:
    def test_the_password_alone_gives_no_token(self) -> None:
        answer = sign_in()

        assert answer.status_code == 401
        assert answer.data["code"] == "code_required"

    def test_a_wrong_password_is_not_told_of_the_factor(self) -> None:
        assert sign_in(password="guess", code=code()).data["code"] == "authentication_failed"

    def test_the_code_of_the_app_gives_one_once(self) -> None:
        now = code()

        assert sign_in(code=now).status_code == 200
        assert sign_in(code=now).data["code"] == "code_incorrect"

    def test_an_old_code_is_refused(self) -> None:
        assert sign_in(code=code(ago=90)).status_code == 401

    def test_codes_cannot_be_tried_out(self) -> None:
        said = [sign_in(code="000000").data["detail"] for _ in range(6)]

        assert "too many attempts" in said[-1]
        assert sign_in(code=code()).status_code == 401

    def test_a_recovery_code_gives_one_once(self, member: Membership) -> None:
        spare = RecoveryCodes.activate(member.user).get_unused_codes()[0]

        assert sign_in(code=spare).status_code == 200
        assert sign_in(code=spare).status_code == 401

    def test_a_session_that_has_passed_the_password_only_opens_nothing(self) -> None:
        client = Client()
        client.post("/login/", {"login": "viewer", "password": PASSWORD})

        assert client.get("/api/assets/").status_code == 401

    def test_an_operator_can_take_it_away(self, member: Membership) -> None:
        tokens = sign_in(code=code()).data

        assert remove_second_factors(user=member.user) == 1
        assert read(tokens["access"]) == 401
        assert sign_in().status_code == 200

    def test_the_secret_is_not_readable_in_the_database(self, member: Membership) -> None:
        kept = Authenticator.objects.get(user=member.user)

        assert SECRET not in str(kept.data)

    def test_the_secret_outlives_a_change_of_the_key(self, settings: LazySettings) -> None:
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new secret key, much longer than this in production"

        assert sign_in(code=code()).status_code == 200


def test_a_sign_in_tells_those_who_listen_and_is_noted(member: Membership) -> None:
    heard: list[str] = []

    def came(sender: Any, user: User, **_: Any) -> None:
        heard.append(f"in: {user.username}")

    def failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
        heard.append(f"failed: {credentials['username']}, {credentials['password']}")

    user_logged_in.connect(came)
    user_login_failed.connect(failed)
    try:
        sign_in()
        sign_in("nobody")
    finally:
        user_logged_in.disconnect(came)
        user_login_failed.disconnect(failed)

    assert heard == ["in: viewer", "failed: nobody, ********************"]
    member.user.refresh_from_db()
    assert member.user.last_login is not None


def test_what_is_written_while_refusing_stays(member: Membership) -> None:
    def note(sender: Any, **_: Any) -> None:
        EndedSignIn.objects.create(key="kept", at="2026-01-01T00:00Z")

    user_login_failed.connect(note)
    try:
        assert sign_in(password="guess").status_code == 401
    finally:
        user_login_failed.disconnect(note)

    assert EndedSignIn.objects.filter(key="kept").exists()


@pytest.mark.usefixtures("clean_cache")
class TestLockout:
    @pytest.fixture(autouse=True)
    def _limit(self, settings: LazySettings, member: Membership) -> None:
        settings.AXES_ENABLED = True
        settings.AXES_FAILURE_LIMIT = 3

    def test_locks_the_name_for_the_address(self) -> None:
        codes = [sign_in(password="guess").status_code for _ in range(3)]
        right = sign_in()

        assert codes == [401, 401, 429]
        assert right.status_code == 429
        assert right["Content-Type"] == "application/problem+json"
        assert right["Retry-After"] == "900"
        assert "too many failed attempts" in right.data["detail"]

    def test_counts_pages_and_api_together(self) -> None:
        client = Client()
        sign_in(password="guess")
        client.post("/login/", {"login": "VIEWER ", "password": "guess"})
        page = client.post("/login/", {"login": "viewer", "password": "guess"})

        assert page.status_code == 429
        assert page["Retry-After"] == "900"
        assert "Sign-in is paused" in page.text
        assert "Wait 15 minutes" in " ".join(page.text.split())
        assert sign_in().status_code == 429

    def test_locks_neither_other_names_nor_other_addresses(self) -> None:
        for _ in range(4):
            sign_in(password="guess")
        elsewhere = APIClient(REMOTE_ADDR="192.0.2.7")
        values = {"username": "viewer", "password": PASSWORD}

        assert sign_in("nobody").status_code == 401
        assert elsewhere.post(TOKEN, values).status_code == 200

    def test_goes_by_the_header_that_a_proxy_sets(self, settings: LazySettings) -> None:
        settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
        values = {"username": "viewer", "password": "guess"}
        for _ in range(3):
            APIClient().post(TOKEN, values, headers={"X-Real-IP": "192.0.2.1"})
        right = {**values, "password": PASSWORD}

        locked = APIClient().post(TOKEN, right, headers={"X-Real-IP": "192.0.2.1"})
        free = APIClient().post(TOKEN, right, headers={"X-Real-IP": "192.0.2.2"})

        assert [locked.status_code, free.status_code] == [429, 200]

    def test_is_lifted_by_an_operator(self) -> None:
        for _ in range(3):
            sign_in(" Viewer", password="guess")

        call_command("axes_reset_ip_username", "127.0.0.1", "viewer")

        assert sign_in().status_code == 200

    def test_is_forgotten_with_the_right_password(self) -> None:
        for password in ("guess", "guess", PASSWORD, "guess", "guess"):
            last = sign_in(password=password)

        assert last.status_code == 401


def test_a_made_up_address_header_counts_as_the_proxy(settings: LazySettings) -> None:
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
    make = RequestFactory()

    assert client_address(make.get("/", headers={"X-Real-IP": "nonsense"})) == "127.0.0.1"
    assert client_address(make.get("/", REMOTE_ADDR="")) == NO_ADDRESS
