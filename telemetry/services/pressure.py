"""How much is taken in at once. Where the database is behind, senders are told to come again.

Nothing is queued in memory: what is refused here was not accepted, and its sender still has it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction

WAIT_FOR_A_SLOT = 1.0
"""Seconds."""
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "5s", "20s"
COME_AGAIN = 2
"""Seconds after which a refused sender should come again."""

_slots = BoundedSemaphore(settings.INGEST_AT_ONCE)


class Busy(Exception):
    """Not now: other intakes fill the process, or the database does not keep up or answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.wait = COME_AGAIN


@contextmanager
def slot() -> Iterator[None]:
    """One of the few intakes that this process does at once. Raises Busy after one second."""
    if not _slots.acquire(timeout=WAIT_FOR_A_SLOT):
        raise Busy("Too many batches of readings arrive at once.")
    try:
        yield
    finally:
        _slots.release()


@contextmanager
def bounded() -> Iterator[None]:
    """A transaction whose waits end: Busy where the database does not answer in time, or at all.

    Inside of another transaction it is a part of that.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true),"
                    " set_config('statement_timeout', %s, true)",
                    [LOCK_TIMEOUT, STATEMENT_TIMEOUT],
                )
            yield
    except (OperationalError, InterfaceError) as error:
        raise Busy("The database does not keep up.") from error
