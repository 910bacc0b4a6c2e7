from anomalies.services.review import AnomalyClosed, review
from anomalies.services.scoring import end_silent, score_sensors

__all__ = ["AnomalyClosed", "end_silent", "review", "score_sensors"]
