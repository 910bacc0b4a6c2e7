"""Names that stand for nothing yet: held until somebody says, or made into sensors."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from assets.binary import Floats, Ints
from assets.models import Sensor
from assets.services.rules import moment
from telemetry.models import Way
from telemetry.queries.signals import Cover, readings_of_name

MOST_NAMES = 1_000
MOST_HELD = 10_000
MOST_SENSORS = 1_000
_TRIM_EVERY = 1_000

# Whoever says what a name stands for waits for those that hold readings of it, and they for him:
# a reading is never held by a name that has just got its sensor.
_HOLDING = "SELECT pg_advisory_xact_lock_shared(hashtextextended('names ' || %s::text, 0))"
_NAMING = "SELECT pg_advisory_xact_lock(hashtextextended('names ' || %s::text, 0))"
_ADDING = "SELECT pg_advisory_xact_lock(hashtextextended('new names ' || %s::text, 0))"

_KNOWN = "SELECT name FROM unknown_signals WHERE organization_id = %s AND name = ANY(%s)"
_NUMBER = "SELECT count(*) FROM unknown_signals WHERE organization_id = %s"
_HOLD_NAMES = """
INSERT INTO unknown_signals AS u (organization_id, name, way, unit, first_seen_at, last_seen_at,
    count, last_time, last_value)
SELECT %s, name, %s, unit, %s, %s, count, time, value
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::float8[])
    AS i (name, unit, count, time, value)
ORDER BY name
ON CONFLICT (organization_id, name) DO UPDATE SET
    way = EXCLUDED.way, unit = EXCLUDED.unit, count = u.count + EXCLUDED.count,
    last_seen_at = greatest(u.last_seen_at, EXCLUDED.last_seen_at),
    last_value = CASE WHEN u.last_time <= EXCLUDED.last_time THEN EXCLUDED.last_value
                 ELSE coalesce(u.last_value, EXCLUDED.last_value) END,
    last_time = greatest(u.last_time, EXCLUDED.last_time)
RETURNING id, name, count
"""
_HOLD_READINGS = """
INSERT INTO held_readings (organization_id, signal_id, time, value)
SELECT DISTINCT ON (signal, time) %s, signal, time, value
FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[]) WITH ORDINALITY
    AS i (signal, time, value, place)
ORDER BY signal, time, place DESC
ON CONFLICT (signal_id, time) DO UPDATE SET value = EXCLUDED.value
WHERE held_readings.value <> EXCLUDED.value
"""
_TRIM = """
DELETE FROM held_readings h USING (
    SELECT s.id, (
        SELECT time FROM held_readings
        WHERE signal_id = s.id ORDER BY time DESC OFFSET %s LIMIT 1
    ) AS time
    FROM unnest(%s::bigint[]) AS s (id)
) AS oldest
WHERE h.signal_id = oldest.id AND h.time <= oldest.time
"""
_ASSETS = """
SELECT a.tag, a.id FROM assets a
WHERE a.organization_id = %s AND a.tag = ANY(%s) AND a.status <> 'retired' AND {covered}
  AND (SELECT count(*) FROM sensors WHERE asset_id = a.id) < %s
"""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Readings of unknown names. names: index into `known`; times: microseconds since 1970."""

    known: Sequence[str]
    units: Sequence[str]
    names: Ints
    times: Ints
    values: Floats


def wait_for_naming(organization_id: int) -> None:
    """From here to the end of the transaction no unknown name gets a sensor."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDING, [organization_id])


def wait_for_holding(organization_id: int) -> None:
    """From here to the end of the transaction no reading of an unknown name is held."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMING, [organization_id])


def admit(*, organization_id: int, names: Collection[str]) -> set[str]:
    """Those of the names that may be held: at most MOST_NAMES in the organization."""
    wanted = sorted(set(names))
    with connection.cursor() as cursor:
        held = _held(organization_id, wanted)
        new = [name for name in wanted if name not in held]
        if new:
            cursor.execute(_ADDING, [organization_id])
            held = _held(organization_id, wanted)
            cursor.execute(_NUMBER, [organization_id])
            room = max(0, MOST_NAMES - cursor.fetchone()[0])
            held.update([name for name in new if name not in held][:room])
    return held


def hold(*, organization_id: int, way: Way, strangers: Strangers, at: datetime) -> int:
    """Keep readings of admitted names, the newest MOST_HELD of each; returns how many came.

    Names are locked in their order: two that hold the same ones never deadlock.
    """
    latest: dict[int, int] = {}
    counts: dict[int, int] = {}
    moments = strangers.times.tolist()
    names = strangers.names.tolist()
    for place, name in enumerate(names):
        counts[name] = counts.get(name, 0) + 1
        if name not in latest or moments[place] >= moments[latest[name]]:
            latest[name] = place
    order = sorted(counts, key=lambda name: strangers.known[name])
    times = [moment(time) for time in moments]
    values = strangers.values.tolist()
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLD_NAMES,
            [
                organization_id,
                way.value,
                at,
                at,
                [strangers.known[name] for name in order],
                [strangers.units[name] for name in order],
                [counts[name] for name in order],
                [times[latest[name]] for name in order],
                [values[latest[name]] for name in order],
            ],
        )
        rows = cursor.fetchall()
        ids = {name: pk for pk, name, _count in rows}
        signals = [ids[strangers.known[name]] for name in names]
        cursor.execute(_HOLD_READINGS, [organization_id, signals, times, values])
        by_text = {strangers.known[name]: counts[name] for name in order}
        full = [pk for pk, name, count in rows if _passed(count, by_text[name])]
        if full:
            cursor.execute(_TRIM, [MOST_HELD, full])
    return len(names)


def create_sensors(*, organization_id: int, names: Mapping[str, str], cover: Cover) -> None:
    """Make a sensor for each name, given with its unit, that begins with the tag of an asset.

    Only on assets that the sender may write to, that are not retired, and that have fewer than
    MOST_SENSORS.
    """
    wanted = {
        name: [(tag, key) for tag, key in readings_of_name(name) if 0 < len(key) <= 100]
        for name in names
    }
    tags = sorted({tag for pairs in wanted.values() for tag, _key in pairs})
    if not tags:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _ASSETS.format(covered=cover.sql),
            [organization_id, tags, *cover.params, MOST_SENSORS],
        )
        assets: dict[str, int] = dict(cursor.fetchall())
    made: dict[tuple[int, str], str] = {}
    for name, pairs in wanted.items():
        found = next(((assets[tag], key) for tag, key in pairs if tag in assets), None)
        if found is not None:
            made.setdefault(found, names[name])
    # In the order of the key: two that make the same ones never deadlock.
    Sensor.objects.bulk_create(
        [
            Sensor(
                organization_id=organization_id, asset_id=asset, key=key, quantity=key, unit=unit
            )
            for (asset, key), unit in sorted(made.items())
        ],
        ignore_conflicts=True,
    )


def _held(organization_id: int, names: Sequence[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [organization_id, list(names)])
        return {name for (name,) in cursor.fetchall()}


def _passed(count: int, came: int) -> bool:
    """Whether it is time to trim: not with every reading, but with every thousandth."""
    return count > MOST_HELD and count // _TRIM_EVERY > (count - came) // _TRIM_EVERY
