"""An answer as the crawl compares it: without what was asked and what is different each time."""

import re
from typing import Any, NamedTuple

from django.http import HttpResponseBase

from tests.isolation.world import FOREIGN, FOREIGN_PREFIX, GHOST, MARK

NONSENSE = MARK[::-1]
PASSING = re.compile(
    r"[A-Za-z0-9]{64}"  # CSRF tokens
    r"|nonce[-=]\"?[\w+/=-]+"
    r"|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}"
    r"|eyJ[\w.-]+"
    r"|T\d\d:\d\d:\d\d\.\d{6}"  # the database's own clock
    r"|[0-9a-f]{20}-[0-9a-f]{20}"  # ETags, which hash the ids of new rows
    r"|(?:whsec|ops)_[\w.-]{20,}"  # secrets made for the answer
    r"|/request/[\w-]{32}/"  # the address of a form that was given a new key
    r"|\b100[5-9]\d{3}\b"  # rows that the question itself made, such as the record of an export
)
FORBIDDEN = (MARK.lower(), FOREIGN_PREFIX, f"{FOREIGN:,}"[:9])
# These hold a nonce, a token or what the body says already.
PASSING_HEADERS = {"Content-Security-Policy", "Content-Length", "ETag", "Set-Cookie"}


class Answer(NamedTuple):
    status: int
    headers: str
    text: str

    def difference(self, other: "Answer") -> str:
        if self.status != other.status:
            return f"{self.status} is not {other.status}"
        left, right = self.headers + self.text, other.headers + other.text
        pairs = enumerate(zip(left, right, strict=False))
        at = next((i for i, (a, b) in pairs if a != b), min(len(left), len(right)))
        near = slice(max(0, at - 60), at + 80)
        return f"{left[near]!r} is not {right[near]!r}"

    def leak(self) -> str | None:
        """A piece of the answer that belongs to the foreign organization."""
        whole = (self.headers + self.text).lower()
        for forbidden in FORBIDDEN:
            at = whole.find(forbidden)
            if at >= 0:
                return whole[max(0, at - 80) : at + 60]
        return None


def answer_of(response: Any, asked: str) -> Answer:
    assert isinstance(response, HttpResponseBase)
    body = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    headers = "\n".join(
        f"{name}: {value}"
        for name, value in sorted(response.headers.items())
        if name not in PASSING_HEADERS
    )
    return Answer(
        response.status_code, _plain(headers, asked), _plain(body.decode(errors="replace"), asked)
    )


def _plain(text: str, asked: str) -> str:
    """Without what was asked for, which an answer may repeat, and what is different each time."""
    for number in (1, 2):
        for pk in (FOREIGN + number, GHOST + number):
            if str(pk) in asked:
                text = text.replace(str(pk), "ID").replace(f"{pk:,}", "ID")
    for words in (MARK, NONSENSE):
        if words in asked:
            text = re.sub(words, "TEXT", text, flags=re.IGNORECASE)
    return PASSING.sub("", text)
