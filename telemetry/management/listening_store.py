"""Messages into the database: all of a batch or nothing, and what is bad is found and left out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from django.db import InterfaceError, OperationalError, connection, transaction

from assets.services.readings import IngestResult
from opssight.core.walls import acting
from telemetry.models import Way
from telemetry.services.intake import Batch, take

logger = logging.getLogger(__name__)
PATIENCE = 30
"""Seconds that a statement may take, before the batch is tried again."""


class DatabaseDown(Exception):
    """Nothing was stored; trying again may help."""


@dataclass(slots=True)
class Message:
    """One message and its readings, columns of one length.

    connection: number of the connection that it came by, on which alone it can be acknowledged.
    is_timed: whether each reading came with a time of its own.
    """

    topic: str
    mid: int = 0
    qos: int = 0
    connection: int = 0
    size: int = 0
    way: Way = Way.MQTT
    is_timed: bool = True
    names: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    naive: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    units: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Leave no reading in it."""
        self.names, self.times, self.naive, self.values, self.units = [], [], [], [], []


@dataclass(slots=True)
class Outcome:
    """What became of the readings of messages; refused: (topic, name, reason) of each."""

    stored: IngestResult = field(default_factory=IngestResult)
    held: int = 0
    dropped: int = 0
    refused: list[tuple[str, str, str]] = field(default_factory=list)

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.stored + other.stored,
            self.held + other.held,
            self.dropped + other.dropped,
            self.refused + other.refused,
        )


def store(*, organization_id: int, messages: Sequence[Message], at: datetime) -> Outcome:
    """Store the readings of messages, durable when this returns. Raises DatabaseDown.

    A message that the database cannot take is refused, and does not keep others from it.
    """
    try:
        with acting(organizations=[organization_id], patience=PATIENCE, command="listen_mqtt"):
            return _store(organization_id, messages, at)
    except (OperationalError, InterfaceError) as error:
        connection.close()
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DatabaseDown(reason[0]) from error


def _store(organization_id: int, messages: Sequence[Message], at: datetime) -> Outcome:
    try:
        return _store_all(organization_id, messages, at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(messages) == 1:
            topic = messages[0].topic
            logger.exception("A message of %s cannot be stored", topic)
            return Outcome(refused=[(topic, "", f"{type(error).__name__}: it cannot be stored.")])
    middle = len(messages) // 2
    return _store(organization_id, messages[:middle], at) + _store(
        organization_id, messages[middle:], at
    )


@transaction.atomic
def _store_all(organization_id: int, messages: Sequence[Message], at: datetime) -> Outcome:
    outcome = Outcome()
    for way, batch in batches(messages):
        account = take(organization_id=organization_id, way=way, batch=batch, by=None, at=at)
        outcome += Outcome(
            account.stored,
            account.held,
            account.dropped,
            [
                (messages[refusal.place].topic, refusal.name, refusal.reason)
                for refusal in account.refused
            ],
        )
    return outcome


def batches(messages: Sequence[Message]) -> list[tuple[Way, Batch]]:
    """The readings as batches, in which a name stands once; their places are messages.

    There is one batch of each way, and more where one name came with several units.
    """
    groups: dict[tuple[Way, int], _Columns] = {}
    layers: dict[tuple[Way, str], dict[str, int]] = {}
    for place, message in enumerate(messages):
        way = message.way
        rows = zip(
            message.names,
            message.units,
            message.times,
            message.naive,
            message.values,
            strict=True,
        )
        for name, unit, time, naive, value in rows:
            units = layers.setdefault((way, name), {})
            layer = units.setdefault(unit, len(units))
            columns = groups.get((way, layer))
            if columns is None:
                columns = groups[way, layer] = _Columns()
            columns.names.append(columns.known.setdefault(name, len(columns.known)))
            if len(columns.units) < len(columns.known):
                columns.units.append(unit)
            columns.times.append(time)
            columns.naive.append(naive)
            columns.values.append(value)
            columns.places.append(place)
    return [(way, columns.batch()) for (way, _), columns in groups.items()]


@dataclass(slots=True)
class _Columns:
    known: dict[str, int] = field(default_factory=dict)
    units: list[str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    naive: list[bool] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def batch(self) -> Batch:
        return Batch(
            known=list(self.known),
            names=np.array(self.names, dtype=np.int64),
            times=np.array(self.times, dtype=np.int64),
            values=np.array(self.values, dtype=np.float64),
            units=self.units,
            naive=np.array(self.naive, dtype=bool) if any(self.naive) else None,
            places=np.array(self.places, dtype=np.int64),
        )
