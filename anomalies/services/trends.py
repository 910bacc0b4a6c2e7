"""Slow trends and lasting steps of sensors become anomalies, once a night."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Q

from anomalies.detectors.base import Channel, Floats
from anomalies.detectors.events import Event, Severity
from anomalies.models import Anomaly
from anomalies.queries import trends as queries
from anomalies.services.recording import Found, Method, save_anomalies, spoken
from anomalies.trends.slow import LONGEST, PENDING, Slow, recent_slope, slow_changes
from anomalies.trends.words import FARTHEST, Change, describe_change
from assets.models import Sensor

NAME = "slow trends"
REMEMBERED = timedelta(days=LONGEST)
"""What is found again within this time after its end is the same change, seen from later."""

QUIET = timedelta(days=30)
"""After a person closed it; what still goes on then is a new anomaly."""

LEVELED = 1 / 3
"""A trend goes on while the last days have at least so much of its slope."""

RECENT_DAYS = 30
SOON, LATER = timedelta(days=30), timedelta(days=90)
CLEAR = 2.0
"""A score from which a change without a limit ahead is of medium severity."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found of one sensor tonight. Levels per day; `recent`: slope of the last days."""

    sensor: Sensor
    change: Change
    score: float
    recent: float
    started: datetime

    @property
    def is_up(self) -> bool:
        return self.change.after > self.change.before


@transaction.atomic
def look_for_trends(*, sensor_ids: Iterable[int], at: datetime) -> int:
    """Look at the daily figures up to yesterday; returns the anomalies new or changed.

    Safe to run twice: a change that goes on stays the anomaly that it was.
    """
    rows = Sensor.objects.filter(pk__in=list(sensor_ids), is_active=True)
    sensors = list(rows.select_related("asset__site", "limits").order_by("asset_id", "pk"))
    if not sensors:
        return 0
    until = queries.midnight(at)
    levels = queries.daily_levels(sensors, until, LONGEST)
    slow = slow_changes(levels, (until - queries.DAY).weekday())
    recent = recent_slope(levels, RECENT_DAYS)
    known = _known(sensors, at)
    found: list[Found] = []
    for row, sensor in enumerate(sensors):
        seen = _seen(sensor, slow, row, float(recent[row]), until)
        own = known.get(sensor.pk, {})
        found += _told(seen, own, until, at)
        found += _over(sensor, own, seen, levels[row], float(recent[row]), until)
    save_anomalies(found, at)
    return len(found)


def _known(sensors: Sequence[Sensor], at: datetime) -> dict[int, dict[bool, Anomaly]]:
    """By sensor id and direction (up: true) the newest change that goes on or ended lately."""
    rows = Anomaly.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=at - REMEMBERED),
        sensor__in=[sensor.pk for sensor in sensors],
        method=Method.TREND,
    )
    found: dict[int, dict[bool, Anomaly]] = {}
    for row in rows.order_by("started_at", "pk"):
        found.setdefault(row.sensor_id, {})[row.peak_value > row.expected_value] = row
    return found


def _seen(sensor: Sensor, slow: Slow, row: int, recent: float, until: datetime) -> _Seen | None:
    if slow.score[row] < 1.0:
        return None
    started = until - (LONGEST - int(slow.first[row])) * queries.DAY
    change = Change(
        since=started.astimezone(sensor.asset.site.zone).date(),
        before=float(slow.before[row]),
        after=float(slow.after[row]),
        slope=float(slow.slope[row]),
    )
    return _Seen(sensor, change, float(slow.score[row]), recent, started)


def _told(
    seen: _Seen | None, own: Mapping[bool, Anomaly], until: datetime, at: datetime
) -> list[Found]:
    """The anomaly of what was seen: new, or the one that it is already."""
    if seen is None:
        return []
    before = own.get(seen.is_up)
    if before is not None and before.closed_at is not None:
        if before.closed_at > at - QUIET or before.started_at == seen.started:
            return []
        before = None
    is_step = not seen.change.slope
    goes_on = not is_step and _goes_on(seen.recent, seen.change.slope)
    if is_step:
        goes_on = until - seen.started <= timedelta(days=PENDING)
    if not goes_on and (before is None or before.ended_at is not None) and not is_step:
        # It was over before anybody could be told, or is known.
        return []
    if is_step and not goes_on and before is not None and before.ended_at is not None:
        return []
    started, change = seen.started, seen.change
    if before is not None:
        started = before.started_at
        change = replace(
            change,
            since=started.astimezone(seen.sensor.asset.site.zone).date(),
            before=before.expected_value,
        )
    return [_found(replace(seen, change=change, started=started), until, is_open=goes_on)]


def _over(
    sensor: Sensor,
    own: Mapping[bool, Anomaly],
    seen: _Seen | None,
    levels: Floats,
    recent: float,
    until: datetime,
) -> list[Found]:
    """The anomalies that went on and that tonight's figures no longer show."""
    found = []
    for is_up, row in own.items():
        is_seen = seen is not None and seen.is_up == is_up
        if row.ended_at is not None or is_seen:
            continue
        days = max((row.peak_at - row.started_at) / queries.DAY, 1.0)
        slope = (row.peak_value - row.expected_value) / days
        maintained = sensor.asset.last_maintenance_at
        is_done = maintained is not None and maintained > row.started_at
        if not is_done and (not np.isfinite(levels).any() or _goes_on(recent, slope)):
            continue
        ended = maintained if is_done and maintained is not None else until
        change = Change(
            since=row.started_at.astimezone(sensor.asset.site.zone).date(),
            before=row.expected_value,
            after=row.peak_value,
            slope=slope,
            until=ended.astimezone(sensor.asset.site.zone).date(),
        )
        one = _Seen(sensor, change, row.score, recent, row.started_at)
        found.append(_found(one, min(ended, until), is_open=False, peak_at=row.peak_at))
    return found


def _goes_on(recent: float, slope: float) -> bool:
    """Whether the last days still have a good part of the slope."""
    return bool(np.isfinite(recent)) and recent * np.sign(slope) >= LEVELED * abs(slope)


def _found(
    seen: _Seen, until: datetime, *, is_open: bool, peak_at: datetime | None = None
) -> Found:
    sensor, change = seen.sensor, seen.change
    counts = sensor.kind == Sensor.Kind.COUNTER
    limit = None if counts else queries.limit_ahead(sensor, change.after, is_up=seen.is_up)
    reached = None
    if limit is not None and is_open and change.slope:
        ahead = (limit[1] - change.after) / change.slope
        reached = until + timedelta(days=ahead) if 0 < ahead <= FARTHEST else None
    event = Event(
        start=seen.started.timestamp(),
        end=max(until, seen.started).timestamp(),
        peak_at=(peak_at or until).timestamp(),
        peak_value=change.after,
        expected=change.before,
        peak_score=seen.score,
        channel=Channel.DRIFT_UP if seen.is_up else Channel.DRIFT_DOWN,
        readings=max((until - seen.started) // queries.DAY, 1),
        is_open=is_open,
    )
    if not is_open and change.slope and change.until is None:
        change = replace(change, until=until.astimezone(sensor.asset.site.zone).date())
    text = describe_change(
        change,
        quantity=f"{spoken(sensor)} in a day" if counts else spoken(sensor),
        unit=sensor.unit,
        limit=limit,
        reached=None if reached is None else reached.astimezone(sensor.asset.site.zone).date(),
    )
    severity = _severity(seen, None if reached is None else reached - until)
    return Found(sensor, event, NAME, Method.TREND, text, severity)


def _severity(seen: _Seen, left: timedelta | None) -> Severity:
    """By how soon it reaches a limit; without one, by how clearly it stands out."""
    sensor, level = seen.sensor, seen.change.after
    if sensor.kind != Sensor.Kind.COUNTER:
        limit = sensor.high_limit if seen.is_up else sensor.low_limit
        if limit is not None and (level >= limit if seen.is_up else level <= limit):
            return Severity.HIGH
    if left is not None:
        return Severity.HIGH if left <= SOON else Severity.MEDIUM if left <= LATER else Severity.LOW
    return Severity.MEDIUM if seen.score >= CLEAR else Severity.LOW
