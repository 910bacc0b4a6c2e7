"""The tables of what is expected."""

from forecasts.models.forecasts import Forecast, ForecastScore
from forecasts.models.predictions import Confidence, FailureChance, LifePrediction
from forecasts.models.registry import ModelVersion
from forecasts.models.risk import RiskScore

__all__ = [
    "Confidence",
    "FailureChance",
    "Forecast",
    "ForecastScore",
    "LifePrediction",
    "ModelVersion",
    "RiskScore",
]
