from forecasts.services.forecasting import refresh_forecasts
from forecasts.services.rating import refresh_risk

__all__ = ["refresh_forecasts", "refresh_risk"]
