"""Whether the model of metric forecasts still fits: what comes in, and how right it is.

One that does not is set aside, and simple methods take over until a new one has passed.
"""

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from forecasts.forecasters import shift
from forecasts.forecasters.panel import PanelModel
from forecasts.models import ForecastScore, ModelVersion
from forecasts.services import registry
from forecasts.services.histories import last_hour
from forecasts.services.learned import HORIZONS, SHAPE, model_in_use
from forecasts.services.learning import read, seed_of

LATELY = timedelta(days=7)
FEWEST_DAYS = 3
FEWEST_FORECASTS = 20
"""With fewer days or forecasts nothing is said of errors: a day may be odd."""

WORSE = 1.5
"""Errors have grown when they are so many times those of the backtest, and simple ones better."""

SHORT = 0.1
"""Intervals hold too little when that much of what they promise is missing."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The stability index that a quarter of the columns reach lately, and from where it is much."""

    index: float
    line: float
    series: int

    @property
    def reason(self) -> str:
        if self.index < self.line:
            return ""
        return (
            "What it is asked about has changed: lately a quarter of what it goes by had"
            f" a stability index of {self.index:.2f} or more against what it was learned from;"
            f" {self.line:.2f} is much."
        )


@dataclass(frozen=True, slots=True)
class Errors:
    """How right its forecasts of the last week were, against its backtest and the last day."""

    days: int
    forecasts: int
    mase: float
    naive: float
    backtest: float
    coverage: float
    promised: float

    @property
    def reason(self) -> str:
        if self.days < FEWEST_DAYS or self.forecasts < FEWEST_FORECASTS:
            return ""
        if self.mase > WORSE * self.backtest and self.mase > self.naive:
            return (
                f"Its errors have grown: the MASE of its forecasts of the last week was"
                f" {self.mase:.2f}, in the backtest {self.backtest:.2f}; repeating the last day had"
                f" {self.naive:.2f}."
            )
        if self.coverage < self.promised - SHORT:
            return (
                f"Its intervals hold too little: {self.coverage:.0%} of what came in the last week,"
                f" of {self.promised:.0%} promised."
            )
        return ""


def check_drift(*, organization_id: int, at: datetime) -> ModelVersion | None:
    """Look whether the model in use has drifted; returns it, or None where there is none.

    What was found is kept with it; where it is too much, the model is set aside. Safe to run twice.
    """
    using = model_in_use(organization_id, at)
    if using is None:
        return None
    version, model = using
    inputs, errors = inputs_of(version, model, at), errors_of(version, at)
    version.drift = {
        "inputs": asdict(inputs) if inputs else None,
        "errors": asdict(errors) if errors else None,
    }
    version.checked_at = at
    version.save(update_fields=["drift", "checked_at"])
    reasons = [one.reason for one in (inputs, errors) if one and one.reason]
    if reasons:
        registry.set_aside(version, reason=" ".join(reasons), at=at)
    return version


def inputs_of(version: ModelVersion, model: PanelModel, at: datetime) -> Inputs | None:
    """None where nothing comes in that the model could be asked about."""
    end = last_hour(at)
    seed = seed_of(end)
    known = list(read(version.organization_id, end, seed, most=shift.MOST).values())
    if not known:
        return None
    found = shift.of_quarter(shift.index(model.seen, shift.lately(known, SHAPE, seed)))
    if math.isnan(found):
        return None
    line = shift.line(len(known), int(version.learned_from["series"]))
    return Inputs(round(found, 4), round(line, 4), len(known))


def errors_of(version: ModelVersion, at: datetime) -> Errors | None:
    """None where none of its forecasts of the last week can be judged yet."""
    since = (at - LATELY - (SHAPE.steps + 2) * timedelta(hours=1)).date()
    scores = ForecastScore.objects.filter(model=version, day__gte=since)
    found = scores.order_by().aggregate(
        days=Count("day", distinct=True),
        steps=Sum("steps"),
        errors=Sum("errors"),
        naive=Sum("naive_errors"),
        judged=Sum("judged"),
        inside=Sum("inside"),
        promised=Sum("promised"),
    )
    if not found["steps"] or not found["judged"]:
        return None
    first = scores.filter(horizon=HORIZONS[0])
    return Errors(
        days=found["days"],
        forecasts=first.order_by().aggregate(count=Sum("forecasts"))["count"],
        mase=round(found["errors"] / found["steps"], 4),
        naive=round(found["naive"] / found["steps"], 4),
        backtest=float(version.metrics["mase"]),
        coverage=round(found["inside"] / found["judged"], 4),
        promised=round(found["promised"] / found["judged"], 4),
    )
