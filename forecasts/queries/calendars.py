"""What is known of the days of assets: clocks, holidays, and times of standing still."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, Q

from assets.models import Sensor, UptimeEvent
from assets.queries import Readings, readings_from
from assets.queries.uptime import PLANNED, Window
from forecasts.forecasters.base import Floats
from forecasts.forecasters.days import DAY, HOUR, SUNDAY, Holiday
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.queries.planned import planned_in
from maintenance.scheduling.free_days import public_holidays

HOLIDAYS_SEEN = timedelta(days=400)
"""So far back holidays are looked at, to learn what a sensor does on them."""

NOT_ORDINARY = Q(
    state__in=(
        UptimeEvent.State.DOWN,
        UptimeEvent.State.DISABLED,
        UptimeEvent.State.EXTERNAL_DISABLED,
    )
)
"""States that are not learned from. A machine that idles every night shows its ordinary day."""

_OF_DAYS = """
    SELECT h.sensor_id, array_agg(h.bucket ORDER BY h.bucket), array_agg(h.avg ORDER BY h.bucket)
    FROM asset_metrics_hourly h
    JOIN unnest(%s::timestamptz[], %s::timestamptz[]) AS days (start, until)
      ON h.bucket >= days.start AND h.bucket < days.until
    WHERE h.sensor_id = ANY(%s)
    GROUP BY h.sensor_id
"""


@dataclass(frozen=True, slots=True)
class Days:
    """By asset id: windows in which it stood, and in which it is planned to; by site id: holidays.

    stood, stands  windows in seconds since 1970
    holidays       those near the time that is forecast, or learned from
    """

    stood: Mapping[int, list[Window]] = field(default_factory=dict)
    stands: Mapping[int, list[Window]] = field(default_factory=dict)
    holidays: Mapping[int, frozenset[date]] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)


def days_of(sensors: Collection[Sensor], since: datetime, start: datetime, end: datetime) -> Days:
    """For series that begin at `since` and forecasts of [start, end). Three queries.

    A site's holidays are those that most of its active schedules go by.
    """
    assets = {sensor.asset_id for sensor in sensors}
    sites = {sensor.asset.site_id for sensor in sensors}
    stood, stands = _stops(assets, since, start, end)
    codes = _codes(sites)
    years = range(since.year, end.year + 1)
    first, last = since.date() - timedelta(days=1), end.date() + timedelta(days=1)
    holidays = {
        site: frozenset(
            day for year in years for day in public_holidays(code, year) if first <= day <= last
        )
        for site, code in codes.items()
    }
    return Days(stood, stands, holidays, codes)


def _stops(
    assets: Collection[int], since: datetime, start: datetime, end: datetime
) -> tuple[dict[int, list[Window]], dict[int, list[Window]]]:
    stood: dict[int, list[Window]] = defaultdict(list)
    stands: dict[int, list[Window]] = defaultdict(list)
    events = UptimeEvent.objects.filter(
        NOT_ORDINARY | PLANNED,
        Q(ended_at=None) | Q(ended_at__gt=since),
        asset__in=assets,
        started_at__lt=end,
    )
    rows = events.annotate(is_planned=PLANNED, is_unusual=NOT_ORDINARY).order_by("started_at")
    fields = ("asset", "started_at", "ended_at", "is_planned", "is_unusual")
    for asset, begun, ended, is_planned, is_unusual in rows.values_list(*fields):
        if is_unusual and begun < start:
            stood[asset].append((begun.timestamp(), (ended or start).timestamp()))
        # One without an end is not planned to last.
        if is_planned and ended is not None and ended > start:
            stands[asset].append((begun.timestamp(), ended.timestamp()))
    orders = WorkOrder.objects.open().filter(asset__in=assets, needs_outage=True)
    planned = planned_in(orders, start, end).values_list("asset", "planned_start", "planned_until")
    for asset, begun, until in planned:
        stands[asset].append((begun.timestamp(), until.timestamp()))
    return stood, stands


def _codes(sites: Collection[int]) -> dict[int, str]:
    rows = (
        MaintenanceSchedule.objects.filter(asset__site__in=sites, is_active=True)
        .exclude(holidays="")
        .values("asset__site", "holidays")
        .annotate(count=Count("pk"))
        .order_by("count", "holidays")
    )
    return {row["asset__site"]: row["holidays"] for row in rows}


def past_holidays(
    sensor_ids: Collection[int], code: str, zone: ZoneInfo, at: datetime
) -> dict[int, list[Holiday]]:
    """What each sensor did on holidays of the last year, with the days to compare. One query."""
    today = at.astimezone(zone).date()
    first = today - HOLIDAYS_SEEN
    free = {
        day for year in range(first.year, today.year + 1) for day in public_holidays(code, year)
    }
    known = sorted(day for day in free if first <= day < today and day.weekday() != SUNDAY)
    triples = [
        (day, day - timedelta(days=day.weekday() + 1), day - timedelta(days=7)) for day in known
    ]
    triples = [three for three in triples if three[2] not in free]
    days = {day for three in triples for day in three}
    starts = [datetime.combine(day, time(), zone) for day in sorted(days)]
    untils = [datetime.combine(day + timedelta(days=1), time(), zone) for day in sorted(days)]
    found = readings_from(_OF_DAYS, [starts, untils, list(sensor_ids)])
    return {
        pk: [Holiday(*(own[day] for day in three)) for three in triples]
        for pk, means in found.items()
        for own in [_by_day(means, dict(zip(sorted(days), starts, strict=True)))]
    }


def _by_day(means: Readings, starts: Mapping[date, datetime]) -> dict[date, Floats]:
    """The hours of each day, (24,); NaN: unknown. A day of 25 hours ends with its 24th."""
    edges = np.array([start.timestamp() for start in starts.values()])
    place = np.searchsorted(edges, means.seconds, side="right") - 1
    hour = np.minimum((means.seconds - edges[place]) // HOUR, DAY - 1).astype(np.int64)
    hours = np.full((len(edges), DAY), np.nan)
    hours[place, hour] = means.values
    return dict(zip(starts, hours, strict=True))
