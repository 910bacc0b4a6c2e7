"""Same key, same answer, exactly one effect; within the transaction of the effect."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from django.db import OperationalError, connection, transaction
from django.utils.crypto import salted_hmac
from psycopg.errors import LockNotAvailable

from opssight.idempotency.models import IdempotentRequest

LIFETIME = timedelta(hours=24)
PATIENCE = "10s"


class KeyReused(Exception):
    """The key was sent before, with another request."""


class StillRunning(Exception):
    """The first request with this key is not answered yet."""


class Unreadable(Exception):
    """The first answer is kept, but was encrypted with another SECRET_KEY."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to the first request with a key."""

    status: int
    headers: dict[str, str]
    body: bytes


def claim(*, user_id: int, key: str, fingerprint: str, at: datetime) -> Kept | None:
    """The kept answer, or None: the key is the caller's, who must `keep` or `drop` it.

    Waits while another transaction holds the key. Raises KeyReused, StillRunning or Unreadable.
    """
    digest = _digest(key)
    mine = IdempotentRequest.objects.filter(user=user_id, key=digest)
    mine.filter(created_at__lt=at - LIFETIME).delete()
    if _insert(user_id, digest, fingerprint, at):
        return None
    first = mine.get()
    if first.fingerprint != fingerprint:
        raise KeyReused
    try:
        body = _cipher(key).decrypt(bytes(first.body))
    except InvalidToken as error:
        raise Unreadable from error
    return Kept(status=first.status or 200, headers=first.headers, body=body)


def keep(*, user_id: int, key: str, answer: Kept) -> None:
    """Keep the answer of a claimed key."""
    IdempotentRequest.objects.filter(user=user_id, key=_digest(key)).update(
        status=answer.status, headers=answer.headers, body=_cipher(key).encrypt(answer.body)
    )


def drop(*, user_id: int, key: str) -> None:
    """Give a claimed key back: the request had no effect and may be sent again."""
    IdempotentRequest.objects.filter(user=user_id, key=_digest(key)).delete()


def forget(*, at: datetime) -> int:
    """Delete what is older than a day, of all users; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT opssight_forget_idempotent_requests(%s)", [at - LIFETIME])
        deleted: int = cursor.fetchone()[0]
    return deleted


def _insert(user_id: int, digest: str, fingerprint: str, at: datetime) -> bool:
    """Whether the key was free. A twin that inserted it in a running transaction is awaited."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
                [PATIENCE],
            )
            before = cursor.fetchone()[0]
            cursor.execute(
                "INSERT INTO idempotent_requests"
                " (user_id, key, fingerprint, headers, body, created_at)"
                " VALUES (%s, %s, %s, '{}', '', %s) ON CONFLICT (user_id, key) DO NOTHING",
                [user_id, digest, fingerprint, at],
            )
            inserted = bool(cursor.rowcount)
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise StillRunning from error
        raise
    return inserted


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _cipher(key: str) -> Fernet:
    secret = salted_hmac("opssight.idempotency", key, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(secret))
