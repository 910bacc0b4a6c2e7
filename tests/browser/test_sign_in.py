"""Signing in as people do it: password, code of an app, passkey; and the account's own pages."""

import re
import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from opssight.accounts import oidc
from opssight.accounts.models import Membership
from tests.accounts.oidc_provider import Provider
from tests.browser.conftest import Pages, settle
from tests.browser.test_pages import LOOKS, SCREENSHOTS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_cache")]

PASSWORD = "correct horse battery staple"
SECRET = "JBSWY3DPEHPK3PXP"

STEP = 30
"""Seconds for which a code counts."""


@pytest.fixture
def member(planner: Membership) -> Membership:
    planner.user.set_password(PASSWORD)
    planner.user.save()
    return planner


@pytest.fixture
def with_key() -> Callable[[Page], None]:
    """Give the browser a platform authenticator that always agrees."""

    def plug_in(page: Page) -> None:
        device = page.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        device.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    return plug_in


def sign_in(page: Page) -> None:
    page.goto("/login/")
    page.get_by_label("User name or e-mail").fill("planner")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/login/")


def confirm(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def add_passkey(page: Page, *, alone: bool) -> None:
    page.goto("/account/")
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page)
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_label("Sign in with it alone").set_checked(alone)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".codes code")).to_have_count(10)


def test_a_passkey_is_added_and_signs_in_alone(
    member: Membership, page_for: Pages, with_key: Callable[[Page], None]
) -> None:
    page = page_for()
    with_key(page)
    sign_in(page)
    add_passkey(page, alone=True)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Passkey, signs in alone;")).to_be_visible()
    sign_out(page)

    page.goto("/login/?next=/assets/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.wait_for_url("**/assets/")
    assert Authenticator.objects.get(type="webauthn").wrap().name == "Work laptop"


def test_a_security_key_is_asked_for_after_the_password(
    member: Membership, page_for: Pages, with_key: Callable[[Page], None]
) -> None:
    page = page_for()
    with_key(page)
    sign_in(page)
    add_passkey(page, alone=False)
    page.get_by_role("link", name="Done").click()
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()

    page.get_by_role("button", name="Use a passkey instead").click()

    expect(page.get_by_role("button", name="Your account")).to_be_visible()


def test_a_passkey_confirms_who_one_is(
    member: Membership, page_for: Pages, with_key: Callable[[Page], None]
) -> None:
    page = page_for()
    with_key(page)
    sign_in(page)
    add_passkey(page, alone=True)
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Your account")).to_be_visible()
    page.goto("/account/2fa/webauthn/reauthenticate/?next=/account/2fa/totp/activate/")

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()


def test_a_device_without_the_passkey_is_told_so(
    member: Membership, page_for: Pages, with_key: Callable[[Page], None]
) -> None:
    page = page_for()
    with_key(page)
    page.goto("/login/")

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("Nothing was confirmed on the device. Try again.")).to_be_visible()


def test_an_address_that_cannot_have_passkeys_does_not_offer_them(
    member: Membership, page_for: Pages
) -> None:
    page = page_for()
    page.goto(page_for.url.replace("localhost", "127.0.0.1") + "/login/")

    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


@pytest.mark.parametrize("width", [390, 1440])
def test_a_code_of_the_app_is_the_second_step(
    width: int, member: Membership, page_for: Pages
) -> None:
    TOTP.activate(member.user, SECRET)
    page = page_for(width=width)
    sign_in(page)

    while time.time() % STEP > STEP / 2:  # The code must not change while it is typed.
        time.sleep(0.5)
    code = format_hotp_value(hotp_value(SECRET, int(time.time()) // STEP))
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("button", name="Your account")).to_be_visible()


def test_the_sign_in_form_leads_to_the_provider_and_back(
    member: Membership, page_for: Pages, settings: LazySettings
) -> None:
    member.user.email = "planner@plant.test"
    member.user.save()
    with Provider() as provider:
        provider.person = {"sub": "1", "email": "planner@plant.test", "email_verified": True}
        apps = provider.apps()
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}
        settings.FORM_ACTION_ORIGINS = oidc.origins(apps)
        page = page_for()
        page.goto("/login/?next=/assets/")

        page.get_by_role("button", name="Sign in with Plant login").click()

        page.wait_for_url("**/assets/")


def test_one_signs_out_everywhere_from_the_account_page(
    member: Membership, page_for: Pages
) -> None:
    page, other = page_for(), page_for(width=390)
    sign_in(page)
    sign_in(other)
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("link", name="Account and security").click()
    expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()

    page.get_by_role("button", name="Sign out everywhere").click()

    expect(page.get_by_text("You are signed out everywhere.")).to_be_visible()
    other.goto("/assets/")
    expect(other).to_have_url(re.compile(r"/login/\?next=/assets/"))


PAGES = {
    "account": "/account/",
    "account-password": "/account/password/",
    "account-email": "/account/email/",
    "account-app": "/account/2fa/totp/activate/",
    "account-passkey": "/account/2fa/webauthn/add/",
    "account-codes": "/account/2fa/recovery-codes/",
    "account-codes-new": "/account/2fa/recovery-codes/generate/",
    "account-connections": "/account/connections/",
    "account-confirm": "/account/reauthenticate/",
}
SIGNED_OUT = {
    "login": "/login/",
    "forgotten": "/account/password/reset/",
    "forgotten-sent": "/account/password/reset/sent/",
    "forgotten-used": "/account/password/reset/1-abc/",
    "signup": "/account/signup/",
    "inactive": "/account/inactive/",
}


@pytest.mark.parametrize(("look", "width", "theme"), LOOKS, ids=[look for look, *_ in LOOKS])
def test_every_page_of_the_account_is_clean(
    look: str,
    width: int,
    theme: str,
    member: Membership,
    page_for: Pages,
    with_key: Callable[[Page], None],
    settings: LazySettings,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    SCREENSHOTS.mkdir(exist_ok=True)
    page = page_for(width=width, theme=theme)
    with_key(page)
    wide = [name for name, path in SIGNED_OUT.items() if _too_wide(page, look, name, path)]
    sign_in(page)
    add_passkey(page, alone=True)
    wide += [name for name, path in PAGES.items() if _too_wide(page, look, name, path)]
    TOTP.activate(member.user, SECRET)
    wide += ["account-full"] * _too_wide(page, look, "account-full", "/account/")
    sign_out(page)
    sign_in(page)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / f"{look}-second-step.png", full_page=True)

    assert wide == []


def _too_wide(page: Page, look: str, name: str, path: str) -> bool:
    page.goto(path)
    settle(page)
    page.screenshot(path=SCREENSHOTS / f"{look}-{name}.png", full_page=True)
    wide: bool = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return wide
