from anomalies.queries.incidents import around, arrows_of
from anomalies.queries.scoring import (
    chunks_to_score,
    in_chunks,
    learning,
    sensors_to_score,
    times_before,
)
from anomalies.queries.thresholds import thresholds, watches
from anomalies.queries.work import Work, still, work_on

__all__ = [
    "Work",
    "around",
    "arrows_of",
    "chunks_to_score",
    "in_chunks",
    "learning",
    "sensors_to_score",
    "still",
    "thresholds",
    "times_before",
    "watches",
    "work_on",
]
