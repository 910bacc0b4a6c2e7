"""The account's own pages: second step, recovery codes, address, forgotten password, sessions."""

import base64
import json
import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from opssight.accounts.models import Membership, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]

PASSWORD = "correct horse battery staple"
STRONG = "marmot violet quarry tins"
SECRET = "JBSWY3DPEHPK3PXP"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def member(viewer: Membership) -> Membership:
    viewer.user.email = "viewer@plant.test"
    viewer.user.set_password(PASSWORD)
    viewer.user.save()
    return viewer


@pytest.fixture
def browser(member: Membership) -> Client:
    return signed_in()


def signed_in(agent: str = "", password: str = PASSWORD) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/login/", {"login": "viewer", "password": password})
    return client


def code(secret: str = SECRET) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def confirm(client: Client, password: str = PASSWORD, then: str = "/account/") -> Any:
    return client.post(f"/account/reauthenticate/?next={then}", {"password": password})


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


class TestSecondStep:
    def test_is_set_up_with_a_code_and_gives_recovery_codes(
        self, browser: Client, member: Membership
    ) -> None:
        asked = browser.get("/account/2fa/totp/activate/")
        confirm(browser)
        page = browser.get("/account/2fa/totp/activate/").text
        found = re.search(r'class="secret">(\w+)<', page)
        assert found is not None
        wrong = browser.post("/account/2fa/totp/activate/", {"code": "000000"})
        done = browser.post("/account/2fa/totp/activate/", {"code": code(found[1])})
        once = browser.get(done["Location"])
        again = browser.get(done["Location"])

        assert asked["Location"].startswith("/account/reauthenticate/?next=")
        assert "data:image/svg+xml" in page
        assert "not right" in wrong.text
        assert once.text.count("<code>") == 10
        assert again.text.count("<code>") == 0
        assert "10 left" in browser.get("/account/").text

    def test_stands_between_the_password_and_the_pages(self, member: Membership) -> None:
        TOTP.activate(member.user, SECRET)
        client = Client()
        first = client.post("/login/?next=/assets/", {"login": "viewer", "password": PASSWORD})
        before = is_in(client)
        wrong = client.post("/account/2fa/authenticate/", {"code": "000000"})
        second = client.post("/account/2fa/authenticate/", {"code": code()})

        assert first["Location"].startswith("/account/2fa/authenticate/")
        assert not before
        assert "not right" in wrong.text
        assert second["Location"] == "/assets/"
        assert is_in(client)

    def test_cannot_be_reached_without_the_password(self) -> None:
        assert Client().get("/account/2fa/authenticate/")["Location"] == "/login/"

    def test_cannot_be_tried_out(self, member: Membership) -> None:
        TOTP.activate(member.user, SECRET)
        client = Client()
        client.post("/login/", {"login": "viewer", "password": PASSWORD})
        for _ in range(6):
            last = client.post("/account/2fa/authenticate/", {"code": "000000"})
        right = client.post("/account/2fa/authenticate/", {"code": code()})

        assert "too many attempts" in last.text
        assert right.status_code == 200
        assert not is_in(client)

    def test_is_turned_off_only_after_confirming(self, member: Membership) -> None:
        TOTP.activate(member.user, SECRET)
        client = Client()
        client.post("/login/", {"login": "viewer", "password": PASSWORD})
        client.post("/account/2fa/authenticate/", {"code": code()})

        refused = client.post("/account/2fa/totp/deactivate/")
        confirm(client)
        client.post("/account/2fa/totp/deactivate/")

        assert refused["Location"].startswith("/account/reauthenticate/")
        assert not Authenticator.objects.exists()

    def test_is_taken_away_by_an_operator(self, member: Membership, capsys: Any) -> None:
        TOTP.activate(member.user, SECRET)

        call_command("remove_second_factors", "viewer")

        assert "Removed 1 of viewer" in capsys.readouterr().out
        assert not Authenticator.objects.exists()
        with pytest.raises(CommandError, match="no user 'nobody'"):
            call_command("remove_second_factors", "nobody")


class TestConfirming:
    def test_a_wrong_password_does_not(self, browser: Client) -> None:
        answer = confirm(browser, "guess")

        assert "This is not your password." in answer.text
        assert browser.get("/account/2fa/totp/activate/").status_code == 302

    def test_leads_to_no_other_site(self, browser: Client) -> None:
        assert confirm(browser, then="https://elsewhere.example/")["Location"] == "/"


class TestForgottenPassword:
    @pytest.fixture(autouse=True)
    def _mail(self, settings: LazySettings) -> None:
        settings.EMAIL_BACKEND = MEMORY

    def test_is_replaced_through_a_link_that_works_once(self, browser: Client) -> None:
        client = Client()
        sent = client.post("/account/password/reset/", {"email": "VIEWER@plant.test"})
        link = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
        assert link is not None
        form = client.get(link[1])["Location"]
        weak = client.post(form, {"password1": "Password2024!", "password2": "Password2024!"})
        client.post(form, {"password1": STRONG, "password2": STRONG})

        assert sent["Location"] == "/account/password/reset/sent/"
        assert mail.outbox[0].subject == "Set a new password for OpsSight"
        assert "easy to guess" in weak.text
        assert not is_in(browser)
        assert is_in(signed_in(password=STRONG))
        assert "This link is used up" in Client().get(link[1], follow=True).text

    def test_does_not_tell_whether_an_account_exists(self, member: Membership) -> None:
        known = Client().post("/account/password/reset/", {"email": "viewer@plant.test"})
        unknown = Client().post("/account/password/reset/", {"email": "nobody@plant.test"})

        assert known["Location"] == unknown["Location"]
        assert [item.to for item in mail.outbox] == [["viewer@plant.test"]]

    def test_does_not_get_around_the_second_step(self, member: Membership) -> None:
        TOTP.activate(member.user, SECRET)
        client = Client()
        client.post("/account/password/reset/", {"email": "viewer@plant.test"})
        link = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
        assert link is not None
        client.post(client.get(link[1])["Location"], {"password1": STRONG, "password2": STRONG})

        assert not is_in(client)
        assert not is_in(signed_in(password=STRONG))

    def test_without_mail_is_sent_to_an_admin(self, settings: LazySettings) -> None:
        settings.EMAIL_BACKEND = NO_MAIL
        page = Client().get("/account/password/reset/").text

        assert "This installation sends no mail" in page
        assert 'name="email"' not in page
        assert "No mail was sent" in Client().get("/account/password/reset/sent/").text


class TestAddress:
    @pytest.fixture(autouse=True)
    def _mail(self, settings: LazySettings) -> None:
        settings.EMAIL_BACKEND = MEMORY

    def change(self, client: Client) -> Any:
        return client.post("/account/email/", {"email": "new@plant.test", "action_add": ""})

    def test_changes_when_the_new_one_is_verified(
        self, browser: Client, member: Membership
    ) -> None:
        EmailAddress.objects.update_or_create(
            user=member.user, email="viewer@plant.test", defaults={"verified": True}
        )
        confirm(browser)
        mail.outbox.clear()
        self.change(browser)
        member.user.refresh_from_db()
        before = member.user.email
        link = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
        assert link is not None
        asked = Client().get(link[1]).text
        browser.post(link[1])
        member.user.refresh_from_db()

        assert before == "viewer@plant.test"
        assert "new@plant.test" in asked
        assert member.user.email == "new@plant.test"
        assert "new@plant.test, verified" in browser.get("/account/").text

    def test_changes_only_after_confirming(self, browser: Client) -> None:
        assert self.change(browser)["Location"].startswith("/account/reauthenticate/")

    def test_cannot_be_verified_without_mail(self, browser: Client, settings: LazySettings) -> None:
        settings.EMAIL_BACKEND = NO_MAIL
        confirm(browser)
        page = browser.get("/account/email/").text

        assert "this installation sends none" in page
        assert 'name="email"' not in page

    def test_a_broken_link_says_what_to_do(self) -> None:
        assert "This link does not work" in Client().get("/account/email/confirm/x:y/").text


class TestSessions:
    def test_are_listed_with_browser_and_address(self, browser: Client) -> None:
        signed_in(FIREFOX)
        page = browser.get("/account/").text

        assert "Firefox on Linux" in page
        assert "127.0.0.1" in page
        assert page.count("this session") == 1

    def test_are_ended_one_by_one(self, browser: Client) -> None:
        other = signed_in(FIREFOX)
        session = UserSession.objects.get(user_agent=FIREFOX)

        browser.post(f"/account/sessions/{session.pk}/end/")

        assert not is_in(other)
        assert is_in(browser)

    def test_of_others_do_not_exist(self, browser: Client, planner: Membership) -> None:
        planner.user.set_password(PASSWORD)
        planner.user.save()
        theirs = Client()
        theirs.post("/login/", {"login": "planner", "password": PASSWORD})
        session = UserSession.objects.get(user=planner.user)

        answer = browser.post(f"/account/sessions/{session.pk}/end/")

        assert answer.status_code == 404
        assert is_in(theirs)

    def test_end_everywhere_at_once(self, browser: Client) -> None:
        other = signed_in(FIREFOX)
        answer = browser.post("/account/sign-out-everywhere/")

        assert answer["Location"] == "/login/"
        assert not is_in(other)
        assert "signed out everywhere" in browser.get("/login/").text

    def test_end_by_signing_out_which_a_link_cannot_do(self, browser: Client) -> None:
        asked = browser.get("/logout/")
        still = is_in(browser)
        gone = browser.post("/logout/")

        assert "Sign out?" in asked.text
        assert still
        assert gone["Location"] == "/login/"
        assert not is_in(browser)

    def test_get_a_new_key_at_sign_in(self, member: Membership) -> None:
        client = Client()
        client.get("/login/")
        client.session["kept"] = 1
        client.session.save()
        before = client.session.session_key
        client.post("/login/", {"login": "viewer", "password": PASSWORD})

        assert client.session.session_key != before


_DATA = {"type": "webauthn.get", "challenge": "AA", "origin": "http://testserver"}
_TEXT = base64.urlsafe_b64encode(json.dumps(_DATA).encode()).decode().rstrip("=")
MADE_UP = [
    *("", "x", "{}", "[]", "1", '{"id": 1}', '{"response": {}}', '{"rawId": "AA"}'),
    *(
        json.dumps({"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response})
        for response in (
            {},
            {"clientDataJSON": "AA", "authenticatorData": "AA", "signature": "AA"},
            {"clientDataJSON": _TEXT, "authenticatorData": "A" * 50, "signature": "AA"},
            {
                "clientDataJSON": _TEXT,
                "authenticatorData": "A" * 43 + "BAAAAAA",
                "signature": "AA",
                "userHandle": "MQ",
            },
            {"clientDataJSON": _TEXT, "attestationObject": "oA"},
            {"clientDataJSON": _TEXT, "attestationObject": "v" * 400},
        )
    ),
]


class TestClosedDoors:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_nobody_opens_an_account_alone(self, method: str) -> None:
        values = {"username": "eve", "email": "eve@x.test", "password1": STRONG}
        answer = getattr(Client(), method)("/account/signup/", values)

        assert "Accounts are made by invitation" in answer.text
        assert not User.objects.exists()

    def test_a_switched_off_account_is_told_so(self, member: Membership) -> None:
        User.objects.filter(pk=member.user_id).update(is_active=False)
        client = Client()
        answer = client.post("/login/", {"login": "viewer", "password": PASSWORD}, follow=True)

        assert "This account is switched off" in answer.text
        assert not is_in(client)

    @pytest.mark.parametrize("name", ["google", "microsoft", "oidc"])
    def test_a_provider_that_is_not_configured_does_not_exist(self, name: str) -> None:
        assert Client().post(f"/account/oidc/{name}/login/").status_code == 404

    @pytest.mark.parametrize("credential", MADE_UP)
    @pytest.mark.parametrize("name", ["mfa_login_webauthn", "mfa_add_webauthn"])
    def test_a_made_up_passkey_is_refused(
        self, name: str, credential: str, browser: Client
    ) -> None:
        client = Client() if name == "mfa_login_webauthn" else browser
        confirm(browser)
        client.get(reverse(name), headers={"Accept": "application/json"})

        answer = client.post(reverse(name), {"credential": credential})

        assert answer.status_code in (200, 302)
        assert not Authenticator.objects.exists()
        assert name == "mfa_add_webauthn" or not is_in(client)


PAGES = [
    "account",
    "account_change_password",
    "account_set_password",
    "account_email",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
    "socialaccount_connections",
]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_own_account_needs_a_sign_in(name: str) -> None:
    url = reverse(name)

    assert Client().get(url)["Location"].startswith(f"{reverse('login')}?next=")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_own_account_opens_in_our_look(name: str, browser: Client) -> None:
    confirm(browser)
    page = browser.get(reverse(name), follow=True)

    assert page.status_code == 200
    assert 'class="shell"' in page.text


def test_the_topbar_leads_to_the_account(browser: Client) -> None:
    assert f'href="{reverse("account")}"' in browser.get("/").text
