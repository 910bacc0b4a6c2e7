"""Every new reading is looked at once for what is wrong with the data of its sensor."""

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F

from assets.models import Sensor
from assets.queries import NO_READINGS, Readings, readings_after
from assets.queries.uptime import Window, stops, within
from assets.services.binary_cursor import binary_cursor
from telemetry.models import QualityFault, QualityState
from telemetry.quality import monitor
from telemetry.quality.base import Finding, Rules
from telemetry.quality.memory import Memory

logger = logging.getLogger(__name__)

READINGS_PER_TRANSACTION = 200_000
FEWEST_READINGS = 1_000
"""Read at least this many of each sensor at a time, however many sensors there are."""

LEARN_FROM = timedelta(days=14)
"""A sensor that is new to the monitor is looked at from so long before its last reading on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOVE_ON = """
UPDATE quality_states q SET updated_at = %b, watermark = n.watermark, state = n.state::jsonb
FROM unnest(%b::bigint[], %b::timestamptz[], %b::text[]) AS n (id, watermark, state)
WHERE q.id = n.id
"""


def look(*, sensor_ids: Iterable[int], at: datetime) -> int:
    """Look at what each sensor has sent since its watermark; returns the faults begun and ended.

    Works in transactions of a bounded number of readings. Each keeps faults, memory and watermark
    together: a killed worker loses only the transaction in progress, which the next one repeats. A
    sensor that another worker looks at is left to that worker.
    """
    waiting = list(dict.fromkeys(sensor_ids))
    _begin_states(waiting, at)
    changed, arrived = 0, True
    while waiting:
        limit = max(READINGS_PER_TRANSACTION // len(waiting), FEWEST_READINGS)
        found, waiting = _look_once(waiting, limit, at, arrived=arrived)
        changed, arrived = changed + found, False
    return changed


def _begin_states(sensor_ids: Sequence[int], at: datetime) -> None:
    sensors = Sensor.objects.filter(
        pk__in=sensor_ids, quality_state=None, is_active=True, last_time__isnull=False
    )
    rows = sensors.values_list("organization", "asset", "pk", "last_time")
    QualityState.objects.bulk_create(
        [
            QualityState(
                organization_id=organization_id,
                asset_id=asset_id,
                sensor_id=pk,
                watermark=max(last_time - LEARN_FROM, _EPOCH),
                updated_at=at,
            )
            for organization_id, asset_id, pk, last_time in rows
            if last_time is not None
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def _look_once(
    sensor_ids: Sequence[int], limit: int, at: datetime, *, arrived: bool
) -> tuple[int, list[int]]:
    """Look at most at `limit` readings of each sensor. Returns what changed, and who has more.

    arrived: whether these are what came in since the last look, as far as `at` is now.
    """
    states = list(
        QualityState.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(sensor__in=sensor_ids, sensor__is_active=True)
        .filter(sensor__last_time__gt=F("watermark"))
        .select_related("sensor")
        .order_by("asset_id", "pk")
    )
    if not states:
        return 0, []
    batches = readings_after(
        watermarks={state.sensor_id: state.watermark for state in states}, until=at, limit=limit
    )
    oldest = min(state.watermark for state in states)
    still = stops((state.asset_id for state in states), oldest)
    looked: list[QualityState] = []
    found: list[tuple[Sensor, Finding]] = []
    for state in states:
        batch = batches.get(state.sensor_id, NO_READINGS)
        if not len(batch) and not arrived:
            continue
        try:
            findings = _look_at(state, batch, still.get(state.asset_id, []), at, arrived=arrived)
        except (ArithmeticError, ValueError):
            # One sensor that cannot be looked at must not hold up the others of its chunk.
            logger.exception("The data of sensor %s could not be looked at.", state.sensor_id)
        else:
            looked.append(state)
            found += [(state.sensor, finding) for finding in findings]
    _save_faults(looked, found, at)
    _save_states(looked, at)
    return len(found), [
        pk for pk in (s.sensor_id for s in looked) if len(batches.get(pk, NO_READINGS)) == limit
    ]


def _save_states(states: Sequence[QualityState], at: datetime) -> None:
    """In one statement of arrays: `bulk_update` takes longer than the look itself."""
    ids = [state.pk for state in states]
    marks = [state.watermark for state in states]
    memories = [json.dumps(state.state) for state in states]
    with binary_cursor() as cursor:
        cursor.execute(_MOVE_ON, [at, ids, marks, memories])


def _look_at(
    state: QualityState, batch: Readings, still: Sequence[Window], at: datetime, *, arrived: bool
) -> list[Finding]:
    """Move a sensor's state past the batch, in memory."""
    sensor, memory = state.sensor, Memory.from_json(state.state)
    stopped = within(still, batch.seconds)
    found = monitor.look(memory, rules_of(sensor), batch.seconds, batch.values, stopped)
    if arrived and sensor.last_time is not None:
        found += monitor.arrive(memory, sensor.last_time.timestamp(), at.timestamp())
    state.state, state.updated_at = memory.to_json(), at
    if len(batch):
        state.watermark = moment(float(batch.seconds[-1]))
    return found


def rules_of(sensor: Sensor) -> Rules:
    return Rules(
        is_counter=sensor.kind == Sensor.Kind.COUNTER,
        unit=sensor.unit,
        physical_low=sensor.physical_low,
        physical_high=sensor.physical_high,
        rolls_over_at=sensor.rolls_over_at,
    )


def moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(microseconds=round(seconds * 1e6))


def _save_faults(
    looked: Sequence[QualityState], found: Sequence[tuple[Sensor, Finding]], at: datetime
) -> None:
    """Write what began, and the end of what is over; both may have happened in one batch."""
    lasting = _lasting(looked)
    new: list[QualityFault] = []
    ended: list[QualityFault] = []
    for sensor, finding in found:
        key = sensor.pk, finding.kind.value
        if finding.text:
            row = _new(sensor, finding, at)
            ended += _end(lasting.pop(key, None), row.started_at)
            new.append(row)
            lasting[key] = row
        if finding.end is not None:
            ended += _end(lasting.pop(key, None), moment(finding.end))
    for state in looked:
        # What a monitor of another version has found and this one does not remember.
        for key in [one for one in lasting if one[0] == state.sensor_id]:
            if key[1] not in state.state["open"]:
                ended += _end(lasting.pop(key), state.watermark)
    QualityFault.objects.bulk_update([row for row in ended if row.pk], ["ended_at"])
    QualityFault.objects.bulk_create(new)


def _lasting(looked: Sequence[QualityState]) -> dict[tuple[int, str], QualityFault]:
    rows = QualityFault.objects.filter(
        sensor__in=[state.sensor_id for state in looked], ended_at=None
    ).exclude(kind=QualityFault.Kind.SILENT)
    return {(row.sensor_id, row.kind): row for row in rows}


def _new(sensor: Sensor, finding: Finding, at: datetime) -> QualityFault:
    return QualityFault(
        organization_id=sensor.organization_id,
        asset_id=sensor.asset_id,
        sensor=sensor,
        kind=finding.kind.value,
        started_at=moment(finding.start),
        found_at=at,
        explanation=finding.text,
    )


def _end(row: QualityFault | None, at: datetime) -> list[QualityFault]:
    if row is None:
        return []
    row.ended_at = max(at, row.started_at)
    return [row]
