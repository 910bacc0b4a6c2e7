"""When messages without a time came, so that one that comes again is the same reading.

A broker sends again what it knows no acknowledgement of, also what was stored in the moment in
which the listener or the connection ended. Its time of arrival is written down before it is
stored; coming again, it gets that time, and is stored once.
"""

import logging
from collections import OrderedDict
from hashlib import blake2b

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
MOST = 20_000
"""Arrivals that are known. Mosquitto sends more ahead than it was allowed, after reconnections."""
Arrival = tuple[bytes, float]
"""Digest of topic and payload, seconds since 1970."""


def digest_of(topic: str, payload: bytes) -> bytes:
    return blake2b(topic.encode() + b"\0" + payload, digest_size=8).digest()


class Arrivals:
    """The last arrivals of a session, by the number that the broker gives a message."""

    def __init__(self, session: str, *, seconds: int, most: int = MOST) -> None:
        self._key = f"mqtt-arrivals:{blake2b(session.encode(), digest_size=16).hexdigest()}"
        self._most, self._seconds = most, seconds
        self._known: OrderedDict[int, Arrival] = OrderedDict()
        self._is_new = False

    def load(self) -> None:
        """Know what a listener of this session knew before."""
        try:
            self._known = OrderedDict(cache.get(self._key) or {})
        except RedisError as error:
            logger.warning("Arrivals before this start are not known: %s", error)

    def of(self, mid: int, digest: bytes, *, is_again: bool, now: float) -> float:
        """When a message came, which came now, for the first time or again."""
        known = self._known.get(mid)
        return known[1] if is_again and known is not None and known[0] == digest else now

    def add(self, mid: int, digest: bytes, arrival: float) -> None:
        self._known[mid] = (digest, arrival)
        self._known.move_to_end(mid)
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        self._is_new = True

    def save(self) -> None:
        """Write down what is new. Where that fails, readings are taken nevertheless."""
        if not self._is_new:
            return
        try:
            cache.set(self._key, dict(self._known), timeout=self._seconds)
            self._is_new = False
        except RedisError as error:
            logger.warning("Arrivals are not written down: %s", error)
