from anomalies.services.rescoring import Rescored, rescore
from anomalies.services.review import AnomalyClosed, review
from anomalies.services.scoring import end_silent, score_sensors

__all__ = ["AnomalyClosed", "Rescored", "end_silent", "rescore", "review", "score_sensors"]
