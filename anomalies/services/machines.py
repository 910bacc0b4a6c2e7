"""Every new row of a machine is judged once, whatever is killed, repeated or run side by side."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from django.db import connection, transaction

from anomalies.detectors.base import Bools, Floats, UnknownState
from anomalies.detectors.events import Carried, is_silent
from anomalies.detectors.multivariate import NAME
from anomalies.detectors.multivariate.detector import AssetScores, score_rows
from anomalies.detectors.multivariate.model import AssetModel, Stream
from anomalies.detectors.multivariate.sightings import (
    Ongoing,
    Sighting,
    as_json,
    over,
    rule_for,
    sightings,
)
from anomalies.detectors.multivariate.words import explain_machine
from anomalies.models import Anomaly, MachineModel
from anomalies.queries import machines as queries
from anomalies.queries import still
from anomalies.queries.machines import Rows, Wanted
from anomalies.services import awaiting, incidents
from anomalies.services.ending import SPLIT_AFTER
from anomalies.services.recording import Found, Method, anomalies_at, moment, save_anomalies
from assets.models import Sensor
from assets.queries.uptime import Window

logger = logging.getLogger(__name__)

ROWS_PER_TRANSACTION = 200_000
FEWEST_ROWS = 1_000

_KEEP = """
UPDATE machine_models m SET updated_at = %b, waiting_since = NULL, watermark = n.watermark,
    stream = n.stream, open_event = n.open_event::jsonb, awaited = n.awaited::jsonb
FROM unnest(%b::bigint[], %b::timestamptz[], %b::bytea[], %b::text[], %b::text[])
    AS n (id, watermark, stream, open_event, awaited)
WHERE m.id = n.id
"""


@dataclass(slots=True)
class Machine:
    """A model in use with the sensors of its asset, by id."""

    row: MachineModel
    sensors: dict[int, Sensor]
    model: AssetModel
    stream: Stream | None
    ongoing: Ongoing

    @property
    def columns(self) -> tuple[int, ...]:
        return tuple(int(name) for name in (*self.model.channels, *self.model.settings))


def score_machines(*, asset_ids: Collection[int], at: datetime) -> int:
    """Judge the rows of each asset since its watermark; returns the anomalies new or changed.

    Works in transactions of a bounded number of rows. Each keeps anomalies, the stream's state and
    the watermark together: a killed worker loses only the transaction in progress, which the next
    one repeats. An asset that another worker is judging is left to that worker.
    """
    waiting: Collection[int] = list(dict.fromkeys(asset_ids))
    changed = 0
    while waiting:
        limit = max(ROWS_PER_TRANSACTION // len(waiting), FEWEST_ROWS)
        found, waiting = _score_once(waiting, limit, at)
        changed += found
    return changed


@transaction.atomic
def _score_once(asset_ids: Collection[int], limit: int, at: datetime) -> tuple[int, list[int]]:
    """Judge at most `limit` rows of each asset. Returns what changed, and who has more."""
    machines = _locked(asset_ids)
    if not machines:
        return 0, []
    awaiting.note_late(machines.values())
    found = _split_closed(machines, at)
    until = awaiting.complete(machines, at)
    wanted = [
        Wanted(pk, one.columns, mark, min(until[pk], mark + limit * step), step)
        for pk, one in machines.items()
        if (step := one.row.step) and (mark := one.row.watermark) and until[pk] > mark
    ]
    read = queries.rows_of(wanted)
    oldest = min((one.since for one in wanted), default=at)
    stood = still([one.asset for one in wanted], oldest)
    lines = queries.lines([one.asset for one in wanted], at)
    for one in wanted:
        machine = machines[one.asset]
        try:
            if one.asset in read:
                stopped = stood.get(one.asset, [])
                found += judge_rows(machine, read[one.asset], stopped, lines[one.asset])
        except (ArithmeticError, ValueError):
            # One machine that cannot be judged must not hold up the others of its chunk.
            logger.exception("The machine of asset %s could not be judged.", one.asset)
            del machines[one.asset]
        else:
            machine.row.watermark = one.until
    awaiting.remember(machines.values())
    more = [w.asset for w in wanted if w.asset in machines and w.until < until[w.asset]]
    for pk, machine in machines.items():
        found += [] if pk in more else _silent(machine, at)
        keep_in(machine, at)
    save_anomalies(_last_of_each(found), at)
    _keep([machine.row for machine in machines.values()], at)
    return len(found), more


def _keep(rows: Sequence[MachineModel], at: datetime) -> None:
    """One statement for all, with the states as bytes."""
    marks = [row.watermark for row in rows]
    streams = [row.stream for row in rows]
    events = [json.dumps(row.open_event) for row in rows]
    awaited = [json.dumps(row.awaited) for row in rows]
    # Django's own cursors cannot send binary parameters.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_KEEP, [at, [row.pk for row in rows], marks, streams, events, awaited])


def _locked(asset_ids: Collection[int]) -> dict[int, Machine]:
    rows = (
        MachineModel.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(asset__in=asset_ids, status=MachineModel.Status.IN_USE)
        .order_by("asset_id")
    )
    found = {row.asset_id: row for row in rows}
    sensors = sensors_of(found.values())
    machines = {}
    for pk, row in found.items():
        try:
            machines[pk] = machine_of(row, sensors)
        except UnknownState:
            logger.info("The model of asset %s is of another version: it waits for a fit.", pk)
    return machines


def sensors_of(rows: Collection[MachineModel]) -> dict[int, Sensor]:
    """Those that the models judge or are set by, by id, also such as are not active any more."""
    ids = {pk for row in rows for pk in (*row.channels, *row.settings)}
    return Sensor.objects.select_related("asset__site").in_bulk(ids)


def machine_of(row: MachineModel, sensors: Mapping[int, Sensor]) -> Machine:
    """Raises `UnknownState` where the model is of another version."""
    own = {pk: sensors[pk] for pk in (*row.channels, *row.settings) if pk in sensors}
    model = AssetModel.from_bytes(bytes(row.model))
    stream = Stream.from_bytes(bytes(row.stream)) if row.stream else None
    return Machine(row, own, model, stream, Ongoing.from_json(row.open_event))


def keep_in(machine: Machine, at: datetime) -> None:
    """Write into the row what is in memory."""
    row = machine.row
    row.stream = machine.stream.to_bytes() if machine.stream else b""
    row.open_event, row.updated_at = machine.ongoing.to_json(), at


def judge_rows(machine: Machine, rows: Rows, stopped: Sequence[Window], line: float) -> list[Found]:
    """Move a machine's stream past the rows, in memory; returns its events.

    Rows while it was stopped are neither judged nor remembered. `line`: so many times the usual
    distance is an alarm; the model itself knows nothing of it.
    """
    ignored = queries.touched(stopped, rows.seconds, machine.row.step)
    scores = moved(machine, rows, ignored)
    scores = AssetScores(
        scores.score / line, scores.is_anomaly, scores.judged, scores.expected, scores.shares
    )
    values, settings = _split(machine.model, rows.values)
    rule = rule_for(machine.row.step.total_seconds())
    machine.ongoing, seen = sightings(
        machine.ongoing, machine.model, rows.seconds, values, settings, scores, rule
    )
    return [found for one in seen if (found := found_of(machine, one))]


def moved(machine: Machine, rows: Rows, ignored: Bools) -> AssetScores:
    """The scores of the rows; the machine's stream stands behind them."""
    values, settings = _split(machine.model, rows.values)
    machine.stream, scores = score_rows(
        machine.model, machine.stream, rows.seconds, values, settings, ignored
    )
    return scores


def _split(model: AssetModel, values: Floats) -> tuple[Floats, Floats]:
    channels = len(model.channels)
    return values[:, :channels], values[:, channels:]


def found_of(machine: Machine, one: Sighting) -> Found | None:
    """As an anomaly of the sensor that stands out most; None where that sensor is gone."""
    sensor = machine.sensors.get(_moved(machine, one))
    if sensor is None:
        return None
    names = queries.names_of(machine.sensors.values())
    return Found(
        sensor,
        one.event,
        detector=NAME,
        method=Method.MACHINE,
        text=explain_machine(one.event, one.contributions, names, sensor.asset.site.zone),
        contributions=as_json(one.contributions),
    )


def _moved(machine: Machine, one: Sighting) -> int:
    """The sensor of the anomaly: as the peak says, unless a person has closed it as another's."""
    sensor, before = int(one.channel), int(one.told_as or one.channel)
    if sensor == before or sensor not in machine.sensors:
        return before
    incidents.hold([machine.row.organization_id])
    told = Anomaly.objects.filter(
        sensor=before, method=Method.MACHINE, started_at=moment(one.event.start)
    )
    if told.filter(closed_at=None).update(sensor=sensor) or not told.exists():
        return sensor
    going_on = machine.ongoing.carried.event
    if going_on is not None and going_on.start == one.event.start:
        machine.ongoing = replace(machine.ongoing, channel=str(before), told_as=str(before))
    return before


def _silent(machine: Machine, at: datetime) -> list[Found]:
    """The end of what goes on, where no row has come for so long that it is over."""
    rule = rule_for(machine.row.step.total_seconds())
    if not is_silent(machine.ongoing.carried, at.timestamp(), rule):
        return []
    return ended(machine)


def ended(machine: Machine) -> list[Found]:
    """The end of what goes on, if anything does and its end was not told before."""
    machine.ongoing, one = over(machine.ongoing)
    found = found_of(machine, one) if one else None
    return [found] if found else []


def _split_closed(machines: Mapping[int, Machine], at: datetime) -> list[Found]:
    """Let go of events whose anomaly a person closed a day before: what goes on is a new one."""
    keys = {}
    for machine in machines.values():
        event = machine.ongoing.carried.event
        if event is not None:
            key = int(machine.ongoing.channel), Method.MACHINE.value, moment(event.start)
            keys[key] = machine
    found: list[Found] = []
    for key, anomaly in anomalies_at(keys).items() if keys else ():
        machine = keys[key]
        if _is_long_closed(anomaly, machine.row):
            found += ended(machine)
            carried = machine.ongoing.carried
            machine.ongoing = Ongoing(Carried(last_time=carried.last_time, gap=carried.gap))
    return found


def _is_long_closed(anomaly: Anomaly, row: MachineModel) -> bool:
    closed, mark = anomaly.closed_at, row.watermark
    return closed is not None and mark is not None and mark > closed + SPLIT_AFTER


def _last_of_each(found: Sequence[Found]) -> list[Found]:
    """One for each anomaly: what was told last holds."""
    return list({one.key: one for one in found}.values())
