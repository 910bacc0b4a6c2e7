"""What the OpenAPI document says beyond what the code shows."""

from typing import Any

from drf_spectacular.utils import extend_schema

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "example": "about:blank"},
        "title": {"type": "string", "example": "Invalid input."},
        "status": {"type": "integer", "example": 400},
        "code": {"type": "string", "example": "invalid"},
        "detail": {"type": "string", "example": "Some values were refused. See errors."},
        "errors": {
            "type": "array",
            "description": "One entry per refused field; the pointer is empty for the whole body.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "example": "/tag"},
                    "code": {"type": "string", "example": "invalid"},
                    "detail": {"type": "string", "example": "Another asset has this tag."},
                },
            },
        },
    },
}
PROBLEM_RESPONSE = {
    "description": "A problem: 400 invalid input, 401 not signed in, 403 not allowed, 404 not "
    "found (or another organization's), 409 conflict, 429 too many requests.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A drf-spectacular hook: every operation may answer with a problem document."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = PROBLEM_RESPONSE
    return result


def describe(one: str, many: str, *, edit: bool = False, crud: bool = False) -> dict[str, Any]:
    """A summary for each plain operation of a viewset, for `extend_schema_view`."""
    article = "an" if one[0] in "aeo" else "a"
    summaries = {"list": f"List {many}", "retrieve": f"Read {article} {one}"}
    if edit or crud:
        summaries["create"] = f"Create {article} {one}"
        summaries["update"] = f"Replace {article} {one}"
        summaries["partial_update"] = f"Change {article} {one}"
    if crud:
        summaries["destroy"] = f"Delete {article} {one}"
    return {name: extend_schema(summary=summary) for name, summary in summaries.items()}
