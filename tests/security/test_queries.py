"""What is searched, ordered and filtered by is a value, never SQL, and never takes for ever."""

import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg.errors import QueryCanceled

from opssight.accounts.models import Membership
from opssight.api import router
from opssight.core import walls
from opssight.core.api import problems
from tests.conftest import ApiFor, ClientFor
from tests.factories import AssetFactory
from tests.security.routes import pages_without_arguments
from tests.test_conventions import MAKERS

pytestmark = pytest.mark.django_db

PREFIXES = [prefix for prefix, *_ in router.registry if prefix in MAKERS]
INJECTED = [
    "id; DROP TABLE assets",
    "organization__users__password",
    "asset__organization__name",
    "-organization_id",
    "pk",
    "?",
    "1,(SELECT pg_sleep(5))",
    '"id"',
    "id DESC NULLS LAST",
    "created_by__password",
    "recipient__password",
]
HARD = [
    "%" * 5_000,
    "_" * 5_000,
    "\\" * 4_999,
    "(a+)+$" * 500,
    "a%" * 2_000,
    "''; SELECT pg_sleep(9)--",
]
PATHS_OUT = [
    "../opssight/settings.py",
    "..%2f..%2fopssight/settings.py",
    "%2e%2e/%2e%2e/opssight/settings.py",
    "....//....//opssight/settings.py",
    "..%5c..%5copssight%5csettings.py",
    "/etc/passwd",
    "css/../../opssight/settings.py",
    "css/opssight.css%00.py",
]


@pytest.mark.crawl
@pytest.mark.parametrize("prefix", PREFIXES)
def test_nothing_orders_or_filters_by_what_is_not_offered(
    prefix: str, admin: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    MAKERS[prefix](admin)
    api = api_for(admin)
    start = time.monotonic()
    for term in INJECTED:
        assert api.get(f"/api/{prefix}/", {"ordering": term}).status_code == 400, term
    everything = api.get(f"/api/{prefix}/").json()["results"]
    for name in ("organization", "organization_id", "organization__id", "asset__organization"):
        answer = api.get(f"/api/{prefix}/", {name: stranger.organization_id})
        # Refused, or a filter that is offered and finds nothing, or none at all.
        assert answer.status_code == 400 or answer.json()["results"] in ([], everything), name
    assert time.monotonic() - start < 60


@pytest.mark.crawl
@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_no_search_takes_long(
    text: str, admin: Membership, api_for: ApiFor, client_for: ClientFor
) -> None:
    AssetFactory.create_batch(50, organization=admin.organization, name="a" * 200)
    client, api = client_for(admin), api_for(admin)
    for send, path, name in (
        (api.get, "/api/assets/", "search"),
        (client.get, "/assets/", "q"),
        (client.get, "/admin/assets/asset/", "q"),
    ):
        start = time.monotonic()
        assert send(path, {name: text}).status_code < 500
        assert time.monotonic() - start < 30, path  # what blows up takes hours


def test_a_wildcard_finds_itself_only(admin: Membership, api_for: ApiFor) -> None:
    AssetFactory.create(organization=admin.organization, name="Pump")
    for text in ("%", "_", "P%p", "P__p"):
        assert api_for(admin).get("/api/assets/", {"search": text}).json()["results"] == []


def test_a_statement_of_a_request_has_an_end() -> None:
    start = time.monotonic()
    with (
        walls.acting(patience=1),
        connection.cursor() as cursor,
        pytest.raises(OperationalError) as caught,
    ):
        cursor.execute("SELECT pg_sleep(10)")
    assert time.monotonic() - start < 9
    assert isinstance(caught.value.__cause__, QueryCanceled)
    answer = problems.as_api_exception(caught.value, None)
    assert getattr(answer, "status_code", None) == 503


def test_each_request_is_given_that_end(
    admin: Membership, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    acting = walls.acting

    def watch(**said: Any) -> Any:
        given.append(said["patience"])
        return acting(**said)

    monkeypatch.setattr(walls, "acting", watch)
    client_for(admin).get("/assets/")

    assert given == [30]


@pytest.mark.parametrize("path", PATHS_OUT)
def test_no_path_leads_out_of_the_static_files(path: str) -> None:
    answer = Client().get(f"/static/{path}")
    body = b"".join(answer) if answer.streaming else answer.content

    assert answer.status_code in (400, 404)
    assert b"SECRET_KEY" not in body
    assert b"root:" not in body


@pytest.mark.crawl
def test_no_parameter_names_a_file(admin: Membership, client_for: ClientFor) -> None:
    client = client_for(admin)
    names = ("file", "path", "template", "name", "next", "format", "lang", "theme", "download")
    for path in pages_without_arguments():
        if "logout" in path or "sign-out" in path:
            continue
        answer = client.get(path, dict.fromkeys(names, "../../../../etc/passwd"))
        body = b"" if answer.streaming else answer.content
        assert b"root:" not in body, path
