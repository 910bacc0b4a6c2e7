"""What the web process needs is imported at once; what learns and predicts is not."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from forecasts.services.advising import recommend_crossings, recommend_rising_risk
from forecasts.services.ending import recommend_short_lives
from forecasts.services.rating import refresh_risk
from forecasts.services.waiting import expect_failures

if TYPE_CHECKING:
    from forecasts.services.drift import check_drift
    from forecasts.services.forecasting import refresh_forecasts
    from forecasts.services.learning import learn_forecasts
    from forecasts.services.scoring import score_forecasts

__all__ = [
    "check_drift",
    "expect_failures",
    "learn_forecasts",
    "recommend_crossings",
    "recommend_rising_risk",
    "recommend_short_lives",
    "refresh_forecasts",
    "refresh_risk",
    "score_forecasts",
]

_LATER = {
    "check_drift": "drift",
    "learn_forecasts": "learning",
    "refresh_forecasts": "forecasting",
    "score_forecasts": "scoring",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
