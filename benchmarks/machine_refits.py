#!/usr/bin/env python3
"""The detector of a machine as the product runs it: fitted anew each night, on what was ordinary.

    python -m benchmarks.machine_refits [--seeds N] [--unreviewed]

The simulated plant (see `simulated_plant`), 60 machines, 60 days: from the eighth day on each
machine's model is fitted every night on 28 days that end a week before. Left out are the stops with
the hours after them, what was found until then (nobody has said that it was a false alarm) and the
day before a failure. A model that does not help is not taken: the one before goes on. --unreviewed:
what was found is left out only after the failure has confirmed it. Then, with a data folder, the
run without faults of the Skoltech benchmark (SKAB), fitted anew every 1,000 rows. No database; a
minute.
"""

import argparse
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.multivariate.detector import score_rows
from anomalies.detectors.multivariate.fitting import UnfitBaseline
from anomalies.detectors.multivariate.model import AssetModel, Stream
from anomalies.detectors.multivariate.refitting import WARM_UP, learned_until, refit
from benchmarks.anomaly_assets import read
from benchmarks.simulated_plant import (
    DAY,
    ROWS,
    SENSORS,
    START,
    STEP,
    Machine,
    Tally,
    events,
    judged,
    plant,
)
from tests.data import data_folder

FIRST = 7 * DAY
WINDOW = 28 * DAY
TIMES = START + np.arange(ROWS, dtype=np.float64) * STEP


@dataclass
class Counted:
    fits: int = 0
    not_helpful: int = 0
    unfit: int = 0
    explained: list[float] = field(default_factory=list)
    seconds: float = 0.0


def by_night(machine: Machine, counted: Counted, *, waits: bool) -> NDArray[np.intp]:
    """Events of a machine; `waits`: until its failure nothing that was found is left out."""
    flags = np.zeros(ROWS, dtype=np.bool_)
    stopped = np.isnan(machine.values).all(axis=1)
    settling = np.convolve(stopped, np.ones(25), "full")[:ROWS] > 0
    model: AssetModel | None = None
    state: Stream | None = None
    for night in range(FIRST, ROWS, DAY):
        fresh = _learned(machine, night, flags, settling, counted, waits=waits)
        if fresh is not None:
            model, state = fresh, None
            before = slice(night - WARM_UP, night)
            state, _ = _scored(model, state, machine.values, before, settling)
        if model is not None:
            day = slice(night, min(night + DAY, ROWS))
            state, flags[day] = _scored(model, state, machine.values, day, settling)
    return events(flags)


def _scored(
    model: AssetModel, state: Stream | None, values: Floats, rows: slice, ignored: Bools
) -> tuple[Stream, Bools]:
    """The sensors of the plant all move: the columns are those of the model."""
    none = np.empty((len(values[rows]), 0))
    after, scores = score_rows(model, state, TIMES[rows], values[rows], none, ignored[rows])
    return after, scores.is_anomaly


def _learned(
    machine: Machine, night: int, flags: Bools, settling: Bools, counted: Counted, *, waits: bool
) -> AssetModel | None:
    end = int(learned_until(0.0, night * STEP) / STEP)
    first = max(end - WINDOW, 0)
    out = settling[first:end].copy()
    failure = machine.fault.failure if machine.fault else ROWS
    if not waits or night >= failure:
        out |= flags[first:end]
    if night >= failure:
        out[max(failure - DAY - first, 0) : max(failure - first, 0)] = True
    began = time.process_time()
    try:
        model, worth = refit(TIMES[first:end][~out], machine.values[first:end][~out], SENSORS)
    except UnfitBaseline:
        counted.unfit += 1
        return None
    finally:
        counted.seconds += time.process_time() - began
    counted.fits += 1
    counted.explained.append(worth.explained)
    counted.not_helpful += bool(worth.why_not)
    return None if worth.why_not else model


def without_faults() -> list[str]:
    """SKAB's run without faults: the share of flagged rows, model of the last 4,000 rows."""
    folder = data_folder()
    if folder is None:
        return ["No data folder: SKAB is left out."]
    run = read(folder / "skab" / "anomaly-free" / "anomaly-free.csv.gz")
    lines = []
    for every, window in ((0, 400), (0, 4000), (1000, 4000)):
        flagged, rows = 0, 0
        model, state = None, None
        for at in range(4000, len(run.values), 1000):
            if model is None or every:
                past = slice(at - window, at)
                model, _ = refit(run.times[past], run.values[past], run.channels)
                state = None
            columns = [run.channels.index(name) for name in model.channels]
            part = slice(at - WARM_UP if state is None else at, at + 1000)
            values = run.values[part][:, columns]
            none = np.empty((len(values), 0))
            state, scores = score_rows(model, state, run.times[part], values, none)
            new = scores.is_anomaly[-len(run.values[at : at + 1000]) :]
            flagged, rows = flagged + int(new.sum()), rows + len(new)
        how = f"anew every {every} rows" if every else "once"
        lines.append(f"    {window} rows, {how}: {100 * flagged / rows:.1f} % of {rows} flagged")
    return ["SKAB without faults, from row 4,000 on:", *lines]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--unreviewed", action="store_true")
    options = parser.parse_args()
    tally, counted = Tally(), Counted()
    for seed in range(1, options.seeds + 1):
        for machine in plant(seed):
            starts = by_night(machine, counted, waits=options.unreviewed)
            judged(tally, machine.fault, [starts])
    print("\n".join(tally.lines("Machine by machine, fitted every night", "machine")))
    print(
        f"    {counted.fits} fits, {counted.not_helpful} of them no help, {counted.unfit} refused;"
        f" explained {np.median(counted.explained):.2f} (median);"
        f" {1000 * counted.seconds / max(counted.fits, 1):.1f} ms each"
    )
    print("\n".join(without_faults()))


if __name__ == "__main__":
    main()
