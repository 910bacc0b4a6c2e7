"""Secrets of webhooks: made, kept encrypted, and used to sign."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

from cryptography.fernet import InvalidToken

from opssight.accounts.encryption import cipher

PREFIX = "whsec_"
PURPOSE = "opssight.notifications.webhooks"
VERSION = "v1"


class SecretUnreadable(Exception):
    """SECRET_KEY was changed since the secret was saved, and the old one is no fallback."""


def new_secret() -> str:
    """With 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def encrypt(secret: str) -> str:
    return cipher(PURPOSE).encrypt(secret.encode()).decode()


def decrypt(kept: str) -> str:
    """Raises SecretUnreadable."""
    try:
        return cipher(PURPOSE).decrypt(kept.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable from error


def signature(body: bytes, *, keys: Iterable[str], seconds: int) -> str:
    """The header that signs the body at this time, in seconds since 1970: one v1 for each key.

    HMAC-SHA256 of the time, a dot and the body, in hex.

    >>> signature(b"{}", keys=["whsec_a"], seconds=1700000000)[:28]
    't=1700000000,v1=04339dc4f01d'
    """
    signed = f"{seconds}.".encode() + body
    parts = [
        f"{VERSION}={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}" for key in keys
    ]
    return ",".join([f"t={seconds}", *parts])
