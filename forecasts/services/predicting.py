"""Say how long machines live on, and how likely they fail, from what was learned of their class.

Workers alone import it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from assets.models import Asset
from forecasts.boosting.saving import BadModel
from forecasts.models import Confidence, FailureChance, LifePrediction, ModelVersion
from forecasts.queries import lives, wear
from forecasts.queries.lives import Recorded, Span
from forecasts.queries.predictions import BY_READINGS
from forecasts.remaining_life import drivers, of_class
from forecasts.remaining_life.features import Floats, Life
from forecasts.remaining_life.of_class import ClassModel, chance_within
from forecasts.services import registry
from forecasts.services.chances import Likely, chances_of_class
from forecasts.services.lives import FEWEST_FAILURES, LIFE

HORIZONS: Floats = np.array([1.0, 7.0, 30.0])
"""Days."""

LEVEL = 0.9
LOWER, MEDIAN, UPPER = 1, 10, 19
"""Which of the 21 quantiles they are."""

BY_AGE = "Age alone (Weibull)"
BY_HAPPENINGS = "What happened to it, and its readings"
FRESH = timedelta(days=2)
"""Readings older than this say nothing of today."""

MANY, ENOUGH = 50, 20
"""Failures from which confidence is high, and medium; see docs/explanation/forecasting.md."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one machine: quantiles (21,) of days left, the interval, and why.

    chances: to fail within each of the `HORIZONS`.
    """

    span: Span
    quantiles: Floats
    interval: tuple[float, float]
    chances: Floats
    by: str
    drivers: list[drivers.Driver]


@transaction.atomic
def predict(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Predict for the current day of these assets' organizations. Returns for how many.

    Run again on the same day it replaces what was said that day, unless it has been judged since:
    what a failure has ended is not said anew before tomorrow. One organization's, one or more.
    """
    assets = list(
        Asset.objects.filter(pk__in=list(asset_ids)).select_related("organization").order_by("pk")
    )
    classes: dict[tuple[int, str], list[Asset]] = defaultdict(list)
    for asset in assets:
        classes[asset.organization_id, asset.category].append(asset)
    rows: list[LifePrediction] = []
    chances: list[FailureChance] = []
    for (organization_id, category), members in classes.items():
        version, model = model_in_use(organization_id, category, at)
        known = lives.recorded([asset.pk for asset in members], at)
        since = lives.watched_since(organization_id, at)
        current = _current(members, known, since, at)
        said = _say(model, list(current.values())) if model else {}
        likely = chances_of_class(
            [asset for asset in members if asset.pk in said], known, since=since, at=at
        )
        why_not = "" if model else _missing(organization_id, category, at)
        for asset in members:
            row = _blank(asset, at)
            if asset.pk in said and model is not None:
                _fill(row, said[asset.pk], model, version)
                chances += _chances(row, said[asset.pk], model, likely.get(asset.pk))
            else:
                row.missing = why_not or _unused(asset, known[asset.pk])
            rows.append(row)
    _keep(rows, chances)
    return len(rows)


def model_in_use(
    organization_id: int, category: str, at: datetime
) -> tuple[ModelVersion | None, ClassModel | None]:
    """What is known of the class. A model whose file is lost or damaged is set aside."""
    version = registry.in_use(organization_id, LIFE, category)
    if version is None:
        return None, None
    try:
        return version, registry.model_of(version, of_class.from_bytes)
    except BadModel as error:
        registry.set_aside(version, reason=str(error), at=at)
        return None, None


def _current(
    assets: Sequence[Asset], known: Mapping[int, Recorded], since: datetime | None, at: datetime
) -> dict[int, Span]:
    found = {}
    for asset in assets:
        spans = lives.spans(asset, known[asset.pk], since, at) if since else []
        if spans and spans[-1].is_current and spans[-1].days > 0:
            found[asset.pk] = spans[-1]
    return found


def _say(model: ClassModel, spans: Sequence[Span]) -> dict[int, Said]:
    """By asset id."""
    if not spans:
        return {}
    ages = np.array([span.days for span in spans])
    whole = np.array([span.is_whole for span in spans])
    lower, upper = model.interval_by_age(ages, whole, LEVEL)
    chances = model.ages.failure(ages, HORIZONS, whole)
    found = {
        span.asset_id: Said(
            span,
            row,
            (float(lower[i]), float(upper[i])),
            chances[i],
            BY_AGE,
            drivers.by_age(model, span.days, is_whole=span.is_whole),
        )
        for i, (span, row) in enumerate(zip(spans, model.by_age(ages, whole), strict=True))
    }
    if model.life is None:
        return found
    rows = wear.worn(spans, model.names, model.units, step=model.step)
    fresh = [
        (span, Life(worn.ages, worn.values, failed=False, whole=span.is_whole, end=span.days))
        for span, worn in zip(spans, rows, strict=True)
        if len(worn) >= wear.FEWEST_ROWS and span.days - worn.ages[-1] <= FRESH / wear.DAY
    ]
    if not fresh:
        return found
    quantiles, _ = model.by_readings(
        model.life.features([life for _, life in fresh]),
        np.array([span.days for span, _ in fresh]),
        np.array([span.is_whole for span, _ in fresh]),
    )
    for (span, life), row in zip(fresh, quantiles, strict=True):
        _, because = drivers.by_readings(model, life)
        within = chance_within(row[None, :], HORIZONS)[0]
        ends = (float(row[LOWER]), float(row[UPPER]))
        found[span.asset_id] = Said(span, row, ends, within, BY_READINGS, because)
    return found


def _missing(organization_id: int, category: str, at: datetime) -> str:
    """Why nothing is known of the class."""
    if not category:
        return (
            "The asset has no category, so it is not known which others it can be compared with."
            " Enter its category."
        )
    spans = lives.lives_of_class(organization_id=organization_id, category=category, at=at)
    count = sum(span.failed for span in spans)
    name = f"the category “{category}”"
    if not count:
        return (
            f"No failure in {name} has been recorded yet; {FEWEST_FAILURES} are needed. Record"
            " stops with their cause, or the downtime of repairs."
        )
    if count < FEWEST_FAILURES:
        many = "1 failure" if count == 1 else f"{count} failures"
        return f"Only {many} in {name} on record; {FEWEST_FAILURES} are needed."
    return f"{count} failures in {name} are on record: it will be learned from them next night."


def _unused(asset: Asset, known: Recorded) -> str:
    if asset.status == Asset.Status.RETIRED:
        return "The asset is retired."
    if known.failures and known.failures[-1].until is None:
        return "The asset is down after a failure. What it has left is said once it runs again."
    return "The asset is not in use yet."


def _blank(asset: Asset, at: datetime) -> LifePrediction:
    return LifePrediction(
        organization_id=asset.organization_id,
        asset=asset,
        made_at=at,
        day=at.astimezone(asset.organization.zone).date(),
        level=LEVEL,
    )


def _fill(row: LifePrediction, said: Said, model: ClassModel, version: ModelVersion | None) -> None:
    days = [round(float(value), 3) for value in said.quantiles]
    row.age_days = round(said.span.days, 3)
    row.quantiles, row.is_open = days, True
    row.median_days = days[MEDIAN]
    row.lower_days, row.upper_days = (round(end, 3) for end in said.interval)
    row.method, row.model = said.by, version
    row.confidence = _confidence(said, model)
    row.drivers = [one.as_json() for one in said.drivers]


def _confidence(said: Said, model: ClassModel) -> str:
    if said.by == BY_AGE or model.life is None or model.life.units < ENOUGH:
        return Confidence.LOW
    return Confidence.HIGH if model.life.units >= MANY else Confidence.MEDIUM


def _chances(
    row: LifePrediction, said: Said, model: ClassModel, likely: Likely | None
) -> list[FailureChance]:
    """In any way: from what happened to it, where that was learned, else from the remaining life.

    Of single modes: that by their share of the hazard at its age.
    """
    whole = said.chances if likely is None else likely.chances
    found = [_chance(row, "", whole, row.drivers)]
    if likely is not None:
        found[0].method, found[0].model = BY_HAPPENINGS, likely.version
        found[0].drivers = likely.drivers
        found[0].confidence = Confidence.HIGH if likely.failures >= MANY else Confidence.MEDIUM
    age, is_whole = np.array([said.span.days]), np.array([said.span.is_whole])
    total = model.ages.failure(age, HORIZONS, is_whole)[0]
    for mode, ages in model.modes.items():
        share = ages.failure(age, HORIZONS, is_whole)[0] / np.maximum(total, 1e-12)
        found.append(_chance(row, mode, whole * np.minimum(share, 1.0), []))
    return found


def _chance(
    row: LifePrediction, mode: str, values: Floats, because: list[dict[str, Any]]
) -> FailureChance:
    p_24h, p_7d, p_30d = (
        round(float(value), 6) for value in np.maximum.accumulate(np.clip(values, 0.0, 1.0))
    )
    return FailureChance(
        organization_id=row.organization_id,
        asset=row.asset,
        made_at=row.made_at,
        day=row.day,
        failure_mode=mode,
        p_24h=p_24h,
        p_7d=p_7d,
        p_30d=p_30d,
        confidence=Confidence.LOW if mode else row.confidence,
        method=row.method,
        model=row.model,
        drivers=because,
    )


def _keep(rows: Sequence[LifePrediction], chances: Sequence[FailureChance]) -> None:
    """Write what was said, but for days of which it is known already what came."""
    pairs = {(row.asset_id, row.day) for row in rows}
    judged = LifePrediction.objects.filter(
        asset__in=[pk for pk, _ in pairs], day__in={day for _, day in pairs}
    ).exclude(scored_at=None)
    known = set(judged.values_list("asset", "day"))
    LifePrediction.objects.bulk_create(
        [row for row in rows if (row.asset_id, row.day) not in known],
        update_conflicts=True,
        unique_fields=["asset", "day"],
        update_fields=[
            "made_at",
            "age_days",
            "median_days",
            "lower_days",
            "upper_days",
            "quantiles",
            "is_open",
            "confidence",
            "method",
            "model",
            "missing",
            "drivers",
        ],
    )
    FailureChance.objects.bulk_create(
        [row for row in chances if (row.asset_id, row.day) not in known],
        update_conflicts=True,
        unique_fields=["asset", "day", "failure_mode"],
        update_fields=[
            "made_at",
            "p_24h",
            "p_7d",
            "p_30d",
            "confidence",
            "method",
            "model",
            "drivers",
        ],
    )
