from forecasts.queries.crossing import Crossing, crossing
from forecasts.queries.hourly import STEP, Signal, hourly_means, signals
from forecasts.queries.ranking import Ranked, ranking

__all__ = [
    "STEP",
    "Crossing",
    "Ranked",
    "Signal",
    "crossing",
    "hourly_means",
    "ranking",
    "signals",
]
