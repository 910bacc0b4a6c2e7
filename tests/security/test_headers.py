"""What each answer tells the browser: nothing runs, frames, leaks or is remembered by others."""

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from opssight.accounts.models import Membership
from tests.conftest import ApiFor, ClientFor
from tests.factories import SiteFactory
from tests.security.routes import pages_without_arguments

pytestmark = pytest.mark.django_db

ANSWERS = [
    "/",
    "/login/",
    "/assets/",
    "/admin/",
    "/none",
    "/api/assets/",
    "/api/none",
    "/api/docs",
    "/api/redoc",
    pytest.param("/api/schema", marks=pytest.mark.crawl),
    "/health/live",
    "/static/css/opssight.css",
]
EXPECTED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_carries_the_headers(
    path: str, admin: Membership, client_for: ClientFor
) -> None:
    answer = client_for(admin).get(path)
    answer.close()

    assert {name: answer.get(name) for name in EXPECTED} == EXPECTED
    assert "camera=()" in answer["Permissions-Policy"]
    assert re.fullmatch(r"[\w.-]{8,64}", answer["X-Request-ID"])
    assert "Access-Control-Allow-Origin" not in answer
    policy = _policy(answer)
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe-inline" not in str(policy)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
def test_refusals_carry_them_too(method: str) -> None:
    for path, extra in (("/", {}), ("/api/assets/", {}), ("/", {"HTTP_HOST": "evil.example"})):
        answer = getattr(Client(enforce_csrf_checks=True), method)(path, **extra)
        assert {name: answer.get(name) for name in EXPECTED} == EXPECTED, (path, method)


@pytest.mark.crawl
def test_expressions_are_evaluated_in_the_admin_only(
    admin: Membership, client_for: ClientFor
) -> None:
    client = client_for(admin)
    evaluates = {
        path
        for path in [*pages_without_arguments(), "/api/docs", "/api/redoc"]
        if "logout" not in path
        and "unsafe-eval" in client.get(path).get("Content-Security-Policy", "")
    }

    assert evaluates
    assert all(path.startswith("/admin/") for path in evaluates)


def test_data_may_load_nothing_whatever_a_browser_makes_of_it(
    admin: Membership, api_for: ApiFor
) -> None:
    policy = _policy(api_for(admin).get("/api/assets/"))

    assert policy == dict.fromkeys(
        ("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'"
    )


def test_a_nonce_is_another_one_each_time(client: Client) -> None:
    nonces = {
        re.search(r"'nonce-([^']+)'", client.get("/api/redoc")["Content-Security-Policy"])[1]  # type: ignore[index]
        for _ in range(3)
    }

    assert len(nonces) == 3


def test_signed_in_pages_are_kept_by_nobody_else(
    admin: Membership, client_for: ClientFor, api_for: ApiFor
) -> None:
    for answer in (client_for(admin).get("/assets/"), api_for(admin).get("/api/assets/")):
        assert "private" in answer["Cache-Control"] or "no-store" in answer["Cache-Control"]


class TestCors:
    """Another origin's page may call the API only when it is named, and never with a cookie."""

    ORIGIN = "https://tools.example"

    def test_nobody_is_named_at_first(self, client: Client) -> None:
        answer = client.options(
            "/api/assets/",
            headers={"Origin": self.ORIGIN, "Access-Control-Request-Method": "GET"},
        )

        assert "Access-Control-Allow-Origin" not in answer

    def test_only_a_named_origin_is_let_in(self, client: Client, settings: LazySettings) -> None:
        settings.CORS_ALLOWED_ORIGINS = [self.ORIGIN]
        named = client.get("/api/assets/", headers={"Origin": self.ORIGIN})
        other = client.get("/api/assets/", headers={"Origin": "https://evil.example"})
        pages = client.get("/login/", headers={"Origin": self.ORIGIN})

        assert named["Access-Control-Allow-Origin"] == self.ORIGIN
        assert "Access-Control-Allow-Credentials" not in named
        assert "Access-Control-Allow-Origin" not in other
        assert "Access-Control-Allow-Origin" not in pages


class TestCookies:
    def test_no_script_reads_a_cookie(self, client: Client, admin: Membership) -> None:
        for answer in _signed_in(client, admin):
            for cookie in answer.cookies.values():
                assert cookie["httponly"], cookie
                assert cookie["samesite"] == "Lax", cookie

    def test_behind_tls_they_travel_over_tls_only(
        self, client: Client, admin: Membership, settings: LazySettings
    ) -> None:
        settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
        for answer in _signed_in(client, admin):
            assert all(cookie["secure"] for cookie in answer.cookies.values())


class TestTls:
    @pytest.fixture(autouse=True)
    def _behind_tls(self, settings: LazySettings) -> None:
        settings.SECURE_SSL_REDIRECT = True
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        settings.SECURE_HSTS_SECONDS = 31_536_000
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
        settings.SECURE_HSTS_PRELOAD = True

    def test_plain_http_is_sent_on(self) -> None:
        answer = Client().get("/assets/?q=1")

        assert answer.status_code == 301
        assert answer["Location"] == "https://testserver/assets/?q=1"

    def test_probes_are_answered_without(self) -> None:
        assert Client().get("/health/live").status_code == 200

    def test_browsers_are_told_to_stay(self) -> None:
        answer = Client().get("/login/", headers=HTTPS)

        assert answer["Strict-Transport-Security"] == (
            "max-age=31536000; includeSubDomains; preload"
        )


class TestHost:
    @pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "x@y", ""])
    def test_a_made_up_host_is_refused(self, host: str) -> None:
        for path in ("/", "/login/", "/api/assets", "/admin/", "/api/docs"):
            answer = Client().get(path, HTTP_HOST=host) if host else None
            assert answer is None or answer.status_code == 400
            assert answer is None or host not in answer.content.decode()

    def test_a_forwarded_host_is_not_believed(self, client: Client) -> None:
        answer = client.get("/assets/", HTTP_X_FORWARDED_HOST="evil.example")

        assert "evil.example" not in str(answer.headers) + answer.content.decode()


class TestVerbs:
    """Only the method itself counts, and only the ones that a view knows."""

    OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")

    @pytest.mark.parametrize("header", OVERRIDES)
    def test_no_header_or_field_makes_another_method_of_it(
        self, header: str, admin: Membership, api_for: ApiFor
    ) -> None:
        site = SiteFactory.create(organization=admin.organization)
        api = api_for(admin)
        api.get(f"/api/sites/{site.pk}/", headers={header: "DELETE"})
        path = f"/api/sites/{site.pk}/?_method=DELETE"
        api.post(path, {"_method": "DELETE"}, headers={header: "DELETE"})

        site.refresh_from_db()

    @pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "FOO"])
    def test_unknown_methods_do_nothing(
        self, method: str, admin: Membership, client_for: ClientFor, api_for: ApiFor
    ) -> None:
        for path in ("/assets/", "/maintenance/work-orders/", "/admin/"):
            assert client_for(admin).generic(method, path).status_code in (302, 403, 405), path
        for path in ("/api/assets/", "/api/auth/token/"):
            assert api_for(admin).generic(method, path).status_code == 405, path


def _policy(answer: Any) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer["Content-Security-Policy"].split(";")]
    return {name: value for name, _, value in parts}


def _signed_in(client: Client, member: Membership) -> list[Any]:
    """The answers of a sign-in, which set the cookies."""
    member.user.set_password("a quiet red pump")
    member.user.save()
    form = client.get("/login/")
    done = client.post("/login/", {"login": member.user.username, "password": "a quiet red pump"})
    assert done.status_code == 302, done.content
    assert done.cookies
    return [form, done]
