"""What schemathesis cannot know: how a role signs in, and what a refusal by a rule looks like."""

import os
from typing import Any

import requests
import schemathesis

# `fields` leaves out what a schema must require, so answers to it are judged in a run of their own.
FIELDS = os.environ.get("FUZZ_FIELDS") == "1"
URL = os.environ["FUZZ_URL"]
ROLE = os.environ["FUZZ_ROLE"]
# What a schema can say of a value: a 400 for one of these to a request that follows the document is
# a promise that the product does not keep. Other codes are of rules that no schema knows: that the
# row does not exist, that another row has the name, that the end comes before the start.
STATED = {
    "blank",
    "date",
    "datetime",
    "empty",
    "incorrect_type",
    "invalid",
    "invalid_choice",
    "invalid_list",
    "max_decimal_places",
    "max_digits",
    "max_length",
    "max_string_length",
    "max_value",
    "max_whole_digits",
    "min_length",
    "min_value",
    "not_a_dict",
    "not_a_list",
    "null",
    "overflow",
    "parse_error",
    "required",
}


@schemathesis.check
def refused_by_a_rule_only(context: Any, response: Any, case: Any) -> None:
    """A request that follows the document is refused for what the document cannot say, if at all.

    It stands beside `positive_data_acceptance`, which only knows of statuses.
    """
    if response.status_code not in (400, 422) or case.meta is None:
        return
    if not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    refused = [
        error
        for error in problem.get("errors", [])
        if error["code"] in STATED and not _is_bound_of_text(error, case.body)
    ]
    if problem["code"] in STATED - {"invalid"} or (problem["code"] == "invalid" and refused):
        raise AssertionError(f"Refused for what the document could say: {refused or problem}")


def _is_bound_of_text(error: dict[str, str], body: Any) -> bool:
    """Whether a decimal number is too large or small: no schema bounds a number that is text."""
    if error["code"] not in ("min_value", "max_value"):
        return False
    value = body.get(error["pointer"].removeprefix("/")) if isinstance(body, dict) else None
    return isinstance(value, str)


LINES = "application/x-ndjson"


@schemathesis.serializer(LINES)
def as_text(context: Any, value: Any) -> bytes:
    """Lines that the document describes as a text."""
    return str(value).encode("utf-8", "replace")


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Without what is no wrong type once it is sent.

    Lines are a text, whatever they were made of; and of a parameter that is given repeatedly the
    last value counts.
    """
    single = {
        parameter.name
        for parameter in case.operation.query
        if parameter.definition.get("schema", {}).get("type") != "array"
    }
    repeated = any(
        isinstance(value, list | dict) and name in single
        for name, value in (case.query or {}).items()
    )
    return not repeated and (case.media_type != LINES or isinstance(case.body, str))


if ROLE != "anonymous":

    @schemathesis.auth(refresh_interval=300)
    class SignedIn:
        """A token of the role's user."""

        def get(self, case: Any, context: Any) -> str:
            answer = requests.post(
                f"{URL}/api/auth/token/",
                json={"username": ROLE, "password": os.environ["FUZZ_PASSWORD"]},
                timeout=30,
            )
            answer.raise_for_status()
            token: str = answer.json()["access"]
            return token

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    for operations in raw_schema["paths"].values():
        for method, operation in operations.items():
            parameters = operation.get("parameters", [])
            asked = [item for item in parameters if item.get("name") == "fields"]
            if FIELDS and method == "get" and asked:
                asked[0]["required"] = True
            elif not FIELDS:
                operation["parameters"] = [item for item in parameters if item not in asked]
    if FIELDS:
        for schema in raw_schema["components"]["schemas"].values():
            schema.pop("required", None)
