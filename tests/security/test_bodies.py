"""No body is too much for it: large, packed, nested deep, or made of endless numbers."""

import gzip
import json
import time

import pytest
from django.conf import LazySettings
from django.test import Client

from opssight.accounts.models import Membership
from tests.conftest import ApiFor, ClientFor
from tests.factories import AssetFactory

pytestmark = pytest.mark.django_db

JSON = "application/json"
PROBLEM = "application/problem+json"
POINTLESS = {"name": "x"}


def test_a_packed_body_is_refused_unread(admin: Membership, api_for: ApiFor) -> None:
    bomb = gzip.compress(b"[" + b"0," * 5_000_000 + b"0]")
    start = time.monotonic()
    for encoding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "GZIP"):
        answer = api_for(admin).post(
            "/api/sites/", bomb, content_type=JSON, headers={"Content-Encoding": encoding}
        )
        assert answer.status_code == 415, encoding
        assert answer["Content-Type"] == PROBLEM
        assert answer.json()["code"] == "unsupported_encoding"
    assert time.monotonic() - start < 60


def test_a_body_above_the_limit_is_refused_by_its_length(
    admin: Membership, api_for: ApiFor, client_for: ClientFor, settings: LazySettings
) -> None:
    body = json.dumps({"name": "x" * settings.LARGEST_BODY})
    answer = api_for(admin).post("/api/sites/", body, content_type=JSON)
    page = client_for(admin).post("/maintenance/work-orders/new/", body, content_type=JSON)

    assert (answer.status_code, page.status_code) == (413, 413)
    assert answer["Content-Type"] == PROBLEM
    assert "2,097,152 bytes" in answer.json()["detail"]
    assert "2,097,152 bytes" in page.content.decode()


def test_readings_may_be_more_but_not_endless(
    admin: Membership, api_for: ApiFor, settings: LazySettings
) -> None:
    path = f"/api/assets/{AssetFactory.create(organization=admin.organization).pk}/readings/"
    large = json.dumps({"readings": [], "note": "x" * settings.LARGEST_BODY})
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
    larger = json.dumps({"readings": [], "note": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    api = api_for(admin)

    assert api.post(path, large, content_type=JSON).status_code == 200
    assert api.post(path, larger, content_type=JSON).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "9" * 40, "12 ", "x"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    answer = Client().post("/api/auth/token/", "{}", content_type=JSON, CONTENT_LENGTH=length)

    assert answer.status_code in (411, 413)


def test_a_body_in_chunks_is_refused() -> None:
    answer = Client().post(
        "/api/auth/token/", "{}", content_type=JSON, headers={"Transfer-Encoding": "chunked"}
    )

    assert answer.status_code == 411


@pytest.mark.parametrize(
    "body",
    [
        "[" * 500_000,
        '{"a":' * 200_000,
        '{"name": ' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"latitude": ' + "9" * 1_000_000 + "}",
        '{"name": 1' + "0" * 5_000 + "}",
        '{"name": 1e' + "9" * 1_000 + "}",
        "{" + ",".join(f'"{i}": 1' for i in range(50_000)) + "}",
        '{"name": "a", "name": "b"',
        '{"__proto__": {"is_superuser": true}, "constructor": 1}',
    ],
    ids=["lists", "objects", "closed", "digits", "integer", "exponent", "names", "half", "proto"],
)
def test_no_json_is_a_bomb(body: str, admin: Membership, api_for: ApiFor) -> None:
    start = time.monotonic()
    for path in ("/api/sites/", "/api/auth/token/", "/api/assets/bulk/"):
        answer = api_for(admin).post(path, body, content_type=JSON)
        assert 400 <= answer.status_code < 500, (path, answer.content[:200])
    assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "multipart/form-data; boundary=x", "text/html", "x" * 5_000],
)
def test_only_json_is_read(content_type: str, admin: Membership, api_for: ApiFor) -> None:
    """So that no form of another site can send what the API takes."""
    answer = api_for(admin).post("/api/sites/", b"{}", content_type=content_type)

    assert answer.status_code == 415


def test_no_file_is_taken_in(admin: Membership, client_for: ClientFor) -> None:
    body = (
        '--x\r\nContent-Disposition: form-data; name="f"; filename="../../a.html"\r\n\r\n'
        "<script>1</script>\r\n--x--\r\n"
    )
    answer = client_for(admin).post(
        "/maintenance/work-orders/new/", body, content_type="multipart/form-data; boundary=x"
    )

    assert answer.status_code == 400
    assert b"<script>1" not in answer.content
