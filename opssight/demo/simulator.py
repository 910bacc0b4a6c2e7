"""Readings of the demo plant as a function of the seed, the sensor and the time.

No value depends on another value, so any window gives the same readings as part of a longer one:
the loader makes 60 days at once, the beat task makes the last step, and a repeated step is equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from opssight.demo.catalog import EFFECTS, GROWTH, Effect, SensorType
from opssight.demo.noise import Floats, Ints, between, key_of, smooth, white
from opssight.demo.operation import STEP_SECONDS, Conditions, conditions, standing
from opssight.demo.plant import Asset, Plant
from opssight.demo.scenario import PERIOD, Fault, Scenario, Stop, faults, stops

# One gateway outage per site and month, in hours; the readings of that time never arrived.
_OUTAGE_HOURS = 1.5
_NO_EFFECT = Effect()


@dataclass(frozen=True)
class Readings:
    """Simulated values.

    times: datetime64[us] in UTC, shape (steps,).
    values: float64, shape (sensors, steps), rows in the order of `Plant.sensors`. NaN: no reading.
    """

    times: npt.NDArray[np.datetime64]
    values: Floats


def simulate(plant: Plant, scenario: Scenario, since: datetime, until: datetime) -> Readings:
    """Return the readings of every whole 10-minute step in [since, until).

    Raises ValueError for times without a time zone.
    """
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError("since and until need a time zone")
    first = -(-int(since.timestamp()) // STEP_SECONDS)
    last = -(-int(until.timestamp()) // STEP_SECONDS)
    seconds = np.arange(first, max(first, last), dtype=np.int64) * STEP_SECONDS
    times = (seconds * 1_000_000).astype("datetime64[us]")
    if not len(seconds):
        return Readings(times, np.empty((len(plant.sensors), 0)))

    all_faults, all_stops = faults(scenario, until), stops(scenario, until)
    rows: list[Floats] = []
    for asset in plant.assets:
        if not asset.sensors:
            continue
        mine = [fault for fault in all_faults if fault.tag == asset.tag]
        still = [stop for stop in all_stops if stop.tag == asset.tag]
        state = conditions(asset, scenario.seed, seconds, still)
        lost = _outage(scenario.seed, asset.site.code, seconds)
        for sensor in asset.sensors:
            values = _values(asset, sensor, scenario, seconds, state, mine, still)
            values[lost] = np.nan
            rows.append(values)
    return Readings(times, np.vstack(rows))


def _values(
    asset: Asset,
    sensor: SensorType,
    scenario: Scenario,
    seconds: Ints,
    state: Conditions,
    mine: Sequence[Fault],
    still: Sequence[Stop],
) -> Floats:
    """The readings of one sensor: healthy or faulty, then frozen where the sensor is stuck."""
    if sensor.counter:
        return _running_hours(sensor, scenario, seconds, still)
    values = _signal(asset, sensor, scenario.seed, seconds, state, mine)
    for fault in mine:
        if fault.mode == "stuck sensor" and fault.sensor == sensor.key:
            since, until = fault.start.timestamp(), fault.repaired.timestamp()
            before = np.array([int(since) // STEP_SECONDS * STEP_SECONDS], dtype=np.int64)
            then = conditions(asset, scenario.seed, before, still)
            frozen = _signal(asset, sensor, scenario.seed, before, then, mine)[0]
            values[(seconds >= since) & (seconds < until)] = frozen
    return values


def _signal(
    asset: Asset,
    sensor: SensorType,
    seed: int,
    seconds: Ints,
    state: Conditions,
    mine: Sequence[Fault],
) -> Floats:
    key = key_of(seed, asset.tag, sensor.key)
    step = seconds // STEP_SECONDS
    wander = 0.8 * sensor.noise * smooth(key ^ 1, seconds, 7_200)
    noise = sensor.noise * white(key, step)

    scale, shift, extra = np.ones(len(seconds)), np.zeros(len(seconds)), np.zeros(len(seconds))
    share = np.full(len(seconds), sensor.load)
    for fault in mine:
        severity = _severity(fault, seconds)
        effect = EFFECTS[fault.mode].get(sensor.key, _NO_EFFECT)
        scale *= 1.0 + (effect.scale - 1.0) * severity
        shift += effect.shift * severity
        extra += effect.noise * severity
        share *= 1.0 + (effect.follow - 1.0) * severity
    noise = noise + extra * white(key ^ 2, step)
    follow = 1.0 + share * (state.load / 0.8 - 1.0)

    outside = sensor.ambient * (state.ambient - asset.site.mean)
    if sensor.thermal:
        # Its heat comes from the machine: what is left after a stop fades to the outside.
        rise = (sensor.base - asset.site.mean) * follow + shift
        values = asset.site.mean + outside + rise * scale * state.warmth + wander + noise
        still = asset.site.mean + (state.ambient - asset.site.mean) * (1.0 - state.warmth)
        values = np.where(state.running, values, still + (values - asset.site.mean) * state.warmth)
    else:
        values = (sensor.base * follow * scale + shift + outside + wander + noise) * state.running
    values = np.round(values, sensor.decimals)
    return values if sensor.thermal else np.maximum(values, 0.0)


def _severity(fault: Fault, seconds: Ints) -> Floats:
    """How far the fault has grown, 0 to 1: 0 outside its time, 1 from the moment of failure."""
    start, failure = fault.start.timestamp(), fault.failure.timestamp()
    share = np.clip((seconds - start) / max(failure - start, 1.0), 0.0, 1.0)
    grown: Floats = np.where(seconds < fault.repaired.timestamp(), share ** GROWTH[fault.mode], 0.0)
    return grown


def _running_hours(
    sensor: SensorType, scenario: Scenario, seconds: Ints, still: Sequence[Stop]
) -> Floats:
    """A counter that stands while the machine stands; `base` is its value when the story begins.

    Counted from there, no stop of the future can change a reading of the past.
    """
    origin = int((scenario.anchor - PERIOD).timestamp())
    hours = (seconds - origin - standing(seconds, still)) / 3600.0
    return np.round(sensor.base + hours, 2)


def _outage(seed: int, site: str, seconds: Ints) -> npt.NDArray[np.bool_]:
    """Where the site's gateway was down: once in each 30 days, at a time of its own."""
    month = seconds // (30 * 86_400)
    lost = np.zeros(len(seconds), dtype=bool)
    for number in np.unique(month):
        start = number * 30 * 86_400 + between(0, 29 * 86_400, seed, "outage", site, int(number))
        lost |= (seconds >= start) & (seconds < start + _OUTAGE_HOURS * 3600)
    return lost
