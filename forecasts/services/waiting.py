"""How likely a failure gets while advice waits: given to the cost of waiting of recommendations."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from forecasts import queries
from forecasts.models import FailureChance, Forecast, LifePrediction
from forecasts.portfolio.lives import Unit, chance_within
from forecasts.queries.current import (
    current_chances,
    current_lives,
    current_modes,
    is_calibrated,
)
from forecasts.services.evidence import FORECAST_VALID
from maintenance.models import Recommendation
from maintenance.ranking import likelihood_within
from maintenance.services.ranking import NO_COST, Expected, expect

Source = Recommendation.Source
DAY = timedelta(days=1)


def expect_failures(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Bring the chances of open advice for these assets of one organization up to date.

    The learned chance of its failure mode speaks first, then that of any failure, the remaining
    life, and the chance that a forecast reaches its limit. What is not calibrated speaks only for
    advice that came of it: it knows nothing of what else was seen. Returns how many moved.
    """
    ids = list(asset_ids)
    open_ = Recommendation.objects.filter(asset__in=ids, status=Recommendation.Status.OPEN)
    rows = list(open_.exclude(source__in=list(NO_COST)).select_related("asset").order_by("pk"))
    if not rows:
        return 0
    about = {row.asset_id for row in rows}
    modes = current_modes(about, at)
    chances = current_chances(about, at)
    lives = current_lives(about, at)
    reached = _reached([row for row in rows if row.source == Source.FORECAST], at)
    expected: dict[int, Expected | None] = {}
    for row in rows:
        of_mode = [
            one
            for one in modes.get(row.asset_id, ())
            if one.failure_mode.lower() == row.failure_mode.lower()
        ]
        life = lives.get(row.asset_id)
        if life is not None and row.source != Source.LIFE and not is_calibrated(life):
            life = None
        chance = of_mode[0] if of_mode else chances.get(row.asset_id)
        if chance is not None and row.source != Source.LIFE and not is_calibrated(chance):
            chance = None
        expected[row.pk] = (
            _of_chance(chance) or _of_life(life) or _of_limit(row, reached.get(row.pk), at)
        )
    return expect(rows=rows, expected=expected, at=at)


def _of_chance(said: FailureChance | None) -> Expected | None:
    if said is None:
        return None
    of = f"of {said.failure_mode}" if said.failure_mode else "of any failure"
    return Expected(
        day=round(said.p_24h, 4),
        week=round(said.p_7d, 4),
        basis=f"learned from failures: {of} ({said.confidence} confidence)",
    )


def _of_life(life: LifePrediction | None) -> Expected | None:
    if life is None or life.quantiles is None:
        return None
    unit = Unit(quantiles=life.quantiles, open_ended=life.is_open)
    return Expected(
        day=round(chance_within(unit, 1.0), 4),
        week=round(chance_within(unit, 7.0), 4),
        basis=f"that of its remaining life ({life.confidence} confidence)",
    )


def _of_limit(row: Recommendation, by_day: float | None, at: datetime) -> Expected | None:
    """That the limit is reached within a day; from there on at a constant rate to its date."""
    if by_day is None or row.expected_at is None:
        return None
    sure = 0.5 if row.confidence is None else row.confidence
    day = sure * by_day
    week = likelihood_within(7.0, sure, max((row.expected_at - at) / DAY, 0.5))
    return Expected(
        day=round(day, 4),
        week=round(max(day, week), 4),
        basis="that of reaching the forecast limit, times how often such advice was right",
    )


def _reached(rows: Iterable[Recommendation], at: datetime) -> Mapping[int, float]:
    """By recommendation: the highest chance of a limit of its asset to be reached within a day."""
    by_asset = {row.asset_id: row.pk for row in rows}
    ahead = (
        Forecast.objects.filter(
            asset__in=list(by_asset),
            sensor__is_active=True,
            starts_at__gt=at - FORECAST_VALID,
            starts_at__lte=at + queries.STEP,
        )
        .select_related("sensor__limits")
        .order_by("sensor_id", "-starts_at")
        .distinct("sensor_id")
    )
    found: dict[int, float] = {}
    for forecast in ahead:
        crossing = queries.crossing(forecast, forecast.sensor)
        steps = int((at + DAY - forecast.starts_at) / forecast.step)
        if crossing is not None and crossing.chances and steps > 0:
            chance = crossing.chances[min(steps, len(crossing.chances)) - 1]
            row = by_asset[forecast.asset_id]
            found[row] = max(found.get(row, 0.0), chance)
    return found
