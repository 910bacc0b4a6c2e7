"""Any window of scores as at most so many points."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from assets.binary import Floats, Times
from assets.queries.readings import arrays_from

# One more than asked for tells that there are more. The highest score of a bucket is what matters.
_POINTS = """
SELECT array_agg(time ORDER BY time), array_agg(score::float8 ORDER BY time),
    array_agg(expected::float8 ORDER BY time), array_agg(scale::float8 ORDER BY time)
FROM (
    SELECT time, score, expected, scale FROM anomaly_scores
    WHERE sensor_id = %s AND time >= %s AND time < %s ORDER BY time LIMIT %s
) s HAVING count(*) > 0
"""
_BUCKETS = """
SELECT array_agg(time ORDER BY time), array_agg(score ORDER BY time),
    array_agg(expected ORDER BY time), array_agg(scale ORDER BY time)
FROM (
    SELECT date_bin(%s, time, %s) AS time, max(score)::float8 AS score,
        avg(expected)::float8 AS expected, avg(scale)::float8 AS scale
    FROM anomaly_scores WHERE sensor_id = %s AND time >= %s AND time < %s GROUP BY 1
) b HAVING count(*) > 0
"""


@dataclass(frozen=True, slots=True)
class ScoreSeries:
    """Four arrays of one length, oldest first; `bucket`: None where each point is one reading.

    Of a bucket: the highest score, the mean of what was expected and of the typical distance.
    """

    times: Times
    score: Floats
    expected: Floats
    scale: Floats
    bucket: timedelta | None = None

    def __len__(self) -> int:
        return len(self.times)


def scores_of(sensor: int, start: datetime, end: datetime, max_points: int) -> ScoreSeries:
    """The scores of [start, end), at most `max_points`. One or two queries."""
    rows = arrays_from(_POINTS, [sensor, start, end, max_points + 1])
    bucket = None
    if rows and len(rows[0][0]) > max_points:
        bucket = (end - start) / max_points
        rows = arrays_from(_BUCKETS, [bucket, start, sensor, start, end])
    if not rows:
        none = np.zeros(0)
        return ScoreSeries(none.astype("datetime64[us]"), none, none, none)
    times, score, expected, scale = (column[:max_points] for column in rows[0])
    return ScoreSeries(times, score, expected, scale, bucket)
