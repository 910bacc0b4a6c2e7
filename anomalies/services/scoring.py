"""Every new reading is judged once, whatever is killed, repeated or run side by side."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
from django.db import transaction
from django.db.models import F

from anomalies import queries
from anomalies.detectors.streaming.engine import NAME
from anomalies.detectors.streaming.memory import Memory
from anomalies.models import DetectorState
from anomalies.services import limits, scores
from anomalies.services import states as saved
from anomalies.services.ending import split_closed
from anomalies.services.late import drop_unscored
from anomalies.services.passing import (
    Passed,
    Stretch,
    decided,
    ignored_by,
    known_of,
    pass_over,
)
from anomalies.services.recording import Found, save_anomalies
from anomalies.services.states import BEFORE_ALL, is_due, memory_of
from assets.models import Sensor
from assets.queries import NO_READINGS, Readings, readings_after
from assets.queries.uptime import within

logger = logging.getLogger(__name__)

READINGS_PER_TRANSACTION = 200_000
FEWEST_READINGS = 1_000
"""Read at least this many of each sensor at a time, however many sensors there are."""


def score_sensors(*, sensor_ids: Iterable[int], at: datetime) -> int:
    """Score what each sensor has sent since its watermark; returns the anomalies new or changed.

    Works in transactions of a bounded number of readings. Each keeps anomalies, advice, scores,
    detector state and watermark together: a killed worker loses only the transaction in progress,
    which the next one repeats. A sensor that another worker is scoring is left to that worker.
    """
    waiting = list(dict.fromkeys(sensor_ids))
    _begin_states(waiting, at)
    changed = 0
    while waiting:
        limit = max(READINGS_PER_TRANSACTION // len(waiting), FEWEST_READINGS)
        found, waiting = _score_once(waiting, limit, at)
        changed += found
    return changed


def _begin_states(sensor_ids: Sequence[int], at: datetime) -> None:
    sensors = Sensor.objects.filter(pk__in=sensor_ids, detector_state=None)
    rows = sensors.values_list("organization", "asset", "pk")
    DetectorState.objects.bulk_create(
        [
            DetectorState(
                organization_id=organization_id,
                asset_id=asset_id,
                sensor_id=pk,
                detector=NAME,
                watermark=BEFORE_ALL,
                state=b"",
                updated_at=at,
            )
            for organization_id, asset_id, pk in rows
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def _score_once(sensor_ids: Sequence[int], limit: int, at: datetime) -> tuple[int, list[int]]:
    """Score at most `limit` readings of each sensor. Returns what changed, and who has more."""
    states = list(
        DetectorState.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(sensor__in=sensor_ids, sensor__is_active=True)
        .filter(sensor__last_time__gt=F("watermark"))
        .defer("state")
        .select_related("sensor__asset__site")
        .order_by("asset_id", "pk")
    )
    if not states:
        return 0, []
    drop_unscored(states)
    memory = memory_of(states)
    since = {state.sensor_id: state.learned_until for state in states}
    batches = decided(readings_after(watermarks=since, until=at, limit=limit), at)
    split_closed(states, at)
    rows, stretches = _stretches(states, batches, limit, at)
    passed, memory = _passed(memory[rows], stretches, at)
    found = [*passed.found, *_beyond_limits(stretches, at)]
    save_anomalies(found, at)
    moved = {state.sensor_id for state in passed.states}
    done = [(row, one) for row, one in enumerate(stretches) if one.state.sensor_id in moved]
    due = {
        one.state.pk: (one.end, memory[row : row + 1])
        for row, one in done
        if one.more or is_due(one.state, len(one.batch))
    }
    scores.keep(passed)
    # Who waits for more readings is written, too: it was looked at.
    going = {one.state.pk for one in stretches}
    idle = [state for state in states if state.pk not in going]
    saved.keep([*passed.states, *idle], due, at)
    return len(found), [one.state.sensor_id for _, one in done if one.more]


def _beyond_limits(stretches: Sequence[Stretch], at: datetime) -> list[Found]:
    new = {one.state.sensor_id: one.new for one in stretches}
    ignored = {one.state.sensor_id: one.ignored[one.known :] for one in stretches}
    return limits.found_in([one.state.sensor for one in stretches], new, ignored, at)


def _stretches(
    states: Sequence[DetectorState], batches: Mapping[int, Readings], limit: int, at: datetime
) -> tuple[list[int], list[Stretch]]:
    """Those of the states with something to do, by their places, and what there is to do."""
    ignored = ignored_by(states, min(state.learned_until or BEFORE_ALL for state in states))
    lines = queries.thresholds([state.sensor_id for state in states], at)
    rows: list[int] = []
    stretches: list[Stretch] = []
    for row, state in enumerate(states):
        batch = batches.get(state.sensor_id, NO_READINGS)
        known, is_full = known_of(batch, state.watermark), len(batch) == limit
        if known == len(batch) and not is_full:
            continue
        unfit = within(ignored[state.sensor_id], batch.seconds)
        rows.append(row)
        stretches.append(
            Stretch(state, batch, known, unfit, line=lines[state.sensor_id], more=is_full)
        )
    return rows, stretches


def _passed(memory: Memory, stretches: Sequence[Stretch], at: datetime) -> tuple[Passed, Memory]:
    """As `pass_over`, with memory moved on; who cannot be judged is found by halves, and left."""
    before = memory.copy()
    try:
        return pass_over(memory, stretches, at), memory
    except (ArithmeticError, ValueError):
        if len(stretches) == 1:
            logger.exception("Sensor %s could not be scored.", stretches[0].state.sensor_id)
            return Passed(), before
    half = len(stretches) // 2
    first, one = _passed(before[:half], stretches[:half], at)
    second, other = _passed(before[half:], stretches[half:], at)
    return first + second, np.concatenate((one, other))
