"""Learn how long the machines of a class live: from ages, and from readings where they tell more.

Workers alone import it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from forecasts.models import ModelVersion
from forecasts.queries import lives, wear
from forecasts.queries.lives import Span
from forecasts.remaining_life import training, weibull
from forecasts.remaining_life.features import Life
from forecasts.remaining_life.judging import Judged, judge
from forecasts.remaining_life.of_class import ClassModel, to_bytes
from forecasts.services import registry

LIFE = ModelVersion.Kind.LIFE
CODE = (
    "forecasts.boosting",
    "forecasts.remaining_life",
    "forecasts.queries.lives",
    "forecasts.queries.wear",
    "forecasts.services.lives",
)
FEWEST_FAILURES = 3
"""Ages at failure of fewer machines say next to nothing; so no number is given."""

MOST_LIVES = 400
OF_LIFE = 0.6
"""The clip of what is learned from readings, as a share of the median life."""

STEPS = (1.0, 0.25, 1 / 24)
"""Days that the rows of a life may be apart: the longest of which the clip has `ROWS`."""

ROWS = 30
OLD = timedelta(days=7)
"""Without any life that ended since, a class is learned anew after so long: readings go on."""

OUTLIVED = timedelta(days=30)
WORSE = 0.05
"""A model whose skill is lower by more than this does not replace one that is not outlived."""

SEED = 0


def learn_class(*, organization_id: int, category: str, at: datetime) -> ModelVersion | None:
    """Learn a class from what was known at a moment; None where there is nothing (new) to learn.

    Two workers that learn it at once register it twice, which harms nothing.
    """
    spans = [
        span
        for span in lives.lives_of_class(organization_id=organization_id, category=category, at=at)
        if span.days > 0
    ]
    spans = sorted(spans, key=lambda span: (span.end, span.asset_id))[-MOST_LIVES:]
    failures = sum(span.failed for span in spans)
    if failures < FEWEST_FAILURES:
        return None
    present = registry.in_use(organization_id, LIFE, category)
    code = registry.code_of(*CODE)
    ended = sum(not span.is_current for span in spans)
    newest = ModelVersion.objects.filter(
        organization=organization_id, kind=LIFE, subject=category
    ).first()
    if newest is not None and not _is_due(newest, ended, code, at):
        return None
    model, judged = _learned(spans, _ages(spans))
    metrics: dict[str, Any] = {
        "median_life_days": round(float(model.ages.left(np.zeros(1), 0.5)[0]), 1),
        "shape": round(model.ages.shape, 3),
        "by": "ages" if model.life is None else "readings",
        **(judged.metrics() if judged else {}),
    }
    taken, reason = _choice(present, metrics, failures, at)
    return registry.register(
        organization_id=organization_id,
        kind=LIFE,
        subject=category,
        learned=registry.Learned(
            data=to_bytes(model),
            window_start=min(span.start for span in spans),
            window_end=at,
            learned_from={
                "failures": failures,
                "renewals": ended - failures,
                "lives": len(spans),
                "ended": ended,
                "sensors": list(model.names),
            },
            metrics=metrics,
            seed=SEED,
            code=code,
        ),
        taken=taken,
        reason=reason,
        at=at,
    )


def _is_due(newest: ModelVersion, ended: int, code: str, at: datetime) -> bool:
    return (
        newest.status == ModelVersion.Status.SET_ASIDE
        or newest.learned_from.get("ended") != ended
        or newest.code != code
        or at - newest.trained_at >= OLD
    )


def _ages(spans: Sequence[Span]) -> ClassModel:
    days = np.array([span.days for span in spans])
    whole = np.array([span.is_whole for span in spans])
    failed = np.array([span.failed for span in spans])
    modes = Counter(span.mode for span in spans if span.failed and span.mode)
    return ClassModel(
        ages=weibull.fit(days, failed, whole),
        modes={
            mode: weibull.fit(days, np.array([s.failed and s.mode == mode for s in spans]), whole)
            for mode, count in sorted(modes.items())
            if count >= FEWEST_FAILURES
        },
    )


def _learned(spans: Sequence[Span], by_age: ClassModel) -> tuple[ClassModel, Judged | None]:
    """With what readings tell, where there are enough histories with them and they tell more."""
    clip = OF_LIFE * float(by_age.ages.left(np.zeros(1), 0.5)[0])
    step = next((step for step in STEPS if clip / step >= ROWS), STEPS[-1])
    names, units = wear.sensors_of_class(sorted({span.asset_id for span in spans}))
    if not names or sum(span.failed for span in spans) < training.FEWEST_UNITS:
        return by_age, None
    rows = wear.worn(spans, names, units, step=step)
    known = [
        Life(worn.ages, worn.values, failed=span.failed, whole=span.is_whole, end=span.days)
        for span, worn in zip(spans, rows, strict=True)
        if len(worn) >= wear.FEWEST_ROWS
    ]
    try:
        life, held = training.learn(known, clip=clip, seed=SEED)
    except ValueError:  # too few with readings, or none that moves
        return by_age, None
    judged = judge(held, by_age.ages, clip)
    if judged.skill <= 0.0:
        return by_age, judged
    learned = ClassModel(by_age.ages, by_age.modes, life, names, units, step)
    return learned, judged


def _choice(
    present: ModelVersion | None, metrics: dict[str, Any], failures: int, at: datetime
) -> tuple[bool, str]:
    """Whether the new model is taken, and why."""
    if present is None:
        return True, f"The first one of its class, from {failures} failures."
    old, new = present.metrics.get("skill"), metrics.get("skill")
    is_young = present.metrics.get("by") == "readings" and at - present.trained_at < OUTLIVED
    if is_young and (new is None or new < (old or 0.0) - WORSE):
        return False, (
            f"On lives it had not seen it lost {_less(new)} than ages alone,"
            f" version {present.version} {_less(old)}; it is kept for {OUTLIVED.days} days."
        )
    return True, f"It knows {failures} failures, and is no worse than version {present.version}."


def _less(skill: float | None) -> str:
    return "no less" if skill is None or skill <= 0 else f"{skill:.0%} less"
