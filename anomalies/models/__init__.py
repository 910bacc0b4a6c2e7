"""The tables of what stands out."""

from anomalies.models.anomalies import (
    JUDGED,
    Anomaly,
    AnomalyQuerySet,
    Incident,
    IncidentQuerySet,
)
from anomalies.models.limits import (
    LIMIT_RULE,
    LimitRule,
    LimitState,
    LimitTemplate,
    SensorLimits,
)
from anomalies.models.scores import (
    AnomalyScore,
    LateReadings,
    RealField,
)
from anomalies.models.states import (
    DetectorState,
    MachineModel,
)
from anomalies.models.watching import (
    SensorLabel,
    SensorWatch,
)

__all__ = [
    "JUDGED",
    "LIMIT_RULE",
    "Anomaly",
    "AnomalyQuerySet",
    "AnomalyScore",
    "DetectorState",
    "Incident",
    "IncidentQuerySet",
    "LateReadings",
    "LimitRule",
    "LimitState",
    "LimitTemplate",
    "MachineModel",
    "RealField",
    "SensorLabel",
    "SensorLimits",
    "SensorWatch",
]
