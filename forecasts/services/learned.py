"""The learned model of metric forecasts, where one is in use and can be read."""

from collections.abc import Mapping
from datetime import datetime

from forecasts.boosting.saving import BadModel
from forecasts.forecasters.base import Floats, Forecast
from forecasts.forecasters.panel import PanelModel, from_bytes
from forecasts.forecasters.rows import Shape
from forecasts.forecasters.selection import forecast_by
from forecasts.models import ModelVersion
from forecasts.services import registry

SHAPE = Shape(steps=48, season=24, long=168)
"""Hours: two days ahead, with the seasons of a day and a week."""

HORIZONS = (6, 24, 48)
"""Hours up to which errors are summed up, each from the one before on."""

UNREADABLE = "Its file could not be used. {error}"
OTHER_SHAPE = "It forecasts another time ahead than is asked for now."


def model_in_use(organization_id: int, at: datetime) -> tuple[ModelVersion, PanelModel] | None:
    """The model that forecasts metrics; None: there is none, and simple methods do.

    One that is lost, damaged or of another version of the code is set aside, and the admins are
    told.
    """
    version = registry.in_use(organization_id, ModelVersion.Kind.METRICS)
    if version is None:
        return None
    try:
        model = registry.model_of(version, from_bytes)
    except BadModel as error:
        registry.set_aside(version, reason=UNREADABLE.format(error=error), at=at)
        return None
    if model.shape != SHAPE:
        registry.set_aside(version, reason=OTHER_SHAPE, at=at)
        return None
    return version, model


def learned_forecasts(
    version: ModelVersion, model: PanelModel, histories: Mapping[int, Floats]
) -> dict[int, Forecast]:
    """What the model says of each series, by its key; absent where a simple method is to do it."""
    made = forecast_by(
        model, list(histories.values()), learned_from=int(version.learned_from["series"])
    )
    return {key: one for key, one in zip(histories, made, strict=True) if one is not None}
