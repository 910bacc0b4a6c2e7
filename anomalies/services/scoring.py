"""Every new reading is judged once, whatever is killed, repeated or run side by side."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F

from anomalies import queries
from anomalies.detectors.base import Bools, Detector, Scores, UnknownState
from anomalies.detectors.events import Carried, EventRule, events_in, is_silent
from anomalies.detectors.seasonal_baseline import SeasonalBaseline
from anomalies.models import Anomaly, DetectorState
from anomalies.services import incidents
from anomalies.services.events import tell_ended
from anomalies.services.recording import Found, Method, anomalies_at, moment, save_anomalies
from assets.models import Sensor
from assets.queries import NO_READINGS, Readings, readings_after, readings_until
from assets.queries.uptime import Window, stops, within
from telemetry.queries import quality

logger = logging.getLogger(__name__)

READINGS_PER_TRANSACTION = 200_000
FEWEST_READINGS = 1_000
"""Read at least this many of each sensor at a time, however many sensors there are."""

RELEARN = 10_000
"""Readings that a detector of a new version learns from before it goes on."""

BEFORE_ALL = datetime(1900, 1, 1, tzinfo=UTC)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SPLIT_AFTER = timedelta(hours=24)
"""What is still strange this long after a person closed its anomaly becomes a new anomaly."""


def score_sensors(*, sensor_ids: Iterable[int], at: datetime) -> int:
    """Score what each sensor has sent since its watermark; returns the anomalies new or changed.

    Works in transactions of a bounded number of readings. Each keeps anomalies, advice, detector
    state and watermark together: a killed worker loses only the transaction in progress, which the
    next one repeats. A sensor that another worker is scoring is left to that worker.
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
    sensors = Sensor.objects.filter(pk__in=sensor_ids, detector_state=None).select_related(
        "asset__site"
    )
    DetectorState.objects.bulk_create(
        [
            DetectorState(
                organization_id=sensor.organization_id,
                asset_id=sensor.asset_id,
                sensor=sensor,
                detector=detector_for(sensor).name,
                watermark=BEFORE_ALL,
                state=b"",
                updated_at=at,
            )
            for sensor in sensors
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
        .select_related("sensor__asset__site")
        .order_by("asset_id", "pk")
    )
    if not states:
        return 0, []
    marks = {state.sensor_id: state.watermark for state in states}
    read = readings_after(watermarks=marks, until=at, limit=limit)
    batches = _decided(read, at)
    ignored = ignored_by(states)
    lines = queries.thresholds(marks.keys(), at)
    _split_closed(states, at)
    scored: list[DetectorState] = []
    found: list[Found] = []
    for state in states:
        batch = batches.get(state.sensor_id, NO_READINGS)
        if not len(batch):
            continue
        try:
            unfit = within(ignored[state.sensor_id], batch.seconds)
            line, is_full = lines[state.sensor_id], len(batch) == limit
            found += score_batch(state, batch, unfit, at, line=line, more=is_full)
        except (ArithmeticError, ValueError):
            # One sensor that cannot be scored must not hold up the others of its chunk.
            logger.exception("Sensor %s could not be scored.", state.sensor_id)
        else:
            scored.append(state)
    save_anomalies(found, at)
    DetectorState.objects.bulk_create(
        scored,
        update_conflicts=True,
        unique_fields=["sensor"],
        update_fields=["detector", "watermark", "state", "open_event", "updated_at"],
    )
    more = [s.sensor_id for s in scored if len(batches[s.sensor_id]) == limit]
    return len(found), more


def _decided(batches: Mapping[int, Readings], at: datetime) -> dict[int, Readings]:
    """The readings up to where the next ones decide whether a sensor can be trusted: they wait."""
    until = quality.suspect_since(batches.keys(), at)
    return {pk: batch.before(until[pk]) if pk in until else batch for pk, batch in batches.items()}


def ignored_by(states: Iterable[DetectorState]) -> dict[int, list[Window]]:
    """By sensor id when its readings say nothing of its machine, or of one that does not run.

    Stops last until the machine is as before; faults of the data until they are over.
    """
    states = list(states)
    oldest = max(min(state.watermark for state in states), EPOCH)
    still = stops((state.asset_id for state in states), oldest - queries.SETTLING)
    faulty = quality.untrusted([state.sensor_id for state in states], oldest)
    settling = queries.SETTLING.total_seconds()
    return {
        state.sensor_id: [
            *((start, end + settling) for start, end in still.get(state.asset_id, ())),
            *faulty.get(state.sensor_id, ()),
        ]
        for state in states
    }


def score_batch(
    state: DetectorState,
    batch: Readings,
    ignored: Bools,
    at: datetime,
    *,
    line: float,
    more: bool,
) -> list[Found]:
    """Move a sensor's state past the batch, in memory; returns its events.

    Readings that are `ignored` are neither judged nor learned from. `line`: so many times the
    usual distance is an alarm; the detector itself knows nothing of it.
    """
    sensor = state.sensor
    detector, rule = detector_for(sensor), rule_for(sensor)
    learned, scores = _judge(state, detector, batch, ignored)
    scores = replace(scores, score=scores.score / line)
    carried, events = events_in(Carried.from_json(state.open_event), batch.seconds, scores, rule)
    if events and not more and is_silent(carried, at.timestamp(), rule):
        # Kept open in the state: buffered readings may still come and continue it.
        events[-1] = replace(events[-1], is_open=False)
    state.detector, state.state, state.updated_at = detector.name, learned, at
    state.open_event = carried.to_json()
    state.watermark = moment(float(batch.seconds[-1]))
    return [Found(sensor, event, detector.name) for event in events]


def _judge(
    state: DetectorState, detector: Detector, batch: Readings, ignored: Bools
) -> tuple[bytes, Scores]:
    """New state and scores. What another version saved is learned anew from the recent past."""
    saved = bytes(state.state)
    if not saved:
        return detector.update(None, batch.seconds, batch.values, ignored)
    if state.detector == detector.name:
        try:
            return detector.update(saved, batch.seconds, batch.values, ignored)
        except UnknownState:
            logger.info("Sensor %s learns anew: its detector changed.", state.sensor_id)
    past = readings_until(sensor_id=state.sensor_id, until=state.watermark, limit=RELEARN)
    learned, _ = detector.update(None, past.seconds, past.values)
    return detector.update(learned, batch.seconds, batch.values, ignored)


def detector_for(sensor: Sensor) -> Detector:
    """Its days are those of the sensor's site: shifts follow the clock on the wall."""
    is_counter = sensor.kind == Sensor.Kind.COUNTER
    return SeasonalBaseline("counter" if is_counter else "gauge", zone=sensor.asset.site.zone)


def rule_for(sensor: Sensor) -> EventRule:
    if sensor.expected_interval is None:
        return EventRule()
    return EventRule.for_interval(sensor.expected_interval.total_seconds())


def _split_closed(states: Iterable[DetectorState], at: datetime) -> None:
    """Let go of events whose anomaly a person closed a day before: what goes on is a new one."""
    going_on = {}
    for state in states:
        event = Carried.from_json(state.open_event).event
        if event is not None:
            key = state.sensor_id, Method.PATTERN.value, moment(event.start)
            going_on[key] = state, event
    if not going_on:
        return
    incidents.hold({state.organization_id for state, _ in going_on.values()})
    for key, anomaly in anomalies_at(going_on).items():
        state, event = going_on[key]
        if anomaly.closed_at and state.watermark > anomaly.closed_at + SPLIT_AFTER:
            carried = Carried.from_json(state.open_event)
            state.open_event = Carried(last_time=carried.last_time, gap=carried.gap).to_json()
            _end(anomaly, state, moment(event.end), at)


def _end(anomaly: Anomaly, state: DetectorState, ended: datetime, at: datetime) -> None:
    anomaly.ended_at, anomaly.sensor = ended, state.sensor
    anomaly.save(update_fields=["ended_at"])
    incidents.group([anomaly])
    tell_ended([anomaly], at=at)


def end_silent(*, organization_id: int, at: datetime) -> int:
    """End the open anomalies of sensors that have sent nothing for longer than their gap allows.

    Should readings continue the event after all, scoring opens the anomaly again.
    """
    shortest = timedelta(seconds=EventRule().gap)
    states = DetectorState.objects.filter(
        organization=organization_id,
        sensor__last_time__lt=at - shortest,
        sensor__last_time__lte=F("watermark"),
        sensor__anomalies__ended_at=None,
        sensor__anomalies__isnull=False,
    )
    ended = 0
    for state in states.select_related("sensor__asset").distinct().iterator(chunk_size=500):
        carried = Carried.from_json(state.open_event)
        silent = is_silent(carried, at.timestamp(), rule_for(state.sensor))
        if carried.event is not None and silent:
            ended += _end_open(state, moment(carried.event.start), moment(carried.event.end), at)
    return ended


@transaction.atomic
def _end_open(state: DetectorState, started: datetime, ended: datetime, at: datetime) -> int:
    """End the state's anomaly of this start; 0 when another worker was faster."""
    incidents.hold([state.organization_id])
    open_one = Anomaly.objects.select_for_update().filter(
        sensor=state.sensor, method=Method.PATTERN, started_at=started, ended_at=None
    )
    anomaly = open_one.first()
    if anomaly is None:
        return 0
    _end(anomaly, state, ended, at)
    return 1
