#!/usr/bin/env python3
"""Faults of every kind on a simulated plant: found before the failure, how early, at what price.

    python -m benchmarks.simulated_plant [--seed N] [--seeds N]

240 sensors on 60 machines, 60 days at 10 minutes. 48 machines have one fault, six of each kind,
which ends in a failure after 3 to 8 days; 12 have none. A fault is found when an event of a sensor
that shows it begins between its start and its failure. Every other event is a false alarm, also
one of another sensor meanwhile, but for those in the day after a failure and in the first week,
when everything is new. Sensor by sensor, events are those of the product; machine by machine,
flagged rows less than 12 hours apart are one. No database; half a minute.
"""

import argparse
import time
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Floats
from anomalies.detectors.events import Carried, events_in
from anomalies.detectors.multivariate.detector import score_rows
from anomalies.detectors.multivariate.fitting import fit
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank

STEP = 600.0
DAY = int(86_400 / STEP)
DAYS = 60
ROWS = DAYS * DAY
MACHINES = 60
SENSORS = ("temperature", "vibration", "pressure", "current")
START = 1_780_272_000.0
EARLIEST = 21 * DAY
WARM_UP = 7 * DAY
SETTLING = DAY
TRAINING = 14 * DAY
ONE_EVENT = DAY // 2
MONTH = 30.0


class Kind(StrEnum):
    SPIKES = "spike train"
    STEP = "step"
    DRIFT = "drift"
    VARIANCE = "variance growth"
    SEASON = "seasonal break"
    STUCK = "stuck low"
    TOGETHER = "several sensors together"
    LOAD = "under load only"


@dataclass(frozen=True)
class Fault:
    kind: Kind
    sensor: int
    start: int
    failure: int


@dataclass(frozen=True)
class Machine:
    """`values` (ROWS, 4), NaN while it stands still after the failure."""

    values: Floats
    fault: Fault | None


@dataclass
class Tally:
    """Of one way of detecting; leads in hours by kind of fault, NaN where it was not found."""

    leads: dict[Kind, list[float]] = field(default_factory=dict)
    outside: int = 0
    watched_days: float = 0.0
    fault_days: float = 0.0

    def lines(self, name: str, unit: str) -> list[str]:
        every = np.array([lead for leads in self.leads.values() for lead in leads])
        rate = self.outside / self.watched_days * MONTH
        lucky = 1 - np.exp(-rate / MONTH * self.fault_days / len(every))
        lines = [
            f"{name}: {_found(every)}, {rate:.2f} false alarms per {unit} and month "
            f"({self.outside} in all; so many alone would meet {100 * lucky:.0f} % of faults)"
        ]
        lines += [f"    {kind:26s} {_found(np.array(self.leads[kind]))}" for kind in self.leads]
        return lines


def _found(leads: Floats) -> str:
    known = leads[np.isfinite(leads)]
    lead = f"median lead {np.median(known):5.1f} h" if len(known) else "none in time"
    return f"recall {len(known) / len(leads):.2f} ({len(known)}/{len(leads)}), {lead}"


def plant(seed: int) -> list[Machine]:
    """60 machines, the same for the same seed."""
    rng = np.random.default_rng(seed)
    kinds = [*list(Kind) * 6, *[None] * (MACHINES - 6 * len(Kind))]
    return [_machine(rng, kind) for kind in kinds]


def _machine(rng: np.random.Generator, kind: Kind | None) -> Machine:
    load = _load(rng)
    noise = np.column_stack([_noise(rng) for _ in SENSORS])
    hour = np.arange(ROWS) / DAY * 2 * np.pi
    weather = np.outer(np.sin(hour - rng.uniform(0, 2 * np.pi)), rng.uniform(0, 2, len(SENSORS)))
    gain = rng.uniform(1.0, 5.0, len(SENSORS)) * rng.choice([-1, 1], len(SENSORS))
    regular = np.outer(load, gain) + weather
    values = regular + noise
    fault = None
    if kind is not None:
        start = int(rng.integers(EARLIEST, ROWS - 12 * DAY))
        fault = Fault(kind, int(rng.integers(len(SENSORS))), start, 0)
        fault = Fault(kind, fault.sensor, start, start + int(rng.integers(3 * DAY, 8 * DAY)))
        values = _spoiled(rng, fault, values, regular, load)
    unit = 10.0 ** rng.uniform(-1, 2, len(SENSORS))
    values = (values + rng.uniform(10, 60, len(SENSORS))) * unit
    if fault is not None:
        values[fault.failure : fault.failure + SETTLING // 4] = np.nan
    return Machine(values, fault)


def _load(rng: np.random.Generator) -> Floats:
    """Between 0 and 1: steady, by day and night, or by shifts with a free weekend."""
    at = np.arange(ROWS)
    shape = rng.integers(3)
    if shape == 0:
        base = np.full(ROWS, 0.7)
    elif shape == 1:
        base = 0.5 + 0.3 * np.sin((at / DAY - rng.uniform()) * 2 * np.pi)
    else:
        working = ((at // (DAY // 24) % 24 >= 6) & (at // (DAY // 24) % 24 < 22)) & (
            at // DAY % 7 < 5
        )
        base = np.where(working, 0.8, 0.2)
    return np.clip(base + 0.08 * _noise(rng, 0.95), 0.0, 1.0)


def _noise(rng: np.random.Generator, memory: float = 0.6) -> Floats:
    """Standard deviation 1, correlated from row to row."""
    white = rng.normal(0, np.sqrt(1 - memory**2), ROWS)
    noise = np.empty(ROWS)
    level = rng.normal()
    for i in range(ROWS):
        level = memory * level + white[i]
        noise[i] = level
    return noise


def _spoiled(
    rng: np.random.Generator, fault: Fault, values: Floats, regular: Floats, load: Floats
) -> Floats:
    """The values with the fault in them; sizes are in standard deviations of the noise."""
    span = slice(fault.start, fault.failure)
    n = fault.failure - fault.start
    progress = np.linspace(0.0, 1.0, n)
    side = rng.choice([-1.0, 1.0])
    one = values[span, fault.sensor].copy()
    size = rng.uniform(0.8, 1.2)
    pushed = {
        Kind.SPIKES: side * size * 10 * (rng.random(n) < 0.01 + 0.04 * progress),
        Kind.STEP: np.full(n, side * size * 6),
        Kind.DRIFT: side * size * 10 * progress,
        Kind.VARIANCE: (one - regular[span, fault.sensor]) * 4 * size * progress,
        Kind.SEASON: 5 * size * np.sin(np.arange(n) / DAY * 2 * np.pi * 3),
        Kind.STUCK: values[:, fault.sensor].min() - 1.0 - one,
        Kind.LOAD: side
        * size
        * 8
        * progress
        * np.maximum(load[span] - load.mean(), 0)
        / load.std(),
    }
    one += pushed.get(fault.kind, np.zeros(n))
    values = values.copy()
    values[span, fault.sensor] = one
    if fault.kind is Kind.TOGETHER:
        sides = rng.choice([-1.0, 1.0], len(SENSORS))
        values[span] += np.outer(np.minimum(progress * 3, 1.0), sides * size * 3.5)
    return values


def events(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where each event begins: flagged rows more than 12 hours after the flagged one before."""
    rows = np.flatnonzero(flags)
    return rows[np.diff(rows, prepend=-ROWS) > ONE_EVENT]


def judged(tally: Tally, fault: Fault | None, starts: list[NDArray[np.intp]]) -> None:
    """Count one machine; `starts` of the events of each of its sensors, or of all together."""
    tally.watched_days += len(starts) * (ROWS - WARM_UP) / DAY
    every = np.concatenate(starts)
    if fault is None:
        tally.outside += int((every >= WARM_UP).sum())
        return
    tally.fault_days += (fault.failure - fault.start) / DAY
    of_sensor = np.repeat(np.arange(len(starts)), [len(one) for one in starts])
    concerned = (of_sensor == fault.sensor) | (fault.kind is Kind.TOGETHER) | (len(starts) == 1)
    during = (every >= fault.start) & (every < fault.failure) & concerned
    after = (every >= fault.failure) & (every < fault.failure + SETTLING)
    tally.outside += int(((every >= WARM_UP) & ~during & ~after).sum())
    first = every[during].min() if during.any() else np.nan
    lead = (fault.failure - first) * STEP / 3600
    tally.leads.setdefault(fault.kind, []).append(float(lead))


def by_sensor(machines: list[Machine]) -> tuple[list[list[NDArray[np.intp]]], float]:
    """Events of each sensor of each machine by the streaming engine, and points a second."""
    values = np.hstack([machine.values for machine in machines])
    times = START + np.arange(ROWS, dtype=np.float64) * STEP
    which = np.tile(np.arange(values.shape[1]), ROWS)
    judge(blank(1), np.zeros(1, dtype=np.intp), times[:1], values[0, :1])
    began = time.process_time()
    found = judge(blank(values.shape[1]), which, np.repeat(times, values.shape[1]), values.ravel())
    rate = values.size / (time.process_time() - began)
    size = len(SENSORS)
    starts = []
    for i in range(values.shape[1]):
        _, of_sensor = events_in(Carried(), times, found.of(slice(i, None, values.shape[1])))
        begun = np.array([event.start for event in of_sensor])
        starts.append(np.searchsorted(times, begun))
    return [starts[i * size : (i + 1) * size] for i in range(len(machines))], rate


def by_machine(machine: Machine) -> NDArray[np.intp]:
    """Events of a machine by the model of its first two weeks."""
    times = START + np.arange(ROWS, dtype=np.float64) * STEP
    model = fit(times[:TRAINING], machine.values[:TRAINING], SENSORS)
    rest = slice(TRAINING - 2, None)
    values = machine.values[rest]
    _, scores = score_rows(model, None, times[rest], values, np.empty((len(values), 0)))
    return events(np.concatenate([np.zeros(TRAINING - 2, dtype=np.bool_), scores.is_anomaly]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="so many plants, one after the other")
    options = parser.parse_args()
    sensors, whole = Tally(), Tally()
    for seed in range(options.seed, options.seed + options.seeds):
        machines = plant(seed)
        starts, rate = by_sensor(machines)
        for machine, of_machine in zip(machines, starts, strict=True):
            judged(sensors, machine.fault, of_machine)
            judged(whole, machine.fault, [by_machine(machine)])
    print("Targets: recall 0.9, median lead 24 h, at most 1 false alarm per sensor and month")
    print("\n".join(sensors.lines("Sensor by sensor, no training", "sensor")))
    print(f"    {rate:,.0f} points/s of one core, 240 sensors in one call")
    print("\n".join(whole.lines("Machine by machine, two weeks of training", "machine")))


if __name__ == "__main__":
    main()
