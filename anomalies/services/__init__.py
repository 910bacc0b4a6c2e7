from anomalies.services.review import AnomalyClosed, review
from anomalies.services.scoring import end_silent, score_sensors
from anomalies.services.silence import recommend_silent

__all__ = ["AnomalyClosed", "end_silent", "recommend_silent", "review", "score_sensors"]
