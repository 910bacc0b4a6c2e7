"""The parts of the OpenAPI document that its operations share: problems and headers."""

from typing import Any

JSON = dict[str, Any]
PROBLEM_TYPE = "application/problem+json"

PROBLEM: JSON = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
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


def _example(status: int, title: str, code: str, detail: str, **more: Any) -> JSON:
    return {
        "type": f"/api/problems/{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "0198a1f0c2e14b7c9d35",
        **more,
    }


_TAKEN = {"pointer": "/tag", "code": "unique", "detail": "Another asset has this tag."}
# Name of the component, what it means, an example.
PROBLEMS: dict[int, tuple[str, str, JSON]] = {
    400: (
        "Invalid",
        "Some values were refused; `errors` names each one.",
        _example(
            400,
            "Invalid input.",
            "invalid",
            "Some values were refused. See errors.",
            errors=[_TAKEN],
        ),
    ),
    401: (
        "NotSignedIn",
        "No valid session or token came with the request.",
        _example(
            401,
            "Authentication credentials were not provided.",
            "not_authenticated",
            "Authentication credentials were not provided.",
        ),
    ),
    403: (
        "NotAllowed",
        "The role does not allow it, or a session's request came without its CSRF token.",
        _example(
            403,
            "You do not have permission to perform this action.",
            "permission_denied",
            "Your role may not do this. Ask an admin of your organization.",
        ),
    ),
    404: (
        "NotFound",
        "There is no such row, or it is another organization's.",
        _example(404, "Not found.", "not_found", "No asset matches the given query."),
    ),
    406: (
        "NotAcceptable",
        "The `Accept` header asks for a media type or a version that there is not.",
        _example(
            406,
            "Could not satisfy the request Accept header.",
            "not_acceptable",
            "Could not satisfy the request Accept header.",
        ),
    ),
    409: (
        "Conflict",
        "The row is not in a state that allows this, or another request was faster.",
        _example(
            409, "Conflict.", "conflict", "The row was changed in the meantime. Read it again."
        ),
    ),
    412: (
        "ChangedMeanwhile",
        "The row is no longer the one that `If-Match` names.",
        _example(
            412,
            "Precondition failed.",
            "precondition_failed",
            "The row was changed in the meantime. Read it again.",
        ),
    ),
    413: (
        "TooLarge",
        "The body is larger than the endpoint takes.",
        _example(413, "Too large.", "too_large", "The body is too large. Send less at a time."),
    ),
    415: (
        "UnsupportedMediaType",
        "The body is in a format that is not read. Send JSON.",
        _example(
            415,
            "Unsupported media type in request.",
            "unsupported_media_type",
            'Unsupported media type "text/plain" in request.',
        ),
    ),
    422: (
        "KeyReused",
        "The `Idempotency-Key` came before, with another body.",
        _example(
            422,
            "Idempotency key reused.",
            "idempotency_key_reused",
            "This key was sent with another request. Use a new key for each request.",
        ),
    ),
    429: (
        "TooManyRequests",
        "Too many requests; `Retry-After` says when to come again.",
        _example(
            429,
            "Request was throttled.",
            "throttled",
            "Request was throttled. Expected available in 60 seconds.",
        ),
    ),
    503: (
        "Unavailable",
        "A part that the product needs does not answer.",
        {},
    ),
}

HEADERS: dict[str, JSON] = {
    "X-Request-ID": {
        "description": "The request's id, as in the logs.",
        "required": True,
        "schema": {"type": "string"},
        "example": "0198a1f0c2e14b7c9d35",
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
        "example": 60,
    },
    "Location": {
        "description": "Path of the new row.",
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/api/assets/1/",
    },
}

# What the viewsets do not say.
TAGS = {
    "Auth": "Sign in with a password, get new tokens, sign out.",
    "Health": "Whether the product works, for load balancers and monitoring.",
}


def header_reference(name: str) -> JSON:
    return {"$ref": f"#/components/headers/{name}"}


def problem_reference(status: int) -> JSON:
    return {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"}


def problem_components(headers: list[str]) -> dict[str, JSON]:
    """components.responses: one per status, each with the headers of every answer."""
    return {
        name: {
            "description": description,
            "headers": {
                header: header_reference(header)
                for header in [*headers, *(["Retry-After"] if status == 429 else [])]
            },
            "content": {
                PROBLEM_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": example,
                }
            },
        }
        for status, (name, description, example) in PROBLEMS.items()
        if example
    }


HEALTH: JSON = {
    "get": {
        "operationId": "health_retrieve",
        "summary": "Whether the product works",
        "description": (
            "200 when database, migrations, broker and cache all answer, else 503 and what failed."
            " It needs no sign-in and is not limited."
        ),
        "tags": ["Health"],
        "security": [{}],
        "responses": {
            "200": {"description": "Everything answers."},
            "503": {"description": PROBLEMS[503][1]},
        },
    }
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
HEALTH_EXAMPLE: JSON = {
    "status": "ok",
    "checks": {"database": "ok", "migrations": "ok", "broker": "ok", "cache": "ok"},
}
for _answer in HEALTH["get"]["responses"].values():
    _answer["headers"] = {"X-Request-ID": header_reference("X-Request-ID")}
    _answer["content"] = {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Health"},
            "example": HEALTH_EXAMPLE,
        }
    }
