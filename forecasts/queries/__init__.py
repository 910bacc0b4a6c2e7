from forecasts.queries.crossing import Crossing, chances_of_limit, crossing, crossings
from forecasts.queries.hourly import STEP, Signal, hourly_means, signals
from forecasts.queries.ranking import Ranked, ranking

__all__ = [
    "STEP",
    "Crossing",
    "Ranked",
    "Signal",
    "chances_of_limit",
    "crossing",
    "crossings",
    "hourly_means",
    "ranking",
    "signals",
]
