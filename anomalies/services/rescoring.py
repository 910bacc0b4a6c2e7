"""Score a range of the past again: with another detector or settings, or with late readings.

One transaction for each sensor. It learns from the readings before the range, so that what it finds
does not depend on what was remembered; whoever is killed in between has changed nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Min
from django.db.models.functions import Greatest

from anomalies import queries
from anomalies.detectors.events import Carried, Event
from anomalies.detectors.streaming.memory import Memory, blank
from anomalies.models import Anomaly, AnomalyQuerySet, DetectorState, LateReadings
from anomalies.services import incidents, limits, scores
from anomalies.services.late import note_for_machine
from anomalies.services.passing import Passed, Stretch, ignored_by, pass_over
from anomalies.services.recording import Found, Method, moment, save_anomalies
from anomalies.services.states import keep
from assets.models import Sensor
from assets.queries import Readings, readings_after, readings_until
from assets.queries.uptime import within
from maintenance.models import Urgency

WARM_UP = 10_000
"""Readings before the range that the detector learns from."""

AT_A_TIME = 100_000
BEYOND = 2_000
"""Readings at a time after the range, until the anomaly that is open at its end is over."""

REACH = timedelta(days=30)
"""Late readings that lie farther behind the watermark are kept, and not scored."""

INSTANT = timedelta(microseconds=1)

BY_READING = [Method.PATTERN, Method.LIMIT, Method.RATE]
"""What is found reading by reading, from the readings of one sensor."""

Begun = tuple[str, datetime]
"""Method and start: what an anomaly of the sensor is known by."""


@dataclass(frozen=True, slots=True)
class Rescored:
    """What became of a sensor or machine: what was scored again, and anomalies that began there.

    `kept` are those that a person dealt with, or that a recommendation rests on.
    """

    readings: int = 0
    new: int = 0
    again: int = 0
    removed: int = 0
    kept: int = 0


@dataclass(slots=True)
class _Walk:
    """A sensor's way through the range: a memory that begins anew, and what it met."""

    state: DetectorState
    memory: Memory
    line: float
    at: datetime
    limits: limits.Judging
    readings: int = 0
    found: dict[Begun, Found] = field(default_factory=dict)

    @property
    def going_on(self) -> list[Begun]:
        event = Carried.from_json(self.state.open_event).event
        own = [] if event is None else [(Method.PATTERN.value, moment(event.start))]
        return [*own, *self.limits.going_on]

    def past(self, batch: Readings, *, more: bool) -> Passed:
        """Raises ValueError when it cannot be scored."""
        ignored = ignored_by([self.state], _first(batch))[self.state.sensor_id]
        unfit = within(ignored, batch.seconds)
        stretch = Stretch(self.state, batch, 0, unfit, line=self.line, more=more)
        passed = pass_over(self.memory, [stretch], self.at)
        if not passed.states:
            raise ValueError("Its events cannot be told; the log says why.")
        beyond = limits.pass_over(self.limits, batch, unfit, self.at)
        for one in (*passed.found, *beyond):
            self.found[one.method.value, moment(one.event.start)] = one
        return passed


@transaction.atomic
def rescore(
    *, sensor_id: int, start: datetime, end: datetime, at: datetime, dry_run: bool = False
) -> Rescored:
    """Replace the anomalies that began from `start` until `end` by what is found there now.

    What was touched stays, and nothing is put beside it. Readings that were never scored wait for
    scoring. `dry_run`: do it all, and undo it.
    """
    states = DetectorState.objects.select_for_update(of=("self",))
    own = states.select_related("sensor__asset__site").filter(sensor=sensor_id)
    state = own.defer("state").first()
    if state is None or state.watermark < start:
        return Rescored()
    until = min(end, state.watermark)
    walk = _walk(state, start, until, at)
    incidents.hold([state.organization_id])
    there = Anomaly.objects.filter(
        sensor=sensor_id, method__in=BY_READING, started_at__gte=start, started_at__lte=until
    )
    found = {one: what for one, what in walk.found.items() if start <= one[1] <= until}
    answer = replace_anomalies(there, found, walk.readings, at)
    if until == state.watermark:
        _take_over(state, walk)
    if dry_run:
        transaction.set_rollback(True)
    return answer


def _walk(state: DetectorState, start: datetime, until: datetime, at: datetime) -> _Walk:
    line = queries.thresholds([state.sensor_id], at)[state.sensor_id]
    memory = blank(1)
    memory["is_counter"] = state.sensor.kind == Sensor.Kind.COUNTER
    walk = _Walk(_anew(state), memory, line, at, limits.anew(state.sensor))
    before = readings_until(sensor_id=state.sensor_id, until=start - INSTANT, limit=WARM_UP)
    if len(before):
        walk.past(before, more=True)
    walk.state.watermark = start - INSTANT
    scores.forget(state.sensor_id, start, until)
    for batch in _batches(walk, until, AT_A_TIME):
        walk.readings += len(batch)
        scores.keep(walk.past(batch, more=until < state.watermark or len(batch) == AT_A_TIME))
    for batch in _batches(walk, state.watermark, BEYOND):
        if not walk.going_on:
            break
        walk.past(batch, more=True)
    return walk


def _anew(state: DetectorState) -> DetectorState:
    return DetectorState(
        pk=state.pk,
        organization_id=state.organization_id,
        asset_id=state.asset_id,
        sensor=state.sensor,
        detector=state.detector,
        watermark=state.watermark,
        state=b"",
    )


def _first(batch: Readings) -> datetime:
    return moment(float(batch.seconds[0]))


def _batches(walk: _Walk, until: datetime, limit: int) -> Iterator[Readings]:
    """From where the walk has come, up to `until`."""
    pk = walk.state.sensor_id
    while True:
        found = readings_after(watermarks={pk: walk.state.watermark}, until=until, limit=limit)
        if pk not in found:
            return
        yield found[pk]


def replace_anomalies(
    own: AnomalyQuerySet, seen: Mapping[Begun, Found], readings: int, at: datetime
) -> Rescored:
    """Put what was seen, of one sensor or machine, in the place of its anomalies `own`."""
    rows = list(own.select_for_update(of=("self",)).order_by("pk"))
    kept = [row for row in rows if _is_touched(row)]
    free = {(row.method, row.started_at): row for row in rows if not _is_touched(row)}
    found = {
        begun: one
        for begun, one in sorted(seen.items())
        if not any(_overlap(one, row) for row in kept)
    }
    removed = [row for begun, row in free.items() if begun not in found]
    again = [row.pk for begun, row in free.items() if begun in found]
    _remove(removed)
    for begun, row in free.items():
        # Of a machine another sensor may stand out now.
        if begun in found and found[begun].sensor.pk != row.sensor_id:
            own.filter(pk=row.pk).update(sensor=found[begun].sensor)
    # A severity only rises by itself; here it begins anew.
    Anomaly.objects.filter(pk__in=again).update(severity=Urgency.LOW)
    save_anomalies(list(found.values()), at)
    return Rescored(
        readings=readings,
        new=len(found) - len(again),
        again=len(again),
        removed=len(removed),
        kept=len(kept),
    )


def _is_touched(row: Anomaly) -> bool:
    return bool(row.closed_at or row.verdict or row.recommendation_id)


def _overlap(one: Found, row: Anomaly) -> bool:
    """Found in the same way at the same time, or the same one."""
    if one.method != row.method:
        return False
    start, end = moment(one.event.start), moment(one.event.end)
    return start <= (row.ended_at or start) and row.started_at <= end


def _remove(rows: Sequence[Anomaly]) -> None:
    """Delete them, and put what was together with them into incidents anew."""
    if not rows:
        return
    gone = {row.pk for row in rows}
    of = {row.incident_id for row in rows if row.incident_id is not None}
    left = list(Anomaly.objects.filter(incident__in=of).exclude(pk__in=gone))
    Anomaly.objects.filter(pk__in=gone).delete()
    incidents.group(left)


def going_on_already(own: AnomalyQuerySet, event: Event) -> Anomaly | None:
    """The anomaly, of one sensor or machine and method, that this event continues.

    It was touched, or began before the range, and is found to have begun at another time now.
    """
    going_on = own.filter(ended_at=None)
    if going_on.filter(started_at=moment(event.start)).exists():
        return None
    return going_on.order_by("started_at").first()


def _take_over(state: DetectorState, walk: _Walk) -> None:
    """Scoring goes on from what was learned anew; an anomaly that it does not know of is over.

    Where the last readings were removed, from the last one there is: others may come instead.
    """
    carried = Carried.from_json(walk.state.open_event)
    own = Anomaly.objects.filter(sensor=state.sensor, method=Method.PATTERN)
    if carried.event and (row := going_on_already(own, carried.event)):
        event = replace(carried.event, start=row.started_at.timestamp())
        walk.state.open_event = replace(carried, event=event).to_json()
    keep([walk.state], {state.pk: (walk.state.watermark, walk.memory)}, walk.at)
    limits.keep([walk.limits.state])
    forgotten = Anomaly.objects.filter(sensor=state.sensor, method__in=BY_READING, ended_at=None)
    for method, started in walk.going_on:
        forgotten = forgotten.exclude(method=method, started_at=started)
    rows = list(forgotten)
    forgotten.update(ended_at=Greatest(F("peak_at"), F("started_at")))
    incidents.group(rows)


@transaction.atomic
def score_late(*, sensor_id: int, at: datetime) -> bool:
    """Score a sensor again from its earliest late reading on; whether there was one.

    What is remembered of it goes in the same transaction: killed in between, it is done anew.
    """
    states = DetectorState.objects.select_for_update(of=("self",)).defer("state")
    state = states.filter(sensor=sensor_id).first()
    rows = LateReadings.objects.filter(sensor=sensor_id, is_for_machine=False)
    known = rows.aggregate(since=Min("since"), last=Max("pk"))
    note_for_machine(known["since"], sensor_id)
    if state is None or known["since"] is None:
        rows.delete()
        return False
    since, reach = known["since"], state.watermark - REACH
    if since < reach:
        state.too_late_since = min(since, state.too_late_since or since)
        state.save(update_fields=["too_late_since"])
    rescore(sensor_id=sensor_id, start=max(since, reach), end=at, at=at)
    rows.filter(pk__lte=known["last"]).delete()
    return True
