"""Every problem has a code, and every code an explanation."""

from pathlib import Path

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from opssight.accounts.models import Membership
from opssight.core.api.codes import CODES, explained
from tests.conftest import ApiFor, ClientFor

pytestmark = pytest.mark.django_db


def test_a_problem_says_where_it_happened_and_how_to_find_it_again(
    planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).get("/api/sites/999/", headers={"X-Request-ID": "abcdefgh-1"})

    assert answer.data == {
        "type": "/api/problems/not_found",
        "title": "Not found.",
        "status": 404,
        "code": "not_found",
        "detail": "Not found.",
        "instance": "/api/sites/999/",
        "request_id": "abcdefgh-1",
    }
    assert answer["X-Request-ID"] == "abcdefgh-1"


def test_the_type_of_a_problem_is_the_address_of_its_explanation() -> None:
    problem = APIClient().get("/api/sites/").json()

    explanation = APIClient().get(problem["type"])

    assert explanation.status_code == 200
    assert explanation.data["code"] == problem["code"] == "not_authenticated"
    assert explanation.data["text"]


def test_all_codes_are_listed_and_documented() -> None:
    listed = {item["code"] for item in APIClient().get("/api/problems/").data}
    page = (Path(settings.BASE_DIR) / "docs/reference/errors.md").read_text()

    assert listed == set(CODES)
    assert APIClient().get("/api/problems/bogus/").status_code == 404
    assert [code for code in CODES if f"`{code}`" not in page] == []


def test_a_code_of_a_library_is_explained_by_its_status() -> None:
    assert explained("password_mismatch", 400) == "invalid"
    assert explained("password_mismatch", 418) == "error"


@pytest.mark.parametrize(
    ("method", "path", "kind", "status"),
    [
        ("get", "/api/nothing", "application/json", 404),
        ("delete", "/api/sites/", "application/json", 405),
        ("post", "/api/sites/", "text/csv", 415),
        ("post", "/api/sites/", "application/x-www-form-urlencoded", 415),
    ],
)
def test_every_refusal_is_a_problem_document(
    method: str, path: str, kind: str, status: int, planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).generic(method.upper(), path, "x=1", content_type=kind)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["request_id"] == answer["X-Request-ID"]


def test_a_session_without_its_csrf_token_gets_a_problem(planner: Membership) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(planner.user)

    answer = client.post("/api/sites/", {"code": "N", "name": "North"})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert "CSRF" in answer.json()["detail"]


def test_a_host_that_is_not_ours_gets_a_problem(planner: Membership, client_for: ClientFor) -> None:
    client = client_for(planner)
    client.raise_request_exception = False

    answer = client.get("/api/sites/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
