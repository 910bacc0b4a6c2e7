"""Every night the model of metric forecasts is learned anew; it is taken only if it is better.

The same readings and the same code give the same model: its seed comes from the time alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version as version_of
from typing import Any

import numpy as np

from assets.models import Asset, Sensor
from forecasts.forecasters.backtesting import mean_scaled, model_errors, simple_errors
from forecasts.forecasters.base import Floats
from forecasts.forecasters.panel import PanelModel, to_bytes
from forecasts.forecasters.selection import is_able
from forecasts.forecasters.training import Trained, train
from forecasts.models import ModelVersion
from forecasts.services import registry
from forecasts.services.histories import HISTORY, histories, last_hour
from forecasts.services.learned import HORIZONS, SHAPE, model_in_use

METRICS = ModelVersion.Kind.METRICS
CODE = ("forecasts.boosting", "forecasts.conformal", "forecasts.forecasters")
LIBRARIES = ("numpy", "scikit-learn")
FEWEST_SERIES = 10
"""Of fewer series there is little that one could learn from another."""

MOST_SERIES = 10_000
"""Series learned from: bounds the memory."""

CHUNK = 500
"""Sensors read in one go."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Mean absolute scaled errors over the same series and origins; smaller is better."""

    new: float
    simple: Mapping[str, float]
    champion: int | None = None
    champions: float = math.nan


def learn_forecasts(*, organization_id: int, at: datetime) -> ModelVersion | None:
    """Learn the model of an organization's active sensors up to the last full hour.

    It is taken if it is no worse than the one in use and better than every simple method, on two
    days that neither had seen; else it is kept with the reason. Returns its version; None where
    fewer than `FEWEST_SERIES` series are long enough. Safe to run twice: what was learned from the
    same hours by the same code is not learned again.
    """
    end, code = last_hour(at), registry.code_of(*CODE)
    before = ModelVersion.objects.filter(organization=organization_id, kind=METRICS)
    newest = before.order_by("-version").first()
    if newest is not None and (newest.window_end, newest.code) == (end, code):
        return newest
    known = read(organization_id, end, seed_of(end))
    if len(known) < FEWEST_SERIES:
        return None
    using = model_in_use(organization_id, at)
    learned, compared = learn(known, end, using)
    taken, reason = verdict(compared)
    return registry.register(
        organization_id=organization_id,
        kind=METRICS,
        learned=learned,
        taken=taken,
        reason=reason,
        at=at,
    )


def learn(
    known: Mapping[int, Floats],
    end: datetime,
    using: tuple[ModelVersion, PanelModel] | None = None,
) -> tuple[registry.Learned, Compared]:
    """The model of these histories up to `end`, and how it compares with the one in use."""
    values = [known[pk] for pk in sorted(known)]
    trained = train(values, SHAPE, seed=seed_of(end))
    compared = compare(trained, values, using)
    learned = registry.Learned(
        data=to_bytes(trained.model),
        window_start=end - HISTORY,
        window_end=end,
        learned_from={
            "series": len(values),
            "hours": sum(len(one) for one in values),
            "rows": trained.rows,
            "libraries": {name: version_of(name) for name in LIBRARIES},
        },
        metrics=metrics_of(trained, compared),
        seed=seed_of(end),
        code=registry.code_of(*CODE),
    )
    return learned, compared


def seed_of(end: datetime) -> int:
    """Hours since 1970, which fits where seeds are kept."""
    return int(end.timestamp()) // 3600


def read(
    organization_id: int, end: datetime, seed: int, most: int = MOST_SERIES
) -> dict[int, Floats]:
    """Histories that a model can learn from, by sensor id; of very many sensors some."""
    active = Sensor.objects.filter(organization=organization_id, is_active=True)
    active = active.exclude(asset__status=Asset.Status.RETIRED).filter(last_time__gte=end - HISTORY)
    ids = np.array(sorted(active.values_list("pk", flat=True)))
    if len(ids) > most:
        ids = np.sort(np.random.default_rng(seed).choice(ids, most, replace=False))
    found: dict[int, Floats] = {}
    for start in range(0, len(ids), CHUNK):
        here = Sensor.objects.filter(pk__in=ids[start : start + CHUNK].tolist())
        for one in histories(list(here.select_related("asset__site")), end):
            if is_able(one.values, SHAPE):
                found[one.sensor.pk] = one.values
    return found


def compare(
    trained: Trained, values: Sequence[Floats], using: tuple[ModelVersion, PanelModel] | None
) -> Compared:
    """How right the new model, the one in use and the simple methods were at the same origins."""
    others = simple_errors(values, SHAPE)
    simple = {name: mean_scaled(errors, trained.scale) for name, errors in others.items()}
    new = mean_scaled(trained.errors, trained.scale)
    if using is None:
        return Compared(new, simple)
    champion, model = using
    champions = mean_scaled(model_errors(model, values), trained.scale)
    return Compared(new, simple, champion.version, champions)


def verdict(compared: Compared) -> tuple[bool, str]:
    """Whether the new model is taken, and why, in words.

    >>> verdict(Compared(0.7, {"same time, 24 steps ago": 0.9}, 3, 0.75))[0]
    True
    >>> verdict(Compared(0.7, {"trend": 0.65}))[1]
    'Not taken: over two days that it had not seen its MASE was 0.700, that of “trend” was 0.650.'
    """
    new = f"over two days that it had not seen its MASE was {compared.new:.3f}"
    known = {name: mase for name, mase in compared.simple.items() if math.isfinite(mase)}
    if not math.isfinite(compared.new) or not known:
        return False, "Not taken: no series moved in the last days, so nothing can be compared."
    name, best = min(known.items(), key=lambda item: item[1])
    if compared.new >= best:
        return False, f"Not taken: {new}, that of “{name}” was {best:.3f}."
    if compared.champion is not None and compared.new > compared.champions:
        return False, (
            f"Not taken: over two days that neither had seen its MASE was {compared.new:.3f}, that"
            f" of version {compared.champion} was {compared.champions:.3f}."
        )
    beaten = f"that of the best simple method, “{name}”, was {best:.3f}"
    if compared.champion is not None:
        beaten += f", that of version {compared.champion} was {compared.champions:.3f}"
    return True, f"Taken: {new}; {beaten}."


def metrics_of(trained: Trained, compared: Compared) -> dict[str, Any]:
    """What a register keeps; figures that nothing is known of are None."""
    held = trained.held
    steps = np.arange(1, SHAPE.steps + 1)
    horizons = []
    for low, high in zip((0, *HORIZONS), HORIZONS, strict=False):
        part = (steps > low) & (steps <= high)
        horizons.append(
            {
                "hours": high,
                "mase": _mean(trained.by_step[part]),
                "coverage": _mean(held.coverage[part]) if held else None,
                "msis": _mean(held.scores[part]) if held else None,
            }
        )
    return {
        "mase": _number(compared.new),
        "coverage": _mean(held.coverage) if held else None,
        "msis": _mean(held.scores) if held else None,
        "level": trained.model.level,
        "horizons": horizons,
        "calibration": [[promised, _number(share), count] for promised, share, count in held.curve]
        if held
        else [],
        "simple": {name: _number(mase) for name, mase in compared.simple.items()},
        "champion": compared.champion
        and {"version": compared.champion, "mase": _number(compared.champions)},
    }


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return _number(float(known.mean())) if len(known) else None


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
