"""The committed schema is the one that the code makes, it is complete, and it can be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from telemetry.services.comparisons import MOST_LINES

COMMITTED = Path(__file__).parent.parent / "docs" / "reference" / "openapi.yaml"
PROBLEM = "application/problem+json"
# The one answers 503 with its checks, the other as InfluxDB does.
NOT_OUR_PROBLEMS = {"GET /api/health/", "POST /api/v2/write/"}
Operations = dict[str, dict[str, Any]]
# The whole document takes half a minute to make and to check.
pytestmark = pytest.mark.crawl


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("openapi") / "openapi.yaml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(file))
    return file.read_text()


@pytest.fixture(scope="module")
def document(made: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(made, Loader=yaml.CSafeLoader)
    return loaded


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> Operations:
    """Operation by `METHOD /path`."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_committed_schema_is_up_to_date(made: str) -> None:
    assert COMMITTED.read_text() == made, "The API changed: run `make openapi` and commit it."


def test_the_document_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"


@pytest.mark.parametrize("part", ["summary", "description"])
def test_every_operation_is_described(operations: Operations, part: str) -> None:
    assert [name for name, operation in operations.items() if not operation.get(part)] == []


def test_every_tag_is_described_and_used(document: dict[str, Any], operations: Operations) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"]}

    assert described == {tag for operation in operations.values() for tag in operation["tags"]}


def test_every_operation_lists_its_problems_by_status(
    document: dict[str, Any], operations: Operations
) -> None:
    for name, operation in operations.items():
        answers = operation["responses"]
        assert "default" not in answers, name
        if name in NOT_OUR_PROBLEMS:
            continue
        expected = {"401", "406", "429"}
        if "requestBody" in operation:
            expected |= {"400", "413", "415"}
        assert expected <= answers.keys(), name
        for status, answer in answers.items():
            if status >= "400":
                problem = _resolved(answer, document)["content"][PROBLEM]
                assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, name
                assert problem["example"]["status"] == int(status), name


def test_every_body_and_answer_has_an_example_that_follows_its_schema(
    document: dict[str, Any], operations: Operations
) -> None:
    wrong = []
    for name, operation in operations.items():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for media in _media(bodies, document):
            examples = _examples(media)
            assert examples, name
            validator = jsonschema_rs.Draft202012Validator(
                {**media["schema"], **_definitions(document)}
            )
            wrong += [
                f"{name}: {error.instance_path} {error.message}"
                for example in examples
                for error in validator.iter_errors(example)
            ]
    assert wrong == []


def test_every_answer_says_its_request_id(document: dict[str, Any], operations: Operations) -> None:
    for name, operation in operations.items():
        for answer in operation["responses"].values():
            assert "X-Request-ID" in _resolved(answer, document)["headers"], name


def test_a_list_says_how_many_rows_it_takes(document: dict[str, Any]) -> None:
    lines = document["components"]["schemas"]["ComparisonRequest"]["properties"]["lines"]
    assert lines["maxItems"] == MOST_LINES


def test_every_way_to_sign_in_is_a_security_scheme(document: dict[str, Any]) -> None:
    assert {"cookieAuth", "jwtAuth", "apiToken"} <= document["components"]["securitySchemes"].keys()


def test_a_created_row_links_to_what_can_be_done_with_it(operations: Operations) -> None:
    links = operations["POST /api/maintenance/work-orders/"]["responses"]["201"]["links"]
    names = {operation["operationId"] for operation in operations.values()}

    assert "maintenance_work_orders_complete_create" in links
    assert {link["operationId"] for link in links.values()} <= names


def test_the_loop_has_examples_written_by_hand(operations: Operations) -> None:
    for name in (
        "POST /api/auth/token/",
        "POST /api/assets/{id}/readings/",
        "POST /api/maintenance/recommendations/{id}/accept/",
        "POST /api/maintenance/work-orders/{id}/complete/",
        "PUT /api/maintenance/work-orders/{id}/",
    ):
        content = operations[name]["requestBody"]["content"]["application/json"]
        assert content["examples"], name


PAGES = [f"/api/{name}{slash}" for name in ("schema", "docs", "redoc") for slash in ("", "/")]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_schema_and_docs_are_served(path: str, client: Client) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert b"://" not in answer.content.split(b"</head>")[0] or "schema" in path


def _resolved(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found  # type: ignore[no-any-return]


def _media(bodies: list[dict[str, Any]], document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for body in bodies:
        for media in _resolved(body, document).get("content", {}).values():
            if "schema" in media:
                yield media


def _examples(media: dict[str, Any]) -> list[Any]:
    named = media.get("examples", {}).values()
    return [*([media["example"]] if "example" in media else []), *(x["value"] for x in named)]


def _definitions(document: dict[str, Any]) -> dict[str, Any]:
    """What `#/components/…` refers to, for a validator of one schema."""
    return {"components": {"schemas": document["components"]["schemas"]}}
