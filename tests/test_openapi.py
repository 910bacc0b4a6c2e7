"""The committed schema is the one that the code makes, and its pages can be read."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import AssetFactory

COMMITTED = Path(__file__).parent.parent / "docs" / "reference" / "openapi.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("openapi") / "openapi.yaml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(file))
    return file.read_text()


@pytest.fixture(scope="module")
def operations(made: str) -> dict[str, dict[str, Any]]:
    """Operation by `METHOD /path`."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in yaml.safe_load(made)["paths"].items()
        for method, operation in methods.items()
    }


def test_the_committed_schema_is_up_to_date(made: str) -> None:
    assert COMMITTED.read_text() == made, "The API changed: run `make openapi` and commit it."


def test_every_operation_is_summarized(operations: dict[str, dict[str, Any]]) -> None:
    assert [name for name, operation in operations.items() if not operation.get("summary")] == []


def test_the_loop_has_examples(operations: dict[str, dict[str, Any]]) -> None:
    for name in (
        "POST /api/auth/token/",
        "POST /api/assets/{id}/readings/",
        "POST /api/maintenance/recommendations/{id}/accept/",
        "POST /api/maintenance/work-orders/{id}/complete/",
        "PUT /api/maintenance/work-orders/{id}/",
    ):
        content = operations[name]["requestBody"]["content"]["application/json"]
        assert content["examples"], name


def test_every_operation_answers_problems(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        content = operation["responses"]["default"]["content"]
        assert "application/problem+json" in content, name


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/schema", "/api/schema/", "/api/docs", "/api/docs/"])
def test_schema_and_docs_are_served(path: str, client: Client) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert b"://" not in answer.content.split(b"</head>")[0] or "schema" in path


@pytest.mark.django_db
def test_the_api_can_be_browsed(planner: Membership, client_for: ClientFor) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    client = client_for(planner)

    for path in ("/api/", "/api/assets/", f"/api/assets/{asset.pk}/", "/api/maintenance/history/"):
        answer = client.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/html")
