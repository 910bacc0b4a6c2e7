"""Which sensor a name stands for."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat

from assets.models import Asset, Sensor
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

MOST_SPLITS = 4
MOST_OFFERED, MOST_WORDS = 100, 5
_ASSET_TAG = re.compile(r"(?<!\\),asset=((?:\\.|[^,\\])*)")
_ESCAPED = re.compile(r"\\([,= \\])")

_SENSOR = """
s.id, a.tag, s.key, s.unit, s.physical_low, s.physical_high, s.is_active, a.status, t.timezone
"""
_BY_SIGNAL = """
SELECT g.name, g.unit, {covered}, {sensor}
FROM signals g
LEFT JOIN (sensors s JOIN assets a ON a.id = s.asset_id JOIN sites t ON t.id = a.site_id)
    ON s.id = g.sensor_id
WHERE g.organization_id = %s AND g.name = ANY(ARRAY(SELECT json_array_elements_text(%s)))
"""
_BY_KEY = """
SELECT c.place::int, '', {covered}, {sensor}
FROM ROWS FROM (
    json_array_elements_text(%s), json_array_elements_text(%s), json_array_elements_text(%s)
) WITH ORDINALITY AS c (place, tag, key, rank)
JOIN assets a ON a.organization_id = %s AND a.tag = c.tag
JOIN sensors s ON s.asset_id = a.id AND s.key = c.key
JOIN sites t ON t.id = a.site_id
ORDER BY c.rank
"""


class Target(NamedTuple):
    """The sensor that a name stands for. `sender_unit` is the one its signal says, or empty."""

    sender_unit: str
    sensor: int
    tag: str
    key: str
    unit: str
    low: float | None
    high: float | None
    is_active: bool
    status: str
    timezone: str

    @property
    def label(self) -> str:
        return f"{self.tag}/{self.key}"

    @property
    def is_retired(self) -> bool:
        return self.status == Asset.Status.RETIRED


@dataclass(frozen=True, slots=True)
class Dropped:
    """A name whose readings nobody wants."""


DROPPED = Dropped()
Meaning = Target | Dropped | None


@dataclass(frozen=True, slots=True)
class Cover:
    """Which assets a sender may write to, as a condition on `a.id`."""

    sql: str = "true"
    params: tuple[Any, ...] = ()


def cover_of(by: User | None, organization_id: int) -> Cover:
    """What the sender's membership covers; all of the organization where there is no sender.

    Raises PermissionDenied for a sender who may not write there at all.
    """
    if by is None:
        return Cover()
    if not by.can(Permission.READINGS_WRITE, organization_id):
        raise PermissionDenied("You may not send readings there.")
    if by.grants[organization_id].is_whole:
        return Cover()
    assets = Asset.objects.for_user(by, Permission.READINGS_WRITE).order_by()
    sql, params = assets.values("pk").query.sql_with_params()
    return Cover(f"a.id IN ({sql})", tuple(params))


def meanings(*, organization_id: int, names: Sequence[str], cover: Cover) -> list[Meaning]:
    """What each of the distinct names stands for; None: nothing that the sender may write to."""
    if not names:
        return []
    places = {name: place for place, name in enumerate(names)}
    found: list[Meaning] = [None] * len(names)
    taken = set()
    for name, *row in _rows(_BY_SIGNAL, cover, [organization_id, _column(names)]):
        place = places[name]
        taken.add(place)
        found[place] = _meaning(row)
    # The likeliest readings of all names at once; the others only of those that it did not find.
    readings = {
        place: readings_of_name(name) for place, name in enumerate(names) if place not in taken
    }
    while keys := [(place, *rest[0]) for place, rest in readings.items() if rest]:
        columns = [_column(column) for column in zip(*keys, strict=True)]
        for place, *row in _rows(_BY_KEY, cover, [*columns, organization_id]):
            taken.add(place)
            found[place] = _meaning(row)
        readings = {place: rest[1:] for place, rest in readings.items() if place not in taken}
    return found


def taking_readings(sensors: QuerySet[Sensor]) -> QuerySet[Sensor]:
    """Those for which readings are taken in."""
    return sensors.filter(is_active=True).exclude(asset__status=Asset.Status.RETIRED)


def sensor_names(sensors: QuerySet[Sensor], text: str = "") -> list[str]:
    """`<tag>/<key>` of sensors to choose from: the first MOST_OFFERED with every word of `text`."""
    named = sensors.annotate(name=Concat("asset__tag", Value("/"), "key"))
    for word in text.split()[:MOST_WORDS]:
        named = named.filter(name__icontains=word)
    return list(named.order_by("asset__tag", "key").values_list("name", flat=True)[:MOST_OFFERED])


@lru_cache(maxsize=20_000)
def readings_of_name(name: str) -> tuple[tuple[str, str], ...]:
    """The ways to read a name as tag of an asset and key of a sensor, the likeliest first.

    >>> readings_of_name("P-101A/temp")
    (('P-101A', 'temp'),)
    >>> readings_of_name("motor,asset=P-101A,host=gw#temp")
    (('P-101A', 'temp'), ('P-101A', 'motor_temp'))
    """
    series, mark, field = name.rpartition("#")
    asset = _ASSET_TAG.search(series) if mark else None
    if asset:
        tag = _ESCAPED.sub(r"\1", asset[1])
        measurement = series.partition(",")[0]
        return (tag, field), (tag, f"{measurement}_{field}")
    parts = name.split("/")
    splits = range(len(parts) - 1, max(0, len(parts) - 1 - MOST_SPLITS), -1)
    return tuple(("/".join(parts[:split]), "/".join(parts[split:])) for split in splits)


def _column(cells: Iterable[object]) -> str:
    """As JSON, which a driver hands over ten times as fast as an array of texts."""
    return json.dumps(list(cells))


def _rows(sql: str, cover: Cover, params: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql.format(covered=cover.sql, sensor=_SENSOR), [*cover.params, *params])
        rows: list[Any] = cursor.fetchall()
    return rows


def _meaning(row: Sequence[Any]) -> Meaning:
    unit, covered, sensor, *rest = row
    if sensor is None:
        return DROPPED
    return Target(unit, sensor, *rest) if covered else None
