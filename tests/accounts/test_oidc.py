"""Sign-in with somebody else's account, at a real provider of the test's own."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from opssight.access.mail import path_of
from opssight.access.services.invitations import invite
from opssight.access.services.members import WHOLE
from opssight.accounts import oidc
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Role
from opssight.core.walls import acting
from tests.accounts.oidc_provider import Provider
from tests.conftest import ClientFor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]

LOGIN = "/account/oidc/oidc/login/"
PERSON = {
    "sub": "4711",
    "email": "viewer@plant.test",
    "email_verified": True,
    "preferred_username": "vera",
    "name": "Vera Vu",
}


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[Provider]:
    with Provider() as provider:
        provider.person = dict(PERSON)
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": provider.apps()}}
        yield provider


@pytest.fixture
def member(viewer: Membership) -> Membership:
    viewer.user.email = "viewer@plant.test"
    viewer.user.save()
    return viewer


def go(client: Client, provider: Provider, path: str = LOGIN) -> Any:
    """Sign in at the provider, which sends back."""
    away = client.post(path)
    return client.get(f"{LOGIN}callback/", provider.agree(away["Location"]))


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_is_offered_only_where_it_is_configured(provider: Provider, settings: LazySettings) -> None:
    offered = Client().get("/login/").text
    settings.SOCIALACCOUNT_PROVIDERS = {}

    assert "Sign in with Plant login" in offered
    assert "Plant login" not in Client().get("/login/").text


def test_signs_in_the_person_with_the_verified_address(
    provider: Provider, member: Membership
) -> None:
    client = Client()

    assert go(client, provider, f"{LOGIN}?next=/assets/")["Location"] == "/assets/"
    assert is_in(client)
    assert SocialAccount.objects.get().user == member.user


def test_goes_by_the_account_there_once_it_is_connected(
    provider: Provider, member: Membership
) -> None:
    go(Client(), provider)
    provider.person["email"] = "somebody.else@plant.test"
    client = Client()
    go(client, provider)

    assert is_in(client)


@pytest.mark.parametrize("changed", [{"email_verified": False}, {"email": "eve@elsewhere.test"}])
def test_opens_no_account_and_no_other_persons(
    changed: dict[str, Any], provider: Provider, member: Membership
) -> None:
    provider.person |= changed
    client = Client()
    answer = go(client, provider)

    assert "Accounts are made by invitation" in answer.text
    assert not is_in(client)
    assert User.objects.count() == 1
    assert not SocialAccount.objects.exists()


def test_opens_the_account_of_who_holds_an_invitation_to_the_address(provider: Provider) -> None:
    provider.person["email"] = "New@plant.test"
    client = Client()
    session = client.session
    session["account_verified_email"] = "new@plant.test"
    session.save()
    go(client, provider)

    made = User.objects.get()
    assert (made.username, made.email, str(made)) == ("vera", "new@plant.test", "Vera Vu")
    assert not made.has_usable_password()
    assert is_in(client)
    assert client.get("/api/assets/").status_code == 403


def test_an_invitation_is_accepted_with_an_account_elsewhere(
    provider: Provider, admin: Membership
) -> None:
    provider.person["email"] = "new@plant.test"
    with acting(organizations=[admin.organization_id]):
        _, secret = invite(
            organization_id=admin.organization_id,
            email="new@plant.test",
            role=Role.TECHNICIAN,
            custom_role=None,
            coverage=WHOLE,
            by=admin.user,
            at=timezone.now(),
        )
    client = Client()
    asked = client.get(path_of(secret), follow=True)
    here = asked.request["PATH_INFO"]
    back = go(client, provider, f"{LOGIN}?next={here}")
    joined = client.post(here)

    assert "Join with Plant login" in asked.text
    assert back["Location"] == here
    assert joined["Location"] == "/"
    member = Membership.objects.get(user__email="new@plant.test")
    assert (member.organization, member.role) == (admin.organization, Role.TECHNICIAN)
    assert client.get("/api/assets/").status_code == 200


def test_an_invitation_opens_nothing_for_another_address(provider: Provider) -> None:
    client = Client()
    session = client.session
    session["account_verified_email"] = "new@plant.test"
    session.save()
    go(client, provider)

    assert not User.objects.exists()


def test_asks_for_the_second_step_all_the_same(provider: Provider, member: Membership) -> None:
    TOTP.activate(member.user, "JBSWY3DPEHPK3PXP")
    client = Client()

    assert go(client, provider)["Location"].startswith("/account/2fa/authenticate/")
    assert not is_in(client)


def test_is_refused_to_a_switched_off_account(provider: Provider, member: Membership) -> None:
    User.objects.update(is_active=False)
    client = Client()

    assert "switched off" in client.get(go(client, provider)["Location"]).text
    assert not is_in(client)


def test_an_answer_that_nobody_asked_for_is_refused(provider: Provider, member: Membership) -> None:
    brought = provider.agree(Client().post(LOGIN)["Location"])
    victim = Client()

    assert "The other sign-in failed" in victim.get(f"{LOGIN}callback/", brought).text
    assert not is_in(victim)


def test_a_provider_that_fails_is_told_calmly(provider: Provider, member: Membership) -> None:
    client = Client()
    brought = provider.agree(client.post(LOGIN)["Location"])
    provider.challenges.clear()

    answer = client.get(f"{LOGIN}callback/", brought)

    assert answer.status_code in (200, 401)
    assert "The other sign-in failed" in answer.text


@pytest.mark.parametrize("kind", ["down", "nonsense", "fails"])
def test_a_provider_that_is_down_is_told_calmly(
    kind: str, provider: Provider, member: Membership
) -> None:
    client = Client()
    brought = provider.agree(client.post(LOGIN)["Location"])
    if kind == "down":
        provider.stop()
    else:
        provider.says = 500 if kind == "fails" else 200

    for answer in (Client().post(LOGIN), client.get(f"{LOGIN}callback/", brought)):
        assert answer.status_code in (200, 401)
        assert "The other sign-in failed" in answer.text
    assert not is_in(client)


def test_coming_back_without_agreeing_changes_nothing(provider: Provider) -> None:
    client = Client()
    state = provider.agree(client.post(LOGIN)["Location"])["state"]
    back = client.get(f"{LOGIN}callback/", {"error": "access_denied", "state": state}, follow=True)

    assert "Sign-in was canceled" in back.text


def test_is_connected_and_removed_on_the_account_page(
    provider: Provider, viewer: Membership, client_for: ClientFor
) -> None:
    provider.person["email_verified"] = False
    viewer.user.set_password("correct horse battery staple")
    viewer.user.save()
    client = client_for(viewer)
    offered = client.get("/account/").text
    client.post("/account/reauthenticate/", {"password": "correct horse battery staple"})
    answer = go(client, provider, f"{LOGIN}?process=connect&next=/account/")
    connected = client.get("/account/").text
    account = SocialAccount.objects.get()
    client.post("/account/connections/", {"account": account.pk})

    assert "Connect Plant login" in offered
    assert answer["Location"] == "/account/"
    assert "Connected as" in connected
    assert account.user == viewer.user
    assert not SocialAccount.objects.exists()


def test_the_only_way_in_is_not_removed(provider: Provider, member: Membership) -> None:
    member.user.set_unusable_password()
    member.user.save()
    client = Client()
    go(client, provider)
    page = client.post("/account/connections/", {"account": SocialAccount.objects.get().pk})

    assert "only way to sign in" in page.text
    assert SocialAccount.objects.exists()


def test_the_environment_names_the_providers() -> None:
    environment = {
        "GOOGLE_CLIENT_ID": "g",
        "MICROSOFT_CLIENT_ID": "m",
        "MICROSOFT_TENANT": "contoso",
        "OIDC_SERVER_URL": "https://keys.plant.test:8443/realms/plant",
    }
    apps = oidc.apps(lambda name: environment.get(name, ""))

    assert [(app["provider_id"], app["settings"]["server_url"]) for app in apps] == [
        ("google", "https://accounts.google.com"),
        ("microsoft", "https://login.microsoftonline.com/contoso/v2.0"),
    ]
    assert [app["settings"]["email_authentication"] for app in apps] == [True, False]
    assert oidc.apps(lambda name: "") == []
    environment["OIDC_CLIENT_ID"] = "o"
    apps = oidc.apps(lambda name: environment.get(name, ""))
    assert oidc.origins(apps) == [
        "https://accounts.google.com",
        "https://keys.plant.test:8443",
        "https://login.microsoftonline.com",
    ]
