"""The parts of the OpenAPI document that its operations share: problems, headers, parameters."""

from typing import Any

from opssight.core.api.codes import CODES, Code
from opssight.core.api.versions import CURRENT, HEADER

JSON = dict[str, Any]
PROBLEM_TYPE = "application/problem+json"

PROBLEM: JSON = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Address that explains the code.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer", "description": "The status code of the answer."},
        "code": {"type": "string", "description": "Stable: programs may compare it."},
        "detail": {"type": "string", "description": "What was wrong, and what to do."},
        "instance": {"type": "string", "description": "Path of the request."},
        "request_id": {"type": "string", "description": "Tell it to whoever looks into a problem."},
        "errors": {
            "type": "array",
            "description": "One entry per refused field.",
            "items": {"$ref": "#/components/schemas/ProblemError"},
        },
    },
}
PROBLEM_ERROR: JSON = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "description": "JSON pointer (RFC 6901) to the field; empty for the whole body.",
        },
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
# The component of each status.
PROBLEM_NAMES = {
    400: "Invalid",
    401: "NotSignedIn",
    403: "NotAllowed",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    411: "LengthRequired",
    412: "ChangedMeanwhile",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "Unprocessable",
    429: "TooManyRequests",
    503: "Unavailable",
}

_COUNT: JSON = {"type": "integer", "minimum": 0}
HEADERS: dict[str, JSON] = {
    "X-Request-ID": {
        "description": "The request's id, as in the logs. One that was sent is kept.",
        "required": True,
        "schema": {"type": "string"},
        "example": "0198a1f0c2e14b7c9d35",
    },
    HEADER: {
        "description": "The version of the API that answered.",
        "required": True,
        "schema": {"type": "string"},
        "example": CURRENT,
    },
    "RateLimit-Limit": {
        "description": "Requests in a window, of the limit with least room.",
        "schema": _COUNT,
        "example": 600,
    },
    "RateLimit-Remaining": {
        "description": "How many of them are left.",
        "schema": _COUNT,
        "example": 597,
    },
    "RateLimit-Reset": {
        "description": "Seconds until the window ends.",
        "schema": _COUNT,
        "example": 42,
    },
    "RateLimit-Policy": {
        "description": "The limit and its window in seconds.",
        "schema": {"type": "string"},
        "example": "600;w=60",
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "required": True,
        "schema": _COUNT,
        "example": 60,
    },
    "ETag": {
        "description": "Names this state of the answer, for If-Match and If-None-Match.",
        "required": True,
        "schema": {"type": "string"},
        "example": '"3f1c9a5b-8d2e7c41"',
    },
    "Location": {
        "description": "Path of the new row.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/assets/1/",
    },
    "Idempotency-Replayed": {
        "description": "`true` where the answer is the one that the key got before.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Deprecation": {
        "description": "Since when the operation should not be used (RFC 9745).",
        "required": True,
        "schema": {"type": "string"},
        "example": "@1788220800",
    },
    "Sunset": {
        "description": "When the operation ends (RFC 8594).",
        "required": True,
        "schema": {"type": "string"},
        "example": "Tue, 01 Sep 2026 00:00:00 GMT",
    },
}
EVERYWHERE = ["X-Request-ID", HEADER, *(name for name in HEADERS if name.startswith("RateLimit-"))]

PARAMETERS: dict[str, JSON] = {
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "ETag that the row must still have; else 412 and nothing is changed.",
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "ETag of an earlier answer: 304 without a body where it still holds.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A key of your own, such as a UUID: sent again within 24 hours, the request"
        " has no second effect and gets the same answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    },
}


def reference(kind: str, name: str) -> JSON:
    return {"$ref": f"#/components/{kind}/{name}"}


def problem_reference(status: int) -> JSON:
    return reference("responses", PROBLEM_NAMES[status])


def problem_components() -> dict[str, JSON]:
    """components.responses: one per status, with its codes in words and an example."""
    return {name: _problem_component(status) for status, name in PROBLEM_NAMES.items()}


def _problem_component(status: int) -> JSON:
    codes = {code: item for code, item in CODES.items() if item.status == status}
    headers = [*EVERYWHERE, *(["Retry-After"] if status == 429 else [])]
    first = next(iter(codes))
    return {
        "description": "\n".join(f"- `{code}`: {item.text}" for code, item in codes.items()),
        "headers": {header: reference("headers", header) for header in headers},
        "content": {
            PROBLEM_TYPE: {
                "schema": reference("schemas", "Problem"),
                "example": _problem_example(first, codes[first]),
            }
        },
    }


def _problem_example(code: str, item: Code) -> JSON:
    error = {"pointer": "/tag", "code": "rule", "detail": "Another asset has this tag."}
    return {
        "type": f"/api/problems/{code}",
        "title": item.title,
        "status": item.status,
        "code": code,
        "detail": "Some values were refused. See errors." if code == "invalid" else item.text,
        "instance": "/api/assets/",
        "request_id": "0198a1f0c2e14b7c9d35",
        **({"errors": [error]} if code == "invalid" else {}),
    }


# What the viewsets do not say.
TAGS = {
    "Auth": "Sign in with a password, get new tokens, sign out.",
    "Health": "Whether the product works, for load balancers and monitoring.",
}
HEALTH_SCHEMA: JSON = {
    "type": "object",
    "required": ["status", "checks"],
    "properties": {
        "status": {"type": "string", "enum": ["ok", "unavailable"]},
        "checks": {
            "type": "object",
            "description": "`ok`, or what failed, by the part's name.",
            "additionalProperties": {"type": "string"},
        },
    },
}


def health() -> JSON:
    """The path item of `/api/health/`, which is no view of REST framework."""
    parts = ("database", "migrations", "broker", "cache")
    return {
        "get": {
            "operationId": "health_retrieve",
            "summary": "Whether the product works",
            "description": (
                "200 when database, migrations, broker and cache all answer, else 503 and what"
                " failed. It needs no sign-in and is not limited."
            ),
            "tags": ["Health"],
            "security": [{}],
            "responses": {
                "200": _health_answer("Everything answers.", "ok", dict.fromkeys(parts, "ok")),
                "503": _health_answer(
                    "A part that the product needs does not answer.",
                    "unavailable",
                    dict.fromkeys(parts, "ok") | {"broker": "ConnectionError: no answer"},
                ),
            },
        }
    }


def _health_answer(description: str, status: str, checks: dict[str, str]) -> JSON:
    return {
        "description": description,
        "headers": {"X-Request-ID": reference("headers", "X-Request-ID")},
        "content": {
            "application/json": {
                "schema": reference("schemas", "Health"),
                "example": {"status": status, "checks": checks},
            }
        },
    }
