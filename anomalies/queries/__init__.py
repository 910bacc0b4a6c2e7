from anomalies.queries.incidents import around, arrows_of
from anomalies.queries.scoring import in_chunks, sensors_to_score
from anomalies.queries.thresholds import thresholds, watches
from anomalies.queries.work import SETTLING, Work, work_on

__all__ = [
    "SETTLING",
    "Work",
    "around",
    "arrows_of",
    "in_chunks",
    "sensors_to_score",
    "thresholds",
    "watches",
    "work_on",
]
