"""How often slow trends are seen in noise, and how steep one must be: `make bench-trends`.

Noise is AR(1) around a constant, one figure a day, as nights of a year see it. An alarm is counted
once as long as nights after each other, with gaps of up to 30 days, see the same direction.
Standard deviations are those of the noise itself.
"""

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from anomalies.trends.slow import LONGEST, slow_changes

Floats = NDArray[np.float64]
NIGHTS = 365
SAME_FOR = 30
CORRELATIONS = (0.0, 0.3, 0.6, 0.8, 0.9)
SLOPES = (0.5, 1.0, 2.0, 3.0)
STEPS = (1.0, 2.0, 3.0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sensors", type=int, default=200)
    options.add_argument("--nights-apart", type=int, default=1)
    chosen = options.parse_args()
    rng = np.random.default_rng(6)
    print("correlation  false alarms   share of series found within 90 days (median days)")
    print("of days      sensor-year    " + "".join(_heads()))
    began = time.process_time()
    nights = 0
    for correlation in CORRELATIONS:
        quiet = noise(rng, chosen.sensors, LONGEST + NIGHTS, correlation)
        alarms = sum(counted(quiet, chosen.nights_apart))
        nights += chosen.sensors * NIGHTS // chosen.nights_apart
        line = f"{correlation:11.1f}  {alarms / chosen.sensors:12.3f}   "
        for kind, size in [*(("slope", s) for s in SLOPES), *(("step", s) for s in STEPS)]:
            share, delay = found_in(rng, chosen.sensors, correlation, kind, size)
            line += f"{share:6.0%} ({delay:3.0f}) "
            nights += chosen.sensors * 30
        print(line, flush=True)
    spent = time.process_time() - began
    print(f"{nights / spent:,.0f} series a second of processor time")


def noise(rng: np.random.Generator, sensors: int, days: int, correlation: float) -> Floats:
    """AR(1) of standard deviation 1, with a weekday that is otherwise."""
    out = np.empty((sensors, days))
    out[:, 0] = rng.normal(size=sensors)
    for day in range(1, days):
        fresh = rng.normal(size=sensors) * np.sqrt(1 - correlation**2)
        out[:, day] = correlation * out[:, day - 1] + fresh
    out[:, ::7] += 2.0
    return out


def counted(levels: Floats, apart: int) -> list[int]:
    """Alarms of each series."""
    alarms = np.zeros(len(levels), dtype=np.int64)
    last = np.full((2, len(levels)), -np.inf)
    for night in range(LONGEST, levels.shape[1], apart):
        found = slow_changes(levels[:, night - LONGEST : night], night % 7)
        for side, is_side in enumerate((found.is_up, ~found.is_up)):
            seen = (found.score >= 1) & is_side
            alarms += seen & (night - last[side] > SAME_FOR)
            last[side][seen] = night
    return [int(count) for count in alarms]


def found_in(
    rng: np.random.Generator, sensors: int, correlation: float, kind: str, size: float
) -> tuple[float, float]:
    """Share of series whose change (sigma a month, or sigma at once) is found, and after how many
    days."""
    levels = noise(rng, sensors, 2 * LONGEST, correlation)
    since = np.maximum(np.arange(2 * LONGEST) - LONGEST, 0)
    levels += size * (since / 30.0 if kind == "slope" else since > 0)
    delay = np.full(sensors, np.nan)
    for night in range(LONGEST + 3, 2 * LONGEST + 1, 3):
        found = slow_changes(levels[:, night - LONGEST : night], night % 7)
        fresh = (found.score >= 1) & found.is_up & np.isnan(delay)
        delay[fresh] = night - LONGEST
    known = np.isfinite(delay)
    return float(known.mean()), float(np.median(delay[known])) if known.any() else np.nan


def _heads() -> list[str]:
    slopes = [f"{size:g} s/month   " for size in SLOPES]
    return [*slopes, *(f"step {size:g} s   " for size in STEPS)]


if __name__ == "__main__":
    main()
