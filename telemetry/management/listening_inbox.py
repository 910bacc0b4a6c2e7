"""From messages of MQTT to readings by name."""

import logging
from collections.abc import Callable

from telemetry.formats.payloads import BadPayload, Readings, read_payload
from telemetry.formats.sparkplug import BadMessage, Command, Host, is_sparkplug
from telemetry.management.listening_client import LARGEST_MESSAGE
from telemetry.management.listening_store import Message
from telemetry.models import Way

logger = logging.getLogger(__name__)
LOGGED = 20
"""Refusals that are logged one by one, of each minute; the others are counted."""


class Refusals:
    """Counts what is refused, and logs the first of each minute."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, topic: str, name: str, reason: str) -> None:
        self.count += 1
        if self.count <= LOGGED:
            logger.warning("Refused: %s %s: %s", topic[:200], name[:200], reason)
        if self.count == LOGGED + 1:
            logger.warning("More is refused; it is counted once a minute.")


class Inbox:
    """Reads messages. It remembers the births of Sparkplug B."""

    def __init__(self, name_of: Callable[[str], str]) -> None:
        self._name_of = name_of
        self._host = Host()
        self.refusals = Refusals()

    def read(self, message: Message, payload: bytes, *, now: float) -> Command | None:
        """Give a message its readings; returns what to ask the sender. now: seconds since 1970.

        Readings without a time of their own get `now`.
        """
        command = None
        if problem_text := _problem(message, payload):
            self.refusals.add(message.topic, "", problem_text)
            return None
        try:
            if is_sparkplug(message.topic):
                message.way = Way.SPARKPLUG
                readings, command = self._host.read(message.topic, payload, now=now)
                message.names = readings.fields
            else:
                readings = read_payload(payload)
                message.names = _names(self._name_of(message.topic), readings)
        except (BadPayload, BadMessage) as problem:
            self.refusals.add(message.topic, "", str(problem))
            return None
        for text in readings.problems:
            self.refusals.add(message.topic, "", text)
        arrival = int(now * 1e6)
        message.is_timed = None not in readings.times
        message.times = [arrival if time is None else time for time in readings.times]
        message.naive = readings.naive
        message.values, message.units = readings.values, readings.units
        return command


def _problem(message: Message, payload: bytes) -> str | None:
    if not message.topic:
        return "The topic is not UTF-8."
    if len(payload) > LARGEST_MESSAGE:
        # MQTT 5 brokers are told, and send none; older ones are not.
        return f"The message has more than {LARGEST_MESSAGE:,} bytes."
    return None


def _names(base: str, readings: Readings) -> list[str]:
    return [f"{base}/{field}" if field else base for field in readings.fields]
