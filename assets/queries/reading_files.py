"""Single readings as text, piece by piece, however many there are."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from assets.binary import texts_of
from assets.models import Sensor
from assets.queries.readings import Readings, readings_from
from opssight.audit.exports import harmless
from opssight.core.walls import Actor, acting

CHUNK = 10_000
"""Readings that are held in memory at a time."""
COLUMNS = ("asset", "sensor", "time", "value", "unit")

_NEXT = """
SELECT s.id, array_agg(r.time ORDER BY r.time), array_agg(r.value ORDER BY r.time)
FROM sensors s CROSS JOIN LATERAL (
    SELECT m.time, m.value FROM asset_metrics m
    WHERE m.sensor_id = s.id AND m.time >= %s AND m.time < %s
    ORDER BY m.time LIMIT %s
) r
WHERE s.id = %s GROUP BY s.id
"""


@dataclass(frozen=True, slots=True)
class Around:
    """The text of a reading of one sensor: what stands before its time, its value, and after."""

    before: str
    between: str
    after: str


def as_csv(
    sensors: Sequence[Sensor], start: datetime, end: datetime, *, actor: Actor
) -> Iterator[str]:
    """A table of the readings in [start, end), sensor by sensor, oldest first.

    It is sent when the request's transaction is over: see `_chunks`.
    """
    yield ",".join(COLUMNS) + "\r\n"
    yield from _lines(sensors, start, end, actor, _around_csv)


def as_ndjson(
    sensors: Sequence[Sensor], start: datetime, end: datetime, *, actor: Actor
) -> Iterator[str]:
    """The same with a JSON object on each line."""
    yield from _lines(sensors, start, end, actor, _around_json)


def _lines(
    sensors: Sequence[Sensor],
    start: datetime,
    end: datetime,
    actor: Actor,
    text_of: Callable[[Sensor], Around],
) -> Iterator[str]:
    for sensor in sensors:
        around = text_of(sensor)
        for found in _chunks(sensor, start, end, actor):
            yield "".join(
                f"{around.before}{time}{around.between}{value!r}{around.after}"
                for time, value in zip(texts_of(found.times), found.values.tolist(), strict=True)
            )


def _chunks(sensor: Sensor, start: datetime, end: datetime, actor: Actor) -> Iterator[Readings]:
    """Each in a transaction of its own inside the walls of `actor`.

    So no transaction stays open while the client takes its time, and who has lost the sensor gets
    no more of it.
    """
    context: dict[str, Any] = dict(actor.context)
    while True:
        inside = acting(
            user=actor.user,
            organizations=actor.organizations,
            patience=actor.patience,
            **context,
        )
        with inside, transaction.atomic():
            # The first statement through Django's cursor tells the transaction whose it is.
            if not Sensor.objects.filter(pk=sensor.pk).exists():
                return
            found = readings_from(_NEXT, [start, end, CHUNK, sensor.pk]).get(sensor.pk)
        if found is None:
            return
        yield found
        if len(found) < CHUNK:
            return
        start = _after(found)


def _after(found: Readings) -> datetime:
    """The moment after the last reading."""
    text = np.datetime_as_string(found.times[-1] + np.timedelta64(1, "us"), unit="us")
    return datetime.fromisoformat(f"{text}+00:00")


def _around_csv(sensor: Sensor) -> Around:
    before = _row([sensor.asset.tag, sensor.key])
    return Around(f"{before},", ",", f",{_row([sensor.unit])}\r\n")


def _row(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([harmless(cell) for cell in cells])
    # The writer quotes a lone empty cell, to tell it from an empty line.
    return "" if cells == [""] else buffer.getvalue()


def _around_json(sensor: Sensor) -> Around:
    names = f'"asset":{json.dumps(sensor.asset.tag)},"sensor":{json.dumps(sensor.key)}'
    return Around(f'{{{names},"time":"', '","value":', f',"unit":{json.dumps(sensor.unit)}}}\n')
