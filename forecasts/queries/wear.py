"""What the sensors of machines read over their lives."""

from collections import Counter, defaultdict
from collections.abc import Sequence
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
    """Means of `step` days over each life, by the sensors of these keys and units; two queries.

    Only whole hours before the end of the life count, and days (UTC) where `step` is one or more.
    Lives without readings have no rows.
    """
    ids = {span.asset_id for span in spans}
    place_of = {pair: i for i, pair in enumerate(zip(names, units, strict=True))}
    columns: dict[int, list[tuple[int, int]]] = defaultdict(list)
    gauges = Sensor.objects.filter(asset__in=ids, key__in=list(names))
    for pk, asset, key, unit in gauges.values_list("pk", "asset", "key", "unit"):
        if (key, unit) in place_of:
            columns[asset].append((place_of[key, unit], pk))
    asked: list[tuple[int, int, int, datetime, datetime, datetime]] = []
    for place, span in enumerate(spans):
        # Whole steps from its start, so that rows do not move as it gets older.
        skipped = max(int(span.days / step) - MOST_ROWS + 1, 0)
        since = span.start + skipped * step * DAY
        for column, sensor in columns[span.asset_id]:
            asked.append((place, column, sensor, span.start, since, span.end))
    found: dict[int, dict[int, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    ends: dict[int, dict[int, float]] = defaultdict(dict)
    width, table = ("1 day", "daily") if step >= 1.0 else ("1 hour", "hourly")
    query = _ROWS.format(width=width, table=f"asset_metrics_{table}")
    if asked:
        with connection.cursor() as cursor:
            parameters: list[Any] = [list(part) for part in zip(*asked, strict=True)]
            cursor.execute(query, [*parameters, step * 86_400.0])
            for place, column, bins, known, means in cursor.fetchall():
                for number, end, mean in zip(bins, known, means, strict=True):
                    found[place][number][column] = mean
                    ends[place][number] = max(end, ends[place].get(number, 0.0))
    return [_table(found[place], ends[place], len(names)) for place in range(len(spans))]


def _table(rows: dict[int, dict[int, float]], ends: dict[int, float], width: int) -> Worn:
    bins = sorted(rows)
    values = np.full((len(bins), width), np.nan)
    for i, number in enumerate(bins):
        for column, mean in rows[number].items():
            values[i, column] = mean
    return Worn(np.array([ends[number] for number in bins]) / 86_400.0, values)
