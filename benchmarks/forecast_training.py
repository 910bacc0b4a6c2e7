#!/usr/bin/env python3
"""How long the model of many series takes to be learned and asked, and how much memory.

    python -m benchmarks.forecast_training [--series N] [--steps N]

Made-up hourly series with a day, a week and a wandering level. Prints seconds, series per second
(also with the choice between model and simple methods) and the largest memory of the process. No
database.
"""

import argparse
import resource
import time

import numpy as np

from forecasts.forecasters.base import Floats
from forecasts.forecasters.rows import Shape
from forecasts.forecasters.selection import forecast_by
from forecasts.forecasters.training import train

SHAPE = Shape(steps=48, season=24, long=168)
ASKED = 1000


def panel(series: int, steps: int) -> list[Floats]:
    random = np.random.default_rng(1)
    at = np.arange(steps)
    day = np.sin(at * 2 * np.pi / 24)
    weekday = np.where((at // 24) % 7 < 5, 1.0, 0.3)
    return [
        random.normal(50, 20)
        + random.uniform(1, 9) * (day * weekday + random.normal(0, 0.3, steps))
        + np.cumsum(random.normal(0, 0.1, steps))
        for _ in range(series)
    ]


def memory() -> float:
    """The largest memory of the process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    histories = panel(options.series, options.steps)
    print(f"{options.series} series of {options.steps} steps: {memory():.2f} GB before training")
    processor, clock = time.process_time(), time.perf_counter()
    trained = train(histories, SHAPE)
    processor, clock = time.process_time() - processor, time.perf_counter() - clock
    print(
        f"training     {clock:.1f} s by the clock, {processor:.1f} s of processors"
        "   must 60, aim 20 (1,000 x 2,000)"
    )
    asked = histories[:ASKED]
    processor = time.process_time()
    trained.model.forecast(asked)
    print(
        f"prediction   {len(asked) / (time.process_time() - processor):.0f} series/s"
        "   must 300, aim 600"
    )
    processor = time.process_time()
    forecast_by(trained.model, asked, learned_from=len(histories))
    print(f"with choice  {len(asked) / (time.process_time() - processor):.0f} series/s")
    print(f"memory       {memory():.2f} GB at most   must 1.5 (10,000 series)")


if __name__ == "__main__":
    main()
