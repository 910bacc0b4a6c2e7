"""What the sensors of machines read over their lives."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from assets.models import Sensor
from forecasts.queries.lives import Span

MOST_ROWS = 1_000
"""Steps of a life that are looked at, its last."""

MOST_SENSORS = 16
FEWEST_ROWS = 10
AT_ONCE = 25
"""Lives that one query reads."""

DAY = timedelta(days=1)

# What is summed up already: days where the steps are days, else hours.
_ROWS = """
SELECT l.place, l.col, found.bins, found.known, found.means
FROM unnest(%s::int[], %s::int[], %s::bigint[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[]) AS l (place, col, sensor_id, start, since, until)
CROSS JOIN LATERAL (
    SELECT array_agg(b.bin ORDER BY b.bin) AS bins, array_agg(b.known ORDER BY b.bin) AS known,
        array_agg(b.mean ORDER BY b.bin) AS means
    FROM (
        SELECT floor(extract(epoch FROM h.bucket - l.start) / %s)::int AS bin,
            extract(epoch FROM max(h.bucket) + interval '{width}' - l.start)::float8 AS known,
            sum(h.avg * h.count) / sum(h.count) AS mean
        FROM {table} h
        WHERE h.sensor_id = l.sensor_id AND h.bucket >= l.since
            AND h.bucket <= l.until - interval '{width}'
        GROUP BY 1
    ) b
) found
WHERE found.bins IS NOT NULL
"""


_Part = tuple[int, NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
"""A column; steps since the start of the life; when each was known, in seconds; its mean."""


@dataclass(frozen=True, slots=True)
class Worn:
    """Rows of one life: ages (n,) in days since its start, rising; values (n, sensors), NaN where
    nothing was read. A row is known at its age.
    """

    ages: NDArray[np.float64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ages)


def sensors_of_class(asset_ids: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys and units of the gauges that at least half of the assets with any have, by key."""
    gauges = Sensor.objects.filter(
        asset__in=list(asset_ids),
        kind=Sensor.Kind.GAUGE,
        is_active=True,
        last_time__isnull=False,
    )
    rows = list(gauges.values_list("asset", "key", "unit"))
    counts = Counter((key, unit) for _, key, unit in rows)
    half = len({asset for asset, _, _ in rows}) / 2
    common: dict[str, str] = {}
    for (key, unit), count in counts.most_common():
        if count >= half and key not in common and len(common) < MOST_SENSORS:
            common[key] = unit
    names = tuple(sorted(common))
    return names, tuple(common[name] for name in names)


def worn(
    spans: Sequence[Span], names: Sequence[str], units: Sequence[str], *, step: float
) -> list[Worn]:
    """Means of `step` days over each life, by the sensors of these keys and units.

    Only whole hours before the end of the life count, and days (UTC) where `step` is one or more.
    Lives without readings have no rows. A query for each 25 lives, so that memory stays bounded.
    """
    ids = {span.asset_id for span in spans}
    place_of = {pair: i for i, pair in enumerate(zip(names, units, strict=True))}
    columns: dict[int, list[tuple[int, int]]] = defaultdict(list)
    gauges = Sensor.objects.filter(asset__in=ids, key__in=list(names))
    for pk, asset, key, unit in gauges.values_list("pk", "asset", "key", "unit"):
        if (key, unit) in place_of:
            columns[asset].append((place_of[key, unit], pk))
    found: list[Worn] = []
    for first in range(0, len(spans), AT_ONCE):
        some = spans[first : first + AT_ONCE]
        parts = _parts(some, columns, step)
        found += [_table(parts[place], len(names)) for place in range(len(some))]
    return found


def _parts(
    spans: Sequence[Span], columns: Mapping[int, Sequence[tuple[int, int]]], step: float
) -> dict[int, list[_Part]]:
    """What each sensor of each life read, by the place of the life."""
    asked: list[tuple[int, int, int, datetime, datetime, datetime]] = []
    for place, span in enumerate(spans):
        # Whole steps from its start, so that rows do not move as it gets older.
        skipped = max(int(span.days / step) - MOST_ROWS + 1, 0)
        since = span.start + skipped * step * DAY
        for column, sensor in columns.get(span.asset_id, ()):
            asked.append((place, column, sensor, span.start, since, span.end))
    parts: dict[int, list[_Part]] = defaultdict(list)
    width, table = ("1 day", "daily") if step >= 1.0 else ("1 hour", "hourly")
    query = _ROWS.format(width=width, table=f"asset_metrics_{table}")
    if asked:
        with connection.cursor() as cursor:
            parameters: list[Any] = [list(part) for part in zip(*asked, strict=True)]
            cursor.execute(query, [*parameters, step * 86_400.0])
            for place, column, bins, known, means in cursor.fetchall():
                parts[place].append((column, np.array(bins), np.array(known), np.array(means)))
    return parts


def _table(parts: Sequence[_Part], width: int) -> Worn:
    """A row for each step in which any sensor read; it is known when the last of them is."""
    bins = np.unique(np.concatenate([part[1] for part in parts])) if parts else np.zeros(0)
    values, ends = np.full((len(bins), width), np.nan), np.zeros(len(bins))
    for column, own, known, means in parts:
        rows = np.searchsorted(bins, own)
        values[rows, column] = means
        ends[rows] = np.maximum(ends[rows], known)
    return Worn(ends / 86_400.0, values)
