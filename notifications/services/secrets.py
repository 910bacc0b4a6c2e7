"""Secrets of webhooks: made, kept encrypted, and used to sign."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

PREFIX = "whsec_"
PURPOSE = b"opssight.notifications.webhooks"
VERSION = "v1"


class SecretUnreadable(Exception):
    """SECRET_KEY was changed since the secret was saved, and the old one is no fallback."""


def new_secret() -> str:
    """With 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def encrypt(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def decrypt(kept: str) -> str:
    """Raises SecretUnreadable."""
    try:
        return _box().decrypt(kept.encode()).decode()
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


def _box() -> MultiFernet:
    """Encrypts with SECRET_KEY; decrypts with SECRET_KEY_FALLBACKS too."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str | bytes) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(force_bytes(key)))
