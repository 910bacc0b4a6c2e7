"""How the demo plant runs: load by the clock and the week, weather, standstill and warmth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from opssight.demo.noise import Floats, Ints, key_of, smooth
from opssight.demo.plant import Asset, Site
from opssight.demo.scenario import STEP, Stop

STEP_SECONDS = int(STEP.total_seconds())
# Time constants in seconds. A machine under load warms up faster than it cools in still air: its
# bearings are steady after some three hours, within the settling time of the detectors.
_WARMING = 0.75 * 3600
_COOLING = 2.5 * 3600
_HOUR, _DAY, _YEAR = 3600, 86_400, 365.25 * 86_400
_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday; Monday is 0.


@dataclass(frozen=True)
class Conditions:
    """What one asset lives through, per step: load (0.8 is normal), outside °C, running, warmth.

    warmth: 1 at working temperature, 0 when it has cooled down.
    """

    load: Floats
    ambient: Floats
    running: npt.NDArray[np.bool_]
    warmth: Floats


def conditions(asset: Asset, seed: int, seconds: Ints, still: Sequence[Stop]) -> Conditions:
    """Return the conditions of an asset at each of `seconds` (UTC epoch)."""
    local = seconds + _offset(asset.site.time_zone, seconds)
    ambient = _ambient(asset.site, seed, seconds, local)
    load = _rhythm(asset, local, ambient)
    load = load + 0.025 * smooth(key_of(seed, asset.parent, "load"), seconds, 6 * _HOUR)
    load = load + 0.012 * smooth(key_of(seed, asset.tag, "load"), seconds, 2 * _HOUR)
    running = np.ones(len(seconds), dtype=bool)
    warmth = np.ones(len(seconds))
    for stop in still:
        start, end = stop.start.timestamp(), stop.end.timestamp()
        running &= (seconds < start) | (seconds >= end)
        cooling = np.exp(-np.clip(np.minimum(seconds, end) - start, 0, None) / _COOLING)
        heating = np.exp(-np.clip(seconds - end, 0, 10 * _DAY) / _WARMING)
        warmth *= 1.0 - (1.0 - cooling) * heating
    return Conditions(load=load, ambient=ambient, running=running, warmth=warmth)


def standing(seconds: Ints, still: Sequence[Stop]) -> Floats:
    """Return the seconds of all standstill before each time."""
    total = np.zeros(len(seconds))
    for stop in still:
        start, end = stop.start.timestamp(), stop.end.timestamp()
        total += np.clip(seconds, start, end) - start
    return total


def _rhythm(asset: Asset, local: Ints, ambient: Floats) -> Floats:
    hour = local % _DAY / _HOUR
    weekend = (local // _DAY + _EPOCH_WEEKDAY) % 7 >= 5
    if asset.rhythm == "two shifts":
        # Ramps of an hour around 6:00 and 22:00, and a lighter program at the weekend.
        day = np.clip(hour - 5.5, 0, 1) * np.clip(22.5 - hour, 0, 1)
        return 0.56 + 0.30 * day - 0.06 * weekend
    warm_noon = 0.04 * np.sin(2 * np.pi * (hour - 9.0) / 24.0)
    if asset.rhythm == "weather":
        return 0.78 + warm_noon + 0.012 * np.clip(ambient - asset.site.mean, -12, 12)
    return 0.82 + 0.8 * warm_noon - 0.02 * weekend


def _ambient(site: Site, seed: int, seconds: Ints, local: Ints) -> Floats:
    """Outside temperature in °C: season, time of day, and weather that changes over days."""
    season = -np.cos(2 * np.pi * (seconds % _YEAR) / _YEAR - 0.35)
    day = np.sin(2 * np.pi * (local % _DAY / _DAY - 0.375))
    weather = smooth(key_of(seed, site.code, "weather"), seconds, 3 * _DAY)
    celsius: Floats = site.mean + site.season * season + site.day * day + site.weather * weather
    return celsius


def _offset(time_zone: str, seconds: Ints) -> Ints:
    """Seconds to add to UTC for local time. Zones change on whole hours, so one look per hour."""
    zone = ZoneInfo(time_zone)
    hours, place = np.unique(seconds // _HOUR, return_inverse=True)
    offsets = [
        datetime.fromtimestamp(int(hour) * _HOUR, UTC).astimezone(zone).utcoffset()
        for hour in hours
    ]
    looked = np.array([int(o.total_seconds()) if o else 0 for o in offsets], dtype=np.int64)
    return looked[place]
