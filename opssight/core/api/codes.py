"""Every code of a problem document, what it means and what to do: the API promises these."""

from typing import NamedTuple


class Code(NamedTuple):
    status: int
    title: str
    text: str


CODES: dict[str, Code] = {
    "invalid": Code(
        400,
        "Invalid input.",
        "Values in the body or the query were refused. `errors` names each one; correct them.",
    ),
    "parse_error": Code(
        400, "Malformed request.", "The body is not the JSON that its Content-Type announces."
    ),
    "idempotency_key_invalid": Code(
        400,
        "Invalid idempotency key.",
        "Send 1 to 255 visible ASCII characters, such as a UUID.",
    ),
    "not_authenticated": Code(
        401, "Not signed in.", "Send `Authorization: Bearer` and a token, or sign in."
    ),
    "authentication_failed": Code(
        401, "Sign-in refused.", "The credentials are wrong or no longer valid."
    ),
    "no_active_account": Code(
        401, "Sign-in refused.", "No active account has this user name and password."
    ),
    "token_not_valid": Code(
        401,
        "Token not valid.",
        "The token is expired, revoked or not one of ours. Get a new one, or sign in again.",
    ),
    "user_not_found": Code(401, "Token not valid.", "The account of the token does not exist."),
    "user_inactive": Code(401, "Token not valid.", "The account of the token is not active."),
    "permission_denied": Code(
        403, "Not allowed.", "Your role may not do this. Ask an admin of your organization."
    ),
    "not_found": Code(
        404,
        "Not found.",
        "No such address, or no such row in your organizations.",
    ),
    "method_not_allowed": Code(
        405, "Method not allowed.", "The address does not know this method; see header Allow."
    ),
    "not_acceptable": Code(
        406,
        "Not acceptable.",
        "Ask for application/json, in a version that exists (docs: API versions).",
    ),
    "conflict": Code(
        409,
        "Conflict.",
        "The row is not in the state that this needs, or others still refer to it. Read it again.",
    ),
    "idempotency_in_progress": Code(
        409,
        "Still in progress.",
        "The first request with this Idempotency-Key is not answered yet. Send it again later.",
    ),
    "length_required": Code(
        411, "Length required.", "Send the body in one piece, with its Content-Length."
    ),
    "precondition_failed": Code(
        412,
        "Changed in the meantime.",
        "The row is not the one that If-Match names. Read it again and decide anew.",
    ),
    "too_large": Code(413, "Too large.", "The body is larger than this address takes. Split it."),
    "unsupported_media_type": Code(415, "Unsupported media type.", "Send application/json."),
    "unsupported_encoding": Code(
        415, "Unsupported encoding.", "Send the body as it is, without Content-Encoding."
    ),
    "bulk_refused": Code(
        422,
        "Nothing was changed.",
        "The operations were to be done all or none, and some were refused; see `errors`.",
    ),
    "idempotency_key_reused": Code(
        422,
        "Idempotency key reused.",
        "The key was sent within a day with another request. Use a new key for a new request.",
    ),
    "throttled": Code(
        429, "Too many requests.", "Come back after the seconds that Retry-After says."
    ),
    "took_too_long": Code(
        503, "Took too long.", "Ask for less at once: add a filter, or search for less."
    ),
    "busy": Code(
        503,
        "Busy.",
        "More readings arrive than can be stored. Send the same again after the seconds that"
        " Retry-After says: nothing is stored twice.",
    ),
    "storage_failed": Code(
        503,
        "Storage unavailable.",
        "The storage of files does not answer, and nothing was changed. Try again later.",
    ),
    "error": Code(
        500,
        "Failed on our side.",
        "Nothing was changed. Try again; if it goes on, report the request id.",
    ),
}
GENERAL = {400: "invalid", 401: "authentication_failed"} | {
    item.status: code
    for code, item in reversed(CODES.items())
    if item.status > 401  # the first
}
GENERAL |= {409: "conflict", 422: "invalid"}


def explained(code: str, status: int) -> str:
    """The code of the table that stands for a code and status of an error.

    >>> explained("conflict", 409), explained("of_a_library", 403)
    ('conflict', 'permission_denied')
    """
    return code if code in CODES else GENERAL.get(status, "error")
