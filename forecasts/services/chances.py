"""Learn how likely the machines of a class fail, from what happened to them before.

Workers alone import it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from assets.models import Asset
from forecasts.boosting.saving import BadModel
from forecasts.failures import model as models
from forecasts.failures.features import Floats, Record, features, outcomes
from forecasts.failures.model import FailureModel
from forecasts.failures.scores import Scores, score
from forecasts.failures.training import TooFewFailures, train
from forecasts.models import ModelVersion
from forecasts.queries import happenings, lives, wear
from forecasts.queries.happenings import hours
from forecasts.queries.lives import Recorded
from forecasts.services import registry
from forecasts.services.lives import OLD, OUTLIVED, WORSE

FAILURE = ModelVersion.Kind.FAILURE
CODE = (
    "forecasts.boosting",
    "forecasts.failures",
    "forecasts.queries.happenings",
    "forecasts.queries.lives",
    "forecasts.services.chances",
)
WINDOW = timedelta(days=540)
FEWEST_FAILURES = 20
MOST_ASSETS = 200
MOST_SENSORS = 6
LOOKED_BACK = timedelta(days=31)
"""Readings that a prediction reads: a day, the four weeks before it, and how old they may be."""

STEP = 6.0
"""Hours between two moments that are looked at."""

JUDGED = 0.2
"""The last share of the window, on which a model of the time before is judged."""

SEED = 0
EXPLAINED = 1
"""Which of the horizons the drivers are of: a week, in which something can be done."""


@dataclass(frozen=True, slots=True)
class Judged:
    """By horizon in hours; usual: the Brier score of always saying how often it came."""

    scores: Mapping[float, Scores]
    usual: Mapping[float, float]

    @property
    def skill(self) -> float:
        """How much of the Brier score of the usual it saves, for the longest horizon judged."""
        if not self.scores:
            return 0.0
        longest = max(self.scores)
        return 1.0 - self.scores[longest].brier / max(self.usual[longest], 1e-12)

    def metrics(self) -> dict[str, Any]:
        out: dict[str, Any] = {"skill": round(self.skill, 4)}
        for horizon, one in self.scores.items():
            out[f"brier_{horizon:g}h"] = round(one.brier, 5)
            out[f"usual_brier_{horizon:g}h"] = round(self.usual[horizon], 5)
            out[f"pr_auc_{horizon:g}h"] = round(one.pr_auc, 4)
            out[f"calibration_error_{horizon:g}h"] = round(one.ece, 4)
        if self.scores:
            bins = self.scores[max(self.scores)].bins
            out["calibration"] = [[round(b.said, 4), round(b.happened, 4), b.count] for b in bins]
        return out


def learn_chances(*, organization_id: int, category: str, at: datetime) -> ModelVersion | None:
    """Learn a class from what was known at a moment; None where there is nothing (new) to learn."""
    first = lives.watched_since(organization_id, at)
    if first is None:
        return None
    since = max(first, at - WINDOW)
    assets = list(
        Asset.objects.filter(organization=organization_id, category=category)
        .exclude(status=Asset.Status.RETIRED)
        .order_by("pk")[:MOST_ASSETS]
    )
    known = lives.recorded([asset.pk for asset in assets], at)
    ids = [asset.pk for asset in assets]
    failures = sum(one.at >= since for pk in ids for one in known[pk].failures)
    newest = ModelVersion.objects.filter(
        organization=organization_id, kind=FAILURE, subject=category
    ).first()
    code = registry.code_of(*CODE)
    if failures < FEWEST_FAILURES or (newest and not _is_due(newest, failures, code, at)):
        return None
    names, units = (part[:MOST_SENSORS] for part in wear.sensors_of_class(ids))
    found = happenings.records(assets, known, names, units, since=since, at=at)
    records = [found[pk] for pk in ids]
    try:
        learned = train(records, start=hours(since), until=hours(at), step=STEP, seed=SEED)
        judged = judge(records, start=hours(since), until=hours(at))
    except TooFewFailures:
        return None
    metrics = judged.metrics()
    taken, reason = _choice(
        registry.in_use(organization_id, FAILURE, category), judged.skill, failures, at
    )
    return registry.register(
        organization_id=organization_id,
        kind=FAILURE,
        subject=category,
        learned=registry.Learned(
            data=models.to_bytes(learned),
            window_start=since,
            window_end=at,
            learned_from={
                "failures": failures,
                "assets": len(ids),
                "sensors": list(learned.signals),
                "units": dict(zip(names, units, strict=True)),
                "events": list(learned.kinds),
            },
            metrics=metrics,
            seed=SEED,
            code=code,
        ),
        taken=taken,
        reason=reason,
        at=at,
    )


def judge(records: Sequence[Record], *, start: float, until: float) -> Judged:
    """A model of the first four fifths of the time on the last: what it had not seen.

    Raises TooFewFailures. Horizons of which nothing, or everything, came are left out.
    """
    cut = until - JUDGED * (until - start)
    model = train(records, start=start, until=cut, step=STEP, seed=SEED)
    moments = np.arange(cut, until, STEP)
    rows = [features(one, model.kinds, moments, model.signals) for one in records]
    said = model.probability(np.concatenate(rows))
    scores, usual = {}, {}
    for i, horizon in enumerate(model.horizons):
        parts = [outcomes(one, moments, horizon, until) for one in records]
        came, known = (np.concatenate(column) for column in zip(*parts, strict=True))
        share = float(came[known].mean()) if known.any() else 0.0
        if 0.0 < share < 1.0:
            scores[horizon] = score(said[known, i], came[known])
            usual[horizon] = share * (1.0 - share)
    return Judged(scores, usual)


@dataclass(frozen=True, slots=True)
class Likely:
    """chances: to fail within a day, a week and 30 days, calibrated; drivers: see `_drivers`."""

    chances: Floats
    drivers: list[dict[str, Any]]
    version: ModelVersion
    failures: int


def chances_of_class(
    assets: Sequence[Asset], known: Mapping[int, Recorded], *, since: datetime | None, at: datetime
) -> dict[int, Likely]:
    """Of assets of one class, by their ids; empty where nothing was learned of it.

    since: when the records of the organization begin.
    """
    if not assets or since is None:
        return {}
    version = registry.in_use(assets[0].organization_id, FAILURE, assets[0].category)
    if version is None:
        return {}
    try:
        model = registry.model_of(version, models.from_bytes)
    except BadModel as error:
        registry.set_aside(version, reason=str(error), at=at)
        return {}
    units = version.learned_from.get("units", {})
    names = [name for name in model.signals if name in units]
    found = happenings.records(
        assets,
        known,
        names,
        [units[name] for name in names],
        since=max(since, at - WINDOW),
        at=at,
        readings_since=at - LOOKED_BACK,
    )
    records = [found[asset.pk] for asset in assets]
    values, because = chances(model, records, at)
    return {
        asset.pk: Likely(values[i], because[i], version, model.failures)
        for i, asset in enumerate(assets)
    }


def chances(
    model: FailureModel, records: Sequence[Record], at: datetime
) -> tuple[Floats, list[list[dict[str, Any]]]]:
    """The chances (n, horizons) at a moment, and what they rest on, for each record."""
    now = np.array([hours(at)])
    rows = np.concatenate([features(one, model.kinds, now, model.signals) for one in records])
    traits = len(records[0].traits)
    columns = models.origins(model, traits)
    _, effects = model.trees[EXPLAINED].effects(rows)
    because = [
        _drivers(model, one, columns, effect, at)
        for one, effect in zip(records, effects, strict=True)
    ]
    return model.probability(rows), because


def _drivers(
    model: FailureModel, record: Record, columns: Sequence[str], effect: Floats, at: datetime
) -> list[dict[str, Any]]:
    """What moves the chance within a week, as factors of its odds, before it is calibrated."""
    totals: Counter[str] = Counter()
    for name, value in zip(columns, effect.tolist(), strict=True):
        totals[name] += value
    strongest = sorted(totals.items(), key=lambda one: -abs(one[1]))[:4]
    return [
        {
            "name": name,
            "value": value,
            "unit": unit,
            "effect": round(float(np.exp(total)), 3),
            "sentence": f"{words}: the odds of a week are {_factor(total)}.",
        }
        for name, total in strongest
        if abs(total) >= 0.05
        for value, unit, words in [_told(model, record, name, at)]
    ]


def _told(
    model: FailureModel, record: Record, name: str, at: datetime
) -> tuple[float | None, str, str]:
    """Value, unit and words of what a column is made of."""
    now = hours(at)
    if name in model.kinds:
        times = record.events.get(name, np.zeros(0))
        count = int(((times > now - 720.0) & (times <= now)).sum())
        label = name.removeprefix("anomaly: ")
        one, more = (
            (f"anomaly ({label})", f"anomalies ({label})") if label != name else _WORDS[name]
        )
        return float(count), "in 30 days", f"{count} {one if count == 1 else more} in 30 days"
    if name in model.signals:
        times, values = record.signals.get(name, (np.zeros(0), np.zeros(0)))
        place = int(np.searchsorted(times, now, side="right"))
        if not place:
            return None, "", f"{name} has no readings now"
        far = float(values[place - 1])
        return round(far, 2), "sd", f"{name} lies {abs(far):.1f} sd {_side(far)} its last weeks"
    age = float(record.traits[0])
    return (
        (round(age, 1), "years", f"It is {age:.0f} years old")
        if age == age
        else (
            None,
            "years",
            "Its age is not known",
        )
    )


_WORDS = {
    "data fault": ("data fault", "data faults"),
    "work": ("job done", "jobs done"),
    "renewal": ("renewal", "renewals"),
    "back from a failure": ("return from a failure", "returns from failures"),
}


def _side(far: float) -> str:
    return "above" if far >= 0 else "below"


def _factor(total: float) -> str:
    return f"{np.exp(total):.2g} times as high"


def _is_due(newest: ModelVersion, failures: int, code: str, at: datetime) -> bool:
    return (
        newest.status == ModelVersion.Status.SET_ASIDE
        or newest.learned_from.get("failures") != failures
        or newest.code != code
        or at - newest.trained_at >= OLD
    )


def _choice(
    present: ModelVersion | None, skill: float, failures: int, at: datetime
) -> tuple[bool, str]:
    """Whether the new model is taken, and why."""
    if skill <= 0.0:
        return False, "On later time that it had not seen it told no more than how often it comes."
    old = present.metrics.get("skill") if present else None
    if present and old is not None and skill < old - WORSE and at - present.trained_at < OUTLIVED:
        return False, (
            f"On later time it saved {skill:.0%} of the error, version {present.version} {old:.0%};"
            f" that one is kept for {OUTLIVED.days} days."
        )
    return True, f"From {failures} failures; on later time it saved {skill:.0%} of the error."
