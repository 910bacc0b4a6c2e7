"""The tables of what is expected."""

from forecasts.models.forecasts import Forecast
from forecasts.models.registry import ModelVersion
from forecasts.models.risk import RiskScore

__all__ = ["Forecast", "ModelVersion", "RiskScore"]
