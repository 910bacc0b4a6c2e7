from anomalies.queries.incidents import around, arrows_of
from anomalies.queries.scoring import in_chunks, sensors_to_score
from anomalies.queries.thresholds import thresholds, watches

__all__ = ["around", "arrows_of", "in_chunks", "sensors_to_score", "thresholds", "watches"]
