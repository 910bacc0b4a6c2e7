"""What a remaining life rests on, in words and units."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from forecasts.remaining_life.features import Floats, Life
from forecasts.remaining_life.of_class import ClassModel

MOST = 5
LEAST_DAYS = 0.5
"""What moves a prediction by less is not named."""

LOOKED_BACK = 14.0
"""Days over which a change is told."""

MOVED = 0.02
"""Share of its size by which a sensor must have changed to be said to have moved."""


@dataclass(frozen=True, slots=True)
class Driver:
    """name: a sensor's key or "age"; value: what it reads now; effect_days: what it adds."""

    name: str
    value: float | None
    unit: str
    effect_days: float
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def by_age(model: ClassModel, age: float, *, is_whole: bool) -> list[Driver]:
    """What the age of a machine does to its median, beside that of one as good as new."""
    whole = np.array([is_whole])
    left = float(model.ages.left(np.array([age]), 0.5, whole)[0])
    new = float(model.ages.left(np.zeros(1), 0.5)[0])
    ran = f"It has run {age:,.0f} days" if is_whole else f"It has run {age:,.0f} days or more"
    sentence = f"{ran} since it was new or repaired: {_more(left - new)} than when new."
    return [Driver("age", round(age, 2), "days", round(left - new, 2), sentence)]


def by_readings(model: ClassModel, life: Life) -> tuple[float, list[Driver]]:
    """What is usual, in days, and what each sensor and the age add to it at the last row.

    All effects, also those too small to be named here, add up with the usual to what the trees
    say. Rolling means, spreads and trends of a sensor count as that sensor.
    """
    if model.life is None:
        raise ValueError("Nothing was learned from readings.")
    preparation = model.life.preparation
    row = preparation.features(life)[-1:]
    usual, effects = model.life.effects(row)
    found = []
    for place in np.unique(preparation.origins):
        effect = float(effects[0, preparation.origins == place].sum())
        if abs(effect) < LEAST_DAYS:
            continue
        if place < 0:
            age = float(life.ages[-1])
            sentence = f"It has run {age:,.0f} days since it was new or repaired: {_more(effect)}."
            found.append(Driver("age", round(age, 2), "days", round(effect, 2), sentence))
        else:
            found.append(_of_sensor(model, life, int(place), effect))
    return usual, sorted(found, key=lambda one: -abs(one.effect_days))[:MOST]


def _of_sensor(model: ClassModel, life: Life, place: int, effect: float) -> Driver:
    name, unit = model.names[place], model.units[place]
    values, day = life.values[:, place], max(round(1.0 / model.step), 1)
    now = _mean(values[-day:])
    back = round(LOOKED_BACK / model.step)
    days = LOOKED_BACK if len(values) > back + day else float(life.ages[-1] - life.ages[0])
    before = _mean(values[-back - day : -back]) if len(values) > back + day else _mean(values[:day])
    measured = "" if unit == "" else f" {unit}"
    if now is None:
        sentence = f"{name} has no readings now: {_more(effect)}."
    elif before is None or abs(now - before) <= MOVED * max(abs(before), 1e-9):
        sentence = f"{name} stands at {now:.4g}{measured}: {_more(effect)}."
    else:
        verb = "rose" if now > before else "fell"
        change = f"{abs(now - before):.3g}{measured}"
        sentence = f"{name} {verb} by {change} in {days:.0f} days: {_more(effect)}."
    value = None if now is None else float(f"{now:.6g}")
    return Driver(name, value, unit, round(effect, 2), sentence)


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _more(days: float) -> str:
    size = f"{abs(days):.0f}" if abs(days) >= 10 else f"{abs(days):.1f}"
    return f"{size} days {'more' if days > 0 else 'less'}"
