"""Secrets that are shown once: 256 random bits, told by their beginning to be ours."""

import secrets

PREFIX = "ops_"


def new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def hint_of(secret: str) -> str:
    """The beginning of the secret, which tells it from others and gives nothing away."""
    return secret[: len(PREFIX) + 6]
