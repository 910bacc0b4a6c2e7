"""The models of machines are made anew each night, of what was ordinary; a worse one is not taken.

One transaction for each asset. The same readings, labels and verdicts give the same model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from anomalies.detectors.base import Bools, UnknownState
from anomalies.detectors.multivariate import NAME
from anomalies.detectors.multivariate.fitting import UnfitBaseline
from anomalies.detectors.multivariate.model import AssetModel
from anomalies.detectors.multivariate.refitting import (
    WARM_UP,
    Helpfulness,
    learned_until,
    refit,
)
from anomalies.models import MachineModel
from anomalies.queries import machines as queries
from anomalies.queries import still
from anomalies.queries.machines import Rows, Wanted
from anomalies.services.machines import (
    Machine,
    ended,
    keep_in,
    machine_of,
    moved,
    sensors_of,
)
from anomalies.services.recording import moment, save_anomalies
from assets.models import Asset, Sensor
from assets.queries.uptime import within

KEPT = timedelta(days=28)
"""A model that no new one has replaced for so long is given up: it has aged."""

FEWEST = 2
"""Of fewer sensors there is no relation."""

ALONE = "Until a model helps, each sensor is watched by itself."

Status = MachineModel.Status


@dataclass(frozen=True, slots=True)
class _Learned:
    """What a night made of an asset; no model: `reason` says why."""

    rows: int
    start: float = 0.0
    end: float = 0.0
    model: AssetModel | None = None
    worth: Helpfulness | None = None
    reason: str = ""

    @property
    def why_not(self) -> str:
        return self.worth.why_not if self.worth else self.reason


def refit_machines(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Fit the model of each asset anew; returns how many are in use then."""
    return sum([_refit_one(pk, at) for pk in dict.fromkeys(asset_ids)])


@transaction.atomic
def _refit_one(asset_id: int, at: datetime) -> bool:
    asset = Asset.objects.select_related("site").get(pk=asset_id)
    sensors = queries.gauges_of([asset_id]).get(asset_id, [])
    if len(sensors) < FEWEST and not MachineModel.objects.filter(asset=asset).exists():
        return False
    MachineModel.objects.bulk_create(
        [MachineModel(organization_id=asset.organization_id, asset=asset, updated_at=at)],
        ignore_conflicts=True,
    )
    row = MachineModel.objects.select_for_update(of=("self",)).get(asset=asset)
    setting = queries.settings_of([sensor.pk for sensor in sensors])
    step = queries.step_of(sensors, at)
    wanted = Wanted(
        asset_id,
        tuple(sensor.pk for sensor in sensors),
        queries.floor(at - queries.KNOWN, step),
        queries.floor(at, step),
        step,
    )
    rows = queries.rows_of([wanted]).get(asset_id)
    learned = _learned(wanted, setting, rows, at)
    row.sensors = list(wanted.sensors)
    if rows and learned.model and learned.worth and not learned.why_not:
        _take(row, learned, learned.model, learned.worth, wanted, rows, at)
    elif row.status == Status.IN_USE and _may_stay(row, sensors, at):
        row.reason = f"The last model stays: a new one was not taken. {learned.why_not}"
    else:
        _give_up(row, learned, at)
    row.updated_at = at
    row.save()
    return row.status == Status.IN_USE


def _learned(wanted: Wanted, setting: Iterable[int], rows: Rows | None, at: datetime) -> _Learned:
    if rows is None or len(wanted.sensors) < FEWEST:
        return _Learned(0, reason=_too_few(len(wanted.sensors)))
    ordinary = queries.ordinary(wanted.asset, wanted.since, at)
    vouched = within(ordinary.vouched, rows.seconds)
    until = learned_until(float(rows.seconds[0]), at.timestamp())
    fine = ordinary.fine(rows.seconds, until, wanted.step)
    names = [str(pk) for pk in wanted.sensors]
    settings = [name for name in names if int(name) in set(setting)]
    learned = _fitted(rows, fine, names, settings, vouched)
    if learned.why_not and vouched.any():
        # What a person calls ordinary may be a new way of running, which the old one contradicts.
        lately = fine & (rows.seconds >= max(start for start, _ in ordinary.vouched))
        since = _fitted(rows, lately, names, settings)
        learned = learned if since.why_not else since
    return learned


def _fitted(
    rows: Rows,
    fine: Bools,
    names: Sequence[str],
    settings: Sequence[str],
    vouched: Bools | None = None,
) -> _Learned:
    seconds = rows.seconds[fine]
    try:
        model, worth = refit(
            seconds,
            rows.values[fine],
            names,
            settings,
            None if vouched is None else vouched[fine],
        )
    except UnfitBaseline as error:
        return _Learned(len(seconds), reason=str(error))
    return _Learned(len(seconds), float(seconds[0]), float(seconds[-1]), model, worth)


def _too_few(sensors: int) -> str:
    if sensors < FEWEST:
        return (
            "A machine is judged as a whole by two gauges at least; of this asset"
            f" {'one is' if sensors else 'none is'} active and sending. Connect another one."
        )
    return "There are no readings of the last five weeks to learn from."


def _take(
    row: MachineModel,
    learned: _Learned,
    model: AssetModel,
    worth: Helpfulness,
    wanted: Wanted,
    rows: Rows,
    at: datetime,
) -> None:
    """Use the new model from where the one before had come, or from now on."""
    known = row.watermark if row.status == Status.IN_USE else None
    mark = queries.floor(known or wanted.until, wanted.step)
    row.watermark = mark
    row.status, row.reason, row.version = Status.IN_USE, "", NAME
    row.channels = [int(name) for name in model.channels]
    row.settings = [int(name) for name in model.settings]
    row.step, row.fitted_at = wanted.step, at
    row.window_start, row.window_end = moment(learned.start), moment(learned.end) + wanted.step
    row.rows = learned.rows
    row.figures = {
        "held_out": worth.rows,
        "flagged": round(worth.flagged, 5),
        "explained": round(worth.explained, 4),
    }
    row.model, row.stream = model.to_bytes(), b""
    machine = machine_of(row, sensors_of([row]))
    _warm_up(machine, rows, wanted.sensors, mark)
    keep_in(machine, at)


def _warm_up(machine: Machine, rows: Rows, sensors: Sequence[int], mark: datetime) -> None:
    """Let the stream of a new model see the last rows before those that it is to judge."""
    end = int(np.searchsorted(rows.seconds, mark.timestamp()))
    part = slice(max(end - WARM_UP, 0), end)
    columns = [sensors.index(pk) for pk in machine.columns]
    before = Rows(rows.seconds[part], rows.values[part][:, columns])
    if not len(before.seconds):
        return
    stopped = still([machine.row.asset_id], moment(float(before.seconds[0])))
    windows = stopped.get(machine.row.asset_id, [])
    moved(machine, before, queries.touched(windows, before.seconds, machine.row.step))


def _may_stay(row: MachineModel, sensors: Sequence[Sensor], at: datetime) -> bool:
    """Not aged, of this version, and with two of its sensors at least."""
    there = {sensor.pk for sensor in sensors}
    is_young = row.fitted_at is not None and at - row.fitted_at <= KEPT
    return is_young and row.version == NAME and len(there.intersection(row.channels)) >= FEWEST


def _give_up(row: MachineModel, learned: _Learned, at: datetime) -> None:
    """Without a model; what goes on is over, for nobody watches it any more."""
    if row.status == Status.IN_USE:
        try:
            save_anomalies(ended(machine_of(row, sensors_of([row]))), at)
        except UnknownState:
            row.open_event = None
    row.status = Status.NOT_HELPFUL if learned.worth else Status.LEARNING
    row.reason = f"{learned.why_not} {ALONE}" if learned.worth else learned.why_not
    row.channels, row.settings, row.rows = [], [], learned.rows
    row.figures, row.awaited, row.model, row.stream = {}, {}, b"", b""
    row.open_event = row.fitted_at = row.window_start = row.window_end = row.watermark = None
    row.waiting_since = None
    row.version = ""
