"""Takes secrets out of texts that are kept or sent, whoever wrote them."""

import re
from typing import Any

MASK = "…"

# A name that says that its value is secret, as in JSON, in Python, in a form or in a header.
_NAMES = (
    r"[\w-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|digest|csrf|sessionid"
    r"|signature|recovery)[\w-]{0,40}|access|refresh|code|key|otp|credential"
)
_SECRETS: list[tuple[re.Pattern[str], str]] = [
    # Headers: the whole line.
    (
        re.compile(
            r"""(?ix) (\b (?:proxy-)?authorization | \b (?:set-)?cookie | \b http_(?:authorization
            | cookie)) (['"]? \s* [:=]>? \s*) (?: '[^'\r\n]*' | "[^"\r\n]*" | [^\r\n]* )"""
        ),
        rf"\1\2{MASK}",
    ),
    # Secrets that show what they are by their form: ours, JWTs, credentials of a scheme.
    (re.compile(r"\b(ops|whsec|opsk)_[\w-]{8,}"), rf"\1_{MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}"), MASK),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@]*):[^\s/@]+@", re.I), rf"\1:{MASK}@"),
    # What PostgreSQL says of a row that it refused.
    (re.compile(r"(Failing row contains )\(.*\)", re.DOTALL), rf"\1({MASK})"),
    # A value that has such a name.
    (
        re.compile(
            rf"""(?ix) (?<![\w-]) ({_NAMES}) (\\?['")]? \s* (?: : | => | = ) \s*)
            (?: \([^)]*\) | \[[^\]]*\]
            | \\?' (?:[^'\\]|\\.)* \\?' | \\?" (?:[^"\\]|\\.)* \\?" | [^\s,;&'"\]}})<>]+ )"""
        ),
        rf"\1\2{MASK}",
    ),
]
# The part of a path that opens something by itself: of an invitation, of a forgotten password.
_PATH_SECRET = re.compile(r"(?<=/)(?=[\w:-]*\d)(?=[\w:-]*[A-Za-z])[\w:-]{30,}(?=[/?\s\"']|$)")


def masked(text: str) -> str:
    """The text with every secret in it replaced.

    >>> masked('{"username": "ada", "password": "pa55 word"}')
    '{"username": "ada", "password": …}'
    >>> masked("GET /x?token=abc&page=2")
    'GET /x?token=…&page=2'
    >>> masked("Authorization: Bearer abcdefghijk")
    'Authorization: …'
    >>> masked("redis://:hunter2@cache:6379/0 is down")
    'redis://:…@cache:6379/0 is down'
    """
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return masked_path(text)


def masked_path(path: str) -> str:
    """The path with the parts that are as long as a secret replaced.

    >>> masked_path("/access/invitations/q3JY7s0zT2xVh5nqXc8mBv1LkPz4WfRd/")
    '/access/invitations/…/'
    """
    return _PATH_SECRET.sub(MASK, path)


def is_secret(name: Any) -> bool:
    """Whether a value of this name is to be hidden."""
    return isinstance(name, str) and bool(_SECRET_NAME.search(name))


_SECRET_NAME = re.compile(
    r"(?i)pass|secret|token|key|digest|csrf|session|cookie|auth|signature|dsn|url|broker|credential"
    r"|code|otp|api|query|referer|uri|environ|wsgi"
)
