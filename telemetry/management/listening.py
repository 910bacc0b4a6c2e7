"""A listener at an MQTT broker: messages are acknowledged when their readings are stored.

One thread does everything in turn, so that an acknowledgement can never go to another connection
than the one its message came by. What is not acknowledged the broker sends again; readings that
come twice are stored once.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from telemetry.formats.sparkplug import Command
from telemetry.management.listening_arrivals import Arrivals, digest_of
from telemetry.management.listening_client import KEEP_SESSION, connect, make_client, refusal
from telemetry.management.listening_hand import Backoff, Hand
from telemetry.management.listening_inbox import Inbox
from telemetry.management.listening_options import Options
from telemetry.management.listening_store import DatabaseDown, Message, Outcome, store

logger = logging.getLogger(__name__)
REPORT_EVERY, TOUCH_EVERY = 60.0, 10.0
LASTING = 10.0
"""Seconds after which a connection counts as one that holds."""


class Refused(Exception):
    """The broker does not let us listen; says why, and what to do."""


@dataclass(slots=True)
class Counts:
    """What happened since the last report."""

    messages: int = 0
    lost: int = 0
    skipped: int = 0
    outcome: Outcome = field(default_factory=Outcome)


class Listener:
    """Listens for one organization until `stop`."""

    def __init__(self, *, organization_id: int, options: Options) -> None:
        self.organization_id = organization_id
        self.options = options
        self.inbox = Inbox(options.name_of)
        self.hand = Hand(options)
        self.arrivals = Arrivals(
            f"{organization_id} {options.broker} {options.broker.client_id}",
            seconds=KEEP_SESSION,
        )
        self.reconnecting = Backoff(1.0, 60.0)
        self.storing = Backoff(0.5, 30.0)
        self.counts = Counts()
        self.connection = 0
        self.is_stopping = False
        self.refused = ""
        self._touched_at = self._connected_at = 0.0
        self._reported_at = time.monotonic()
        self.client = make_client(options.broker)
        self.client.on_connect, self.client.on_disconnect = self._on_connect, self._on_disconnect
        self.client.on_subscribe, self.client.on_message = self._on_subscribe, self._on_message

    def run(self) -> None:
        """Listen. Raises Refused where the broker does not let us."""
        self.arrivals.load()
        while not self.is_stopping and not self.refused:
            self._network()
            now = time.monotonic()
            if self.hand and now >= max(self.hand.due_at(), self.storing.until):
                self._store()
            self._tell(now)
        self._finish()
        if self.refused:
            raise Refused(self.refused)

    def stop(self) -> None:
        """Store what is in hand, acknowledge it, and end."""
        self.is_stopping = True

    # -- Network ----------------------------------------------------------------------------------

    def _network(self) -> None:
        """Read what has come, and connect where there is no connection."""
        now = time.monotonic()
        if self.client.socket() is None:
            if now < self.reconnecting.until:
                time.sleep(min(0.2, self.reconnecting.until - now))
            else:
                self._connect(now)
        elif self.hand.is_full:
            # What is not read waits at the broker.
            self.client.loop_misc()
            time.sleep(0.05)
        elif self.client.loop(self._patience(now)) and self.client.socket() is not None:
            time.sleep(0.2)
            self._connect(now)

    def _patience(self, now: float) -> float:
        """Seconds to wait for a message."""
        if not self.hand:
            return 0.5
        return min(0.5, max(0.0, self.hand.due_at() - now, self.storing.until - now))

    def _connect(self, now: float) -> None:
        self.reconnecting.until = now + 1
        try:
            connect(self.client, self.options)
        except (OSError, ValueError) as error:
            delay = self.reconnecting.fail(now)
            logger.warning(
                "No connection to %s (%s); again in %.0f s", self.options.broker, error, delay
            )

    def _on_connect(
        self,
        client: Client,
        _data: Any,
        flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            logger.error("%s refuses the connection: %s", self.options.broker, reason.getName())
            self.refused = refusal(self.options.broker, reason) or ""
            return
        self.connection += 1
        self._connected_at = time.monotonic()
        if flags.session_present:
            self.hand.forget_what_comes_again()
        client.subscribe([(topic, 1) for topic in self.options.topics])
        logger.info("Listening at %s to %s", self.options.broker, ", ".join(self.options.topics))

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,
        _mid: int,
        reasons: Sequence[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        for topic, reason in zip(self.options.topics, reasons, strict=False):
            if reason.is_failure:
                self.refused = (
                    f"{self.options.broker} does not let us listen to {topic}:"
                    f" {reason.getName()}. Give the user the right to read it."
                )

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self.is_stopping or self.refused:
            return
        now = time.monotonic()
        hint = ""
        if now - self._connected_at >= LASTING:
            self.reconnecting.clear()
        elif self.connection > 1:
            hint = "; does another listener use the same --client-id?"
        delay = self.reconnecting.fail(now)
        broker, name = self.options.broker, reason.getName()
        logger.warning("Lost %s (%s); again in %.0f s%s", broker, name, delay, hint)

    # -- Messages ---------------------------------------------------------------------------------

    def _on_message(self, client: Client, _data: Any, got: MQTTMessage) -> None:
        self.counts.messages += 1
        if got.qos == 0 and len(self.hand) >= self.options.window:
            self.counts.lost += 1
            return
        try:
            topic = got.topic
        except UnicodeDecodeError:
            topic = ""
        payload = bytes(got.payload)
        message = Message(
            topic=topic,
            mid=got.mid,
            qos=got.qos,
            connection=self.connection,
            size=len(payload),
        )
        command = self._read(message, payload, is_again=got.dup)
        if got.retain and not message.is_timed:
            # Said once, some time ago, and said again whenever somebody begins to listen.
            message.clear()
            self.counts.skipped += 1
        if command is not None:
            client.publish(command.topic, command.payload, qos=0)
            logger.info("Asked for births: %s", command.topic)
        # Also one without a reading: acknowledgements go in the order in which messages came.
        self.hand.add(message, now=time.monotonic())

    def _read(self, message: Message, payload: bytes, *, is_again: bool) -> Command | None:
        arrival = time.time()
        if not message.qos:
            return self.inbox.read(message, payload, now=arrival)
        digest = digest_of(message.topic, payload)
        arrival = self.arrivals.of(message.mid, digest, is_again=is_again, now=arrival)
        command = self.inbox.read(message, payload, now=arrival)
        if not message.is_timed:
            self.arrivals.add(message.mid, digest, arrival)
        return command

    def _store(self) -> bool:
        """Store and acknowledge at most one batch of what is in hand; whether that worked."""
        messages = self.hand.next_batch()
        self.arrivals.save()
        try:
            outcome = store(
                organization_id=self.organization_id, messages=messages, at=timezone.now()
            )
        except DatabaseDown as error:
            delay = self.storing.fail(time.monotonic())
            logger.error("The database failed (%s); again in %.1f s", error, delay)  # noqa: TRY400
            return False
        self.storing.clear()
        self.hand.put_down(len(messages), now=time.monotonic())
        self.counts.outcome += outcome
        for refused in outcome.refused:
            self.inbox.refusals.add(*refused)
        for message in messages:
            if message.qos and message.connection == self.connection:
                self._acknowledge(message)
        return True

    def _acknowledge(self, message: Message) -> None:
        if self.client.socket() is not None:
            self.client.ack(message.mid, message.qos)

    # -- The end, and the log ---------------------------------------------------------------------

    def _finish(self) -> None:
        while self.hand and self._store():
            pass
        if self.hand:
            logger.error(
                "%d messages are not stored; the broker sends those of QoS 1 again", len(self.hand)
            )
        self.client.disconnect()
        deadline = time.monotonic() + 2
        while self.client.socket() is not None and time.monotonic() < deadline:
            self.client.loop(0.1)
        self._report()

    def _tell(self, now: float) -> None:
        if now - self._reported_at >= REPORT_EVERY:
            self._reported_at = now
            self._report()
        health = self.options.health_file
        if health is not None and now - self._touched_at >= TOUCH_EVERY:
            self._touched_at = now
            health.touch()

    def _report(self) -> None:
        counts, stored = self.counts, self.counts.outcome.stored
        logger.info(
            "%d messages: %d readings new, %d corrected, %d stored before, %d held, %d dropped,"
            " %d refused; %d messages skipped, %d lost, %d in hand",
            counts.messages,
            stored.inserted,
            stored.updated,
            stored.unchanged,
            counts.outcome.held,
            counts.outcome.dropped,
            self.inbox.refusals.count,
            counts.skipped,
            counts.lost,
            len(self.hand),
        )
        self.counts = Counts()
        self.inbox.refusals.count = 0
