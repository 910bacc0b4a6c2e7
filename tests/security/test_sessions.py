"""Signing in and staying signed in: forged requests, fixed sessions, replayed tokens, bad links."""

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings as product
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import AssetFactory, SiteFactory
from tests.security.routes import routes

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet red pump"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "http://testserver@evil.example/",
    "https://testserver.evil.example/",
    "\thttps://evil.example",
    "/%2F/evil.example",
]
# They take a token or a signature instead of a cookie, or answer the same to everybody.
WITHOUT_A_COOKIE = ("api/", "health/", "static/", "favicon")


@pytest.fixture
def member(admin: Membership) -> Membership:
    admin.user.set_password(PASSWORD)
    admin.user.save()
    return admin


def _forms() -> list[Any]:
    """Every page route that takes a POST, with a number for each argument."""
    found = []
    for route in routes():
        if route.path.startswith(WITHOUT_A_COOKIE) or "(?P" in route.path:
            continue
        path = "/" + route.path.replace("^", "").replace("$", "")
        for kind in ("int", "str", "slug", "path", "uuid"):
            path = path.replace(f"<{kind}:", "<")
        for name in route.takes:
            path = path.replace(f"<{name}>", "1")
        found.append(pytest.param(path, id=route.name or path))
    return found


@pytest.mark.crawl
@pytest.mark.parametrize("path", _forms())
def test_no_page_takes_a_form_of_another_site(path: str, member: Membership) -> None:
    """CSRF, over every route of the URL conf."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(client, method)(path, headers={"Origin": "https://evil.example"})
        assert answer.status_code in (403, 405), (method, answer.status_code)


def test_the_api_takes_no_cookie_without_the_token_of_the_page(member: Membership) -> None:
    site = SiteFactory.create(organization=member.organization)
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(member.user)
    paths = ["/api/sites/", f"/api/sites/{site.pk}/", "/api/assets/bulk/"]
    for path in paths:
        for method in ("post", "patch", "put", "delete"):
            answer = getattr(client, method)(path, {"name": "x"}, format="json")
            assert answer.status_code in (403, 405), (method, path)

    site.refresh_from_db()


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_nowhere_else(target: str, member: Membership) -> None:
    form = {"login": member.user.username, "password": PASSWORD, "next": target}
    answer = Client().post("/login/", form)

    assert answer.status_code == 302, answer.content
    _assert_stays(answer["Location"])


@pytest.mark.crawl
def test_no_page_forwards_to_another_site(member: Membership, client_for: ClientFor) -> None:
    """`next` and its like, on every page that takes no argument."""
    client = client_for(member)
    for route in routes():
        if route.takes or "(?" in route.path or route.path.startswith(WITHOUT_A_COOKIE):
            continue
        path = "/" + route.path.replace("^", "").replace("$", "")
        for target in ("//evil.example/",):
            for send in (client.get, client.post):
                answer = send(path, {"next": target, "url": target, "return_to": target})
                _assert_stays(answer.get("Location", ""))
        if "logout" in path or "sign-out" in path:
            client.force_login(member.user)


def _assert_stays(place: str) -> None:
    there = urlsplit(urljoin("http://testserver/", place.replace("\\", "/")))
    assert (there.scheme, there.netloc) == ("http", "testserver"), place


def test_a_session_that_was_there_before_is_given_up(member: Membership) -> None:
    """Session fixation: who planted a session does not share the sign-in."""
    client = Client()
    planted = client.session
    planted["planted"] = "1"
    planted.save()
    client.cookies[product.SESSION_COOKIE_NAME] = str(planted.session_key)
    client.post("/login/", {"login": member.user.username, "password": PASSWORD})

    assert client.session.session_key != planted.session_key
    thief = Client()
    thief.cookies[product.SESSION_COOKIE_NAME] = str(planted.session_key)
    assert thief.get("/").status_code == 302


def test_a_session_ends_with_the_sign_out(member: Membership) -> None:
    client = Client()
    client.force_login(member.user)
    stolen = client.cookies[product.SESSION_COOKIE_NAME].value
    client.post(reverse("logout"))

    thief = Client()
    thief.cookies[product.SESSION_COOKIE_NAME] = stolen
    assert thief.get("/").status_code == 302


class TestTokens:
    def _tokens(self, member: Membership) -> dict[str, str]:
        form = {"username": member.user.username, "password": PASSWORD}
        answer = APIClient().post("/api/auth/token/", form)
        assert answer.status_code == 200, answer.content
        tokens: dict[str, str] = answer.json()
        return tokens

    def _with(self, token: str) -> APIClient:
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return api

    def test_nothing_is_replayed_after_signing_out(self, member: Membership) -> None:
        tokens = self._tokens(member)
        api = self._with(tokens["access"])
        assert api.get("/api/assets/").status_code == 200
        api.post("/api/auth/token/blacklist/", {"refresh": tokens["refresh"]})

        assert api.get("/api/assets/").status_code == 401
        again = APIClient().post("/api/auth/token/refresh/", {"refresh": tokens["refresh"]})
        assert again.status_code == 401

    def test_a_removed_member_sees_nothing(self, member: Membership) -> None:
        asset = AssetFactory.create(organization=member.organization)
        api = self._with(self._tokens(member)["access"])
        member.delete()

        assert asset.tag not in api.get("/api/assets/").content.decode()
        assert api.get(f"/api/assets/{asset.pk}/").status_code in (401, 403, 404)
        assert api.post("/api/sites/", {"code": "X", "name": "X"}).status_code in (400, 401, 403)

    def test_a_token_is_not_believed_without_our_signature(self, member: Membership) -> None:
        header, payload, signature = self._tokens(member)["access"].split(".")
        unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
        for forged in (
            f"{unsigned}.{payload}.",
            f"{unsigned}.{payload}.{signature}",
            f"{header}.{payload}.",
            f"{header}.{payload}.{signature[::-1]}",
            f"{header}.{payload[:-4]}AAAA.{signature}",
        ):
            assert self._with(forged).get("/api/assets/").status_code == 401

    def test_no_address_carries_a_token(self, member: Membership) -> None:
        token = self._tokens(member)["access"]
        for name in ("token", "access", "access_token", "jwt", "api_key"):
            assert APIClient().get("/api/assets/", {name: token}).status_code == 401
