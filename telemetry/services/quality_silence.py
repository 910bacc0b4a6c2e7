"""Sensors that say nothing any more: a fault of their data, found by the clock."""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from assets.models import Asset, Reading, Sensor
from assets.queries.uptime import planned_stops
from telemetry.models import QualityFault
from telemetry.services.quality import moment

INTERVALS = 10
"""A sensor is silent once it has missed this many of its usual readings."""

AT_LEAST = timedelta(hours=1)

RECENT_INTERVALS = 3
RECENT_AT_LEAST = timedelta(minutes=30)
"""It sends again when its last reading is no older than this: not with a reading of long ago."""

IN_USE = (Asset.Status.IN_SERVICE, Asset.Status.STANDBY)
SILENT = QualityFault.Kind.SILENT


@dataclass(frozen=True, slots=True)
class _Silence:
    """A sensor that has missed readings since then; not counting planned stops of its machine."""

    sensor: Sensor
    since: datetime


@transaction.atomic
def watch_silence(*, organization_id: int, at: datetime) -> None:
    """Begin a fault for each sensor that fell silent, and end those of sensors that send again.

    A machine that is not meant to run need not send, nor one out of service. Safe to run twice.
    """
    silent = list(_silent(organization_id, at))
    QualityFault.objects.bulk_create(
        [_fault(one, at) for one in silent], ignore_conflicts=True, batch_size=500
    )
    still = {one.sensor.pk for one in silent}
    _end_where_sent(organization_id, still, at)


def watched(organization_id: int) -> QuerySet[Sensor]:
    """Sensors that are known to send again and again, on assets that are in use."""
    return Sensor.objects.filter(
        organization=organization_id,
        is_active=True,
        expected_interval__isnull=False,
        last_time__isnull=False,
        asset__status__in=IN_USE,
    )


def _silent(organization_id: int, at: datetime) -> Iterable[_Silence]:
    quiet = list(
        watched(organization_id)
        .filter(last_time__lt=at - F("expected_interval") * INTERVALS)
        .filter(last_time__lte=at - AT_LEAST)
        .order_by("pk")
    )
    oldest = min((sensor.last_time for sensor in quiet if sensor.last_time), default=at)
    stops = planned_stops({sensor.asset_id for sensor in quiet}, oldest)
    for sensor in quiet:
        if sensor.last_time is None or sensor.expected_interval is None:
            continue
        over = max((end for _, end in stops.get(sensor.asset_id, ())), default=0.0)
        if math.isinf(over):
            continue
        since = max(sensor.last_time, moment(over))
        if at - since >= AT_LEAST and at - since > sensor.expected_interval * INTERVALS:
            yield _Silence(sensor, since)


def _fault(silence: _Silence, at: datetime) -> QualityFault:
    sensor = silence.sensor
    usual = sensor.expected_interval.total_seconds() if sensor.expected_interval else 0.0
    return QualityFault(
        organization_id=sensor.organization_id,
        asset_id=sensor.asset_id,
        sensor=sensor,
        kind=SILENT,
        started_at=silence.since,
        found_at=at,
        explanation=f"No reading since; it used to send every {usual:g} s.",
    )


def _end_where_sent(organization_id: int, still: Collection[int], at: datetime) -> None:
    """End at the first reading after the silence, or now where people ended the watch."""
    first = Reading.objects.filter(sensor=OuterRef("sensor"), time__gt=OuterRef("started_at"))
    lasting = (
        QualityFault.objects.filter(organization=organization_id, kind=SILENT, ended_at=None)
        .exclude(sensor__in=still)
        .select_for_update(of=("self",))
        .select_related("sensor__asset")
        .annotate(sent_at=Subquery(first.order_by("time").values("time")[:1]))
        .order_by("pk")
    )
    over = [row for row in lasting if _is_over(row, at)]
    for row in over:
        sent_at: datetime | None = row.sent_at
        row.ended_at = max(row.started_at, min(sent_at or at, at))
    QualityFault.objects.bulk_update(over, ["ended_at"], batch_size=500)


def _is_over(row: QualityFault, at: datetime) -> bool:
    """Whether a fault is over whose sensor is not silent: it sends, or need not send.

    Between the two lies what is neither silent nor back.
    """
    sensor = row.sensor
    interval, last = sensor.expected_interval, sensor.last_time
    is_watched = sensor.is_active and sensor.asset.status in IN_USE
    if not is_watched or interval is None or last is None:
        return True
    if at - last <= max(RECENT_INTERVALS * interval, RECENT_AT_LEAST):
        return True
    # Silent by its readings, so its machine is not meant to run.
    return at - last >= AT_LEAST and at - last > INTERVALS * interval
