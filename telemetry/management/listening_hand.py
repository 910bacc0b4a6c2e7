"""What has come and is not stored yet, and when it is to be."""

from telemetry.management.listening_options import Options
from telemetry.management.listening_store import Message

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of messages in hand, beyond which no more are read until some are stored."""
QUIET = 0.02
"""Seconds of silence after which MQTT 3.1.1, where the broker alone knows its window, is stored."""


class Hand:
    """Messages in the order in which they came. Times are seconds of a monotonic clock."""

    def __init__(self, options: Options) -> None:
        self.messages: list[Message] = []
        self._options = options
        self._readings = self._bytes = 0
        self._first_at = self._last_at = 0.0

    def __len__(self) -> int:
        return len(self.messages)

    @property
    def is_full(self) -> bool:
        return self._bytes > MOST_BYTES

    def add(self, message: Message, *, now: float) -> None:
        if not self.messages:
            self._first_at = now
        self._last_at = now
        self.messages.append(message)
        self._readings += len(message.names)
        self._bytes += message.size

    def due_at(self) -> float:
        """When the first batch is to be stored."""
        if max(self._readings, len(self)) >= self._options.batch or self.is_full:
            return self._first_at
        due = self._first_at + self._options.wait
        if self._options.broker.protocol != "5":
            return min(due, self._last_at + QUIET)
        return due

    def next_batch(self) -> list[Message]:
        """The first messages, together about as many readings as a batch takes, one at least."""
        count = readings = 0
        for message in self.messages[: self._options.batch]:
            if count and readings + len(message.names) > self._options.batch:
                break
            count, readings = count + 1, readings + len(message.names)
        return self.messages[:count]

    def put_down(self, count: int, *, now: float) -> None:
        """Forget the first messages: they are stored."""
        self._keep(self.messages[count:])
        self._first_at = now

    def forget_what_comes_again(self) -> None:
        """Forget what the broker sends again by itself."""
        self._keep([message for message in self.messages if message.qos == 0])

    def _keep(self, messages: list[Message]) -> None:
        self.messages = messages
        self._readings = sum(len(message.names) for message in messages)
        self._bytes = sum(message.size for message in messages)


class Backoff:
    """Seconds to wait after each failure in a row: twice as long each time."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._delay = self.until = 0.0

    def fail(self, now: float) -> float:
        self._delay = min(self._longest, 2 * self._delay or self._first)
        self.until = now + self._delay
        return self._delay

    def clear(self) -> None:
        self.until = self._delay = 0.0
