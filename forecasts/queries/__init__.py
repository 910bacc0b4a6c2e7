from forecasts.queries.ahead import LimitAhead, limits_ahead
from forecasts.queries.crossing import (
    Crossing,
    chances_of_limit,
    crossing,
    crossings,
    running_values,
)
from forecasts.queries.hourly import STEP, Signal, hourly_means, signals
from forecasts.queries.ranking import Cell, Ranked, cells, counts, ranking

__all__ = [
    "STEP",
    "Cell",
    "Crossing",
    "LimitAhead",
    "Ranked",
    "Signal",
    "cells",
    "chances_of_limit",
    "counts",
    "crossing",
    "crossings",
    "hourly_means",
    "limits_ahead",
    "ranking",
    "running_values",
    "signals",
]
