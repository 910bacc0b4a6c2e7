"""Judge a range of a machine's past again, or from its earliest late reading on.

By the model of today. One transaction for each asset: whoever is killed has changed nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max, Min, Q
from django.db.models.functions import Greatest

from anomalies.detectors.base import UnknownState
from anomalies.detectors.multivariate.refitting import WARM_UP
from anomalies.detectors.multivariate.sightings import Ongoing
from anomalies.models import Anomaly, AnomalyQuerySet, LateReadings, MachineModel
from anomalies.queries import machines as queries
from anomalies.queries import still
from anomalies.queries.machines import Wanted
from anomalies.services import incidents
from anomalies.services.machines import Machine, judge_rows, keep_in, machine_of, sensors_of
from anomalies.services.recording import Found, Method, moment
from anomalies.services.rescoring import (
    REACH,
    Begun,
    Rescored,
    going_on_already,
    replace_anomalies,
)

AT_A_TIME = 20_000
"""Rows."""

BEFORE = 4 * WARM_UP
"""Rows before the range that the stream sees: what it remembers of earlier ones is nothing."""

BEYOND = 1_000
"""Rows at a time after the range, until the anomaly that is open at its end is over."""


@dataclass(slots=True)
class _Walk:
    """A machine's way through its past: a stream that begins anew, and what it met."""

    machine: Machine
    line: float
    mark: datetime
    rows: int = 0
    found: dict[Begun, Found] = field(default_factory=dict)

    @property
    def goes_on(self) -> bool:
        return self.machine.ongoing.carried.event is not None

    def go(self, until: datetime, at_a_time: int = AT_A_TIME) -> None:
        """Judge the next rows, up to then at most."""
        asset, step = self.machine.row.asset_id, self.machine.row.step
        end = min(until, self.mark + at_a_time * step)
        wanted = Wanted(asset, self.machine.columns, self.mark, end, step)
        rows = queries.rows_of([wanted]).get(asset)
        if rows is not None:
            stopped = still([asset], self.mark).get(asset, [])
            for one in judge_rows(self.machine, rows, stopped, self.line):
                self.found[one.method.value, moment(one.event.start)] = one
            self.rows += len(rows.seconds)
        self.mark = end


@transaction.atomic
def rescore_machine(
    *, asset_id: int, start: datetime, end: datetime, at: datetime, dry_run: bool = False
) -> Rescored:
    """Replace the machine's anomalies from `start` until `end` by what is found there now.

    From the begin of what goes on at `start`. What was touched stays, and nothing is put beside
    it. Nothing is done where no model is in use. `dry_run`: do it all, and undo it.
    """
    machine = _locked(asset_id)
    if machine is None or machine.row.watermark is None:
        return Rescored()
    row, watermark, step = machine.row, machine.row.watermark, machine.row.step
    # Until the end of the row in which it lies.
    until = min(queries.floor(end, step) + step, watermark)
    own = Anomaly.objects.filter(asset=asset_id, method=Method.MACHINE)
    start = queries.floor(_begun(own, start), step)
    if until <= start:
        return Rescored()
    incidents.hold([row.organization_id])
    machine.stream, machine.ongoing = None, Ongoing()
    walk = _Walk(machine, queries.lines([asset_id], at)[asset_id], start - BEFORE * step)
    walk.go(start)
    walk.rows = 0
    while walk.mark < until:
        walk.go(until)
    rows = walk.rows
    while walk.goes_on and walk.mark < watermark:
        walk.go(watermark, BEYOND)
    found = {one: what for one, what in walk.found.items() if start <= one[1] < until}
    there = own.filter(started_at__gte=start, started_at__lt=until)
    answer = replace_anomalies(there, found, rows, at)
    if until == watermark:
        _take_over(machine, own, at)
    if dry_run:
        transaction.set_rollback(True)
    return answer


def _locked(asset_id: int) -> Machine | None:
    """None: without a model, or with one of another version, which waits for a fit."""
    rows = MachineModel.objects.select_for_update(of=("self",))
    row = rows.filter(asset=asset_id, status=MachineModel.Status.IN_USE).first()
    if row is None:
        return None
    try:
        return machine_of(row, sensors_of([row]))
    except UnknownState:
        return None


def _begun(own: AnomalyQuerySet, start: datetime) -> datetime:
    """When what goes on at `start` began."""
    going_on = own.filter(Q(ended_at=None) | Q(ended_at__gte=start), started_at__lt=start)
    first: datetime | None = going_on.aggregate(first=Min("started_at"))["first"]
    return first or start


def _take_over(machine: Machine, own: AnomalyQuerySet, at: datetime) -> None:
    """Judging goes on from here; an anomaly that it does not know of is over."""
    carried = machine.ongoing.carried
    event = carried.event
    if event is not None and (row := going_on_already(own, event)):
        event = replace(event, start=row.started_at.timestamp())
        carried = replace(carried, event=event)
        machine.ongoing = replace(machine.ongoing, carried=carried, told_as=str(row.sensor_id))
    forgotten = own.filter(ended_at=None)
    if event is not None:
        forgotten = forgotten.exclude(started_at=moment(event.start))
    rows = list(forgotten)
    forgotten.update(ended_at=Greatest(F("peak_at"), F("started_at")))
    incidents.group(rows)
    keep_in(machine, at)
    machine.row.save(update_fields=["stream", "open_event", "updated_at"])


@transaction.atomic
def score_late_machine(*, asset_id: int, at: datetime) -> bool:
    """Judge a machine again from its earliest late reading on; whether there was one.

    Rows that the model has learned from are not judged by it. What is remembered of it goes in the
    same transaction: killed in between, it is done anew.
    """
    machine = _locked(asset_id)
    rows = LateReadings.objects.filter(sensor__asset=asset_id, is_for_machine=True)
    known = rows.aggregate(since=Min("since"), last=Max("pk"))
    if machine is None or machine.row.watermark is None or known["since"] is None:
        rows.delete()
        return False
    earliest = [known["since"], machine.row.watermark - REACH]
    if machine.row.window_end is not None:
        earliest.append(machine.row.window_end)
    rescore_machine(asset_id=asset_id, start=max(earliest), end=at, at=at)
    rows.filter(pk__lte=known["last"]).delete()
    return True
