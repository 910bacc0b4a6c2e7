from forecasts.services.advising import recommend_crossings, recommend_rising_risk
from forecasts.services.forecasting import refresh_forecasts
from forecasts.services.rating import refresh_risk
from forecasts.services.waiting import expect_failures

__all__ = [
    "expect_failures",
    "recommend_crossings",
    "recommend_rising_risk",
    "refresh_forecasts",
    "refresh_risk",
]
