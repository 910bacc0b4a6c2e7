"""What a password must withstand: guessing, and lists of stolen passwords. Nothing is sent away."""

import hashlib
import os
import re
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from zxcvbn import zxcvbn

# Of 0 to 4; 3 withstands some 10^8 guesses.
STRONG_ENOUGH = 3
# zxcvbn grows with the square of the length, and what follows only makes it stronger.
LOOKED_AT = 72
SHA1_DIGITS = 40
SHORTEST_NAME = 3
HINT = "A few uncommon words are easy to remember and hard to guess."
ADVICE = f"At least 10 characters. {HINT}"


class StrengthValidator:
    """Refuses what zxcvbn finds easy to guess, also with the person's own names in mind."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError that says what makes it weak and what would help."""
        if not password:
            return
        names = _own_words(user)
        result = zxcvbn(_without(names, password[:LOOKED_AT]) or names[0], user_inputs=names)
        if result["score"] >= STRONG_ENOUGH:
            return
        feedback = result["feedback"]
        advice = [feedback["warning"], *feedback["suggestions"]]
        words = " ".join(f"{text.rstrip('.')}." for text in advice if text)
        raise ValidationError(
            f"This password is easy to guess. {words}".strip(), code="password_too_weak"
        )

    def get_help_text(self) -> str:
        return HINT


class BreachValidator:
    """Refuses passwords that stand in `BREACHED_PASSWORDS_FILE`; without one it knows none."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError for a password of the list."""
        path = settings.BREACHED_PASSWORDS_FILE
        if path and is_listed(Path(path), password):
            raise ValidationError(
                "This password stands in a public list of stolen passwords."
                " Choose one that you use nowhere else.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return "It must not stand in a list of stolen passwords."


def is_listed(path: Path, password: str) -> bool:
    """Whether the password stands in a sorted file, which is searched by bisection.

    The lines are SHA-1 digests in hex, with or without `:count` as in the Pwned Passwords
    download, or else passwords as they are, sorted by bytes. Raises OSError without the file.
    """
    with path.open("rb") as lines:
        if _is_digest(lines.readline()):
            wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().encode()
            return _find(lines, wanted, digests=True)
        return _find(lines, password.encode(), digests=False)


def _find(lines: IO[bytes], wanted: bytes, *, digests: bool) -> bool:
    low, high = 0, lines.seek(0, os.SEEK_END)
    # The line that starts at or after `low` and before `high` is looked for.
    while low < high:
        middle = (low + high) // 2
        lines.seek(middle)
        if middle > 0:
            lines.seek(middle - 1)
            lines.readline()
        start = lines.tell()
        line = lines.readline()
        key = _key(line, digests=digests)
        if not line or start >= high or key > wanted:
            high = middle
        elif key < wanted:
            low = start + len(line)
        else:
            return True
    return False


def _key(line: bytes, *, digests: bool) -> bytes:
    return line[:SHA1_DIGITS].lower() if digests else line.rstrip(b"\r\n")


def _is_digest(line: bytes) -> bool:
    digest, _, count = line.strip().partition(b":")
    if len(digest) != SHA1_DIGITS or (count and not count.isdigit()):
        return False
    return all(character in b"0123456789abcdefABCDEF" for character in digest)


def _without(words: list[str], password: str) -> str:
    """What is left of the password when the names in it give nothing."""
    names = sorted({word for word in words if len(word) >= SHORTEST_NAME}, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, names)), "", password, flags=re.IGNORECASE)


def _own_words(user: Any) -> list[str]:
    """Names that somebody who knows the person would try first, the product's among them."""
    texts = ["opssight"]
    for field in ("username", "first_name", "last_name", "email"):
        text = str(getattr(user, field, "") or "")
        texts += [text, *text.replace("@", " ").replace(".", " ").split()]
    return [text.lower() for text in texts if text]
