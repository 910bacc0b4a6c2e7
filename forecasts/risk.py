"""Risk of one asset, 0 to 100, from four named parts. Pure: numbers in, numbers and sentences out.

    index      = 1 - product over parts of (1 - weight * value)      0 <= value <= 1
    likelihood = 1 - (1 - chance) * (1 - anomalies) where a chance of a failure within 30 days was
                 learned, else the index
    risk       = 100 * likelihood * consequence(criticality, cost of a failure)

Each part is a reason that may bring a failure on its own, so they combine like independent causes
(a "noisy or"): one bad part is enough, and a further one never lowers the result. The index lies
between 0 and 1 and is no calibrated probability; a chance that was learned from recorded failures
is one, and takes its place. Anomalies count beside it: they are what had not been seen before, so
what was learned does not hold for them.

Consequence is the highest of: the asset's criticality, 1 to 5 (EN 13306: risk combines the
likelihood of a failure with its consequence), that of what stops with it (a cheap pump that starves
a reactor is as serious as the reactor), and the step of its cost.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WEIGHTS = {"condition": 0.6, "anomalies": 0.7, "overdue": 0.4, "age": 0.25}
"""The likelihood that each part alone reaches when it is at its worst."""

CONSEQUENCE = {1: 0.4, 2: 0.55, 3: 0.7, 4: 0.85, 5: 1.0}
COSTS = (1_000.0, 5_000.0, 25_000.0, 100_000.0)
"""From each of these costs of one failure on, in the organization's currency, the consequence is 2,
3, 4 and 5."""

CONSEQUENCES = ("Negligible", "Minor", "Moderate", "Major", "Severe")
LIKELIHOODS = (0.01, 0.05, 0.2, 0.5)
"""From each of these likelihoods on a failure is the next of the five words."""

LIKELIHOOD_WORDS = ("Rare", "Unlikely", "Possible", "Likely", "Almost certain")

LEARNED, ANOMALIES = "learned", "anomalies"
SEVERITY_POINTS = {"low": 0.15, "medium": 0.35, "high": 0.65, "critical": 1.0}
FADE_DAYS = 14.0
"""A closed anomaly counts half after this many days."""

DEFAULT_LIFE_YEARS = 20.0


LINES = (20.0, 40.0, 60.0)
"""From each of these scores on the level is medium, high, critical."""

HIGH = LINES[1]


class Level(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Part:
    """One reason: its name, how bad it is (0 to 1), its weight, and a sentence saying why."""

    name: str
    value: float
    weight: float
    sentence: str

    @property
    def likelihood(self) -> float:
        return self.weight * self.value


@dataclass(frozen=True, slots=True)
class Chance:
    """Of a failure within 30 days, 0 to 1: where it comes from, and a sentence."""

    value: float
    basis: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Risk:
    """`score` 0 to 100, `likelihood` 0 to 1, and the parts, worst first.

    `consequence`: what counts, 1 to 5, with a sentence saying whose it is. `chance`: where the
    likelihood is more than an index.
    """

    score: float
    likelihood: float
    criticality: int
    consequence: int
    consequence_sentence: str
    parts: tuple[Part, ...]
    chance: Chance | None = None

    @property
    def level(self) -> Level:
        """Low below the first of `LINES`, and a step up at each."""
        return tuple(Level)[sum(self.score >= line for line in LINES)]

    def points(self) -> dict[str, float]:
        """The score shared out among the parts, for a stacked bar; they add up to `score`.

        A chance above the index leaves a rest that the parts do not explain: it goes to the part
        that was learned. One below it makes all of them smaller.

        >>> result = risk(criticality=5, parts=[overdue(days_late=15, cycle_days=30)])
        >>> result.points()
        {'overdue': 40.0}
        """
        if self.chance is None:
            return _shared(self.score, self.parts)
        beside = _beside(self.parts)
        both = self.chance.value + beside
        of_chance = self.score * self.chance.value / both if both else 0.0
        explains = [part for part in self.parts if part.name not in (LEARNED, ANOMALIES)]
        known = min(_index(explains) / self.chance.value, 1.0) if self.chance.value else 0.0
        points = _shared(known * of_chance, explains)
        points[ANOMALIES] = max(self.score - of_chance, 0.0)
        points[LEARNED] = max(of_chance - sum(points[part.name] for part in explains), 0.0)
        return points


def risk(
    *,
    criticality: int,
    parts: list[Part],
    behind: Sequence[int] = (),
    chance: Chance | None = None,
    cost: float | None = None,
    currency: str = "",
) -> Risk:
    """Combine the parts. Raises `ValueError` for a criticality outside 1 to 5.

    `behind`: the criticality of each asset that stops with this one. `chance`: of a failure within
    30 days, where it is known. `cost`: of one failure, with the downtime of all that stops.

    >>> result = risk(criticality=3, parts=[
    ...     condition(scores={"Vibration": 1.5}), overdue(days_late=12, cycle_days=30)])
    >>> round(result.score), result.level.value, [part.name for part in result.parts]
    (41, 'high', ['condition', 'overdue'])
    >>> risk(criticality=2, parts=[], behind=[3, 5]).consequence_sentence
    'Consequence: criticality 2 of 5; 2 assets stop with it, the most critical of them 5 of 5.'
    >>> known = Chance(0.25, "chance", "It fails within 30 days with a chance of 25 %.")
    >>> dear = risk(criticality=2, parts=[], chance=known, cost=120_000.0, currency="EUR")
    >>> dear.score, dear.points()
    (25.0, {'anomalies': 0.0, 'learned': 25.0})
    >>> dear.consequence_sentence
    'Consequence: criticality 2 of 5; a failure costs about 120,000 EUR: 5 of 5.'
    """
    for one in (criticality, *behind):
        if one not in CONSEQUENCE:
            raise ValueError(f"Criticality must be 1 to 5, not {one}.")
    step = 1 if cost is None else consequence_of(cost)
    consequence = max((criticality, *behind, step))
    likelihood = _index(parts) if chance is None else _together(chance.value, parts)
    learned = [] if chance is None else [Part(LEARNED, chance.value, 1.0, chance.sentence)]
    ordered = tuple(sorted([*learned, *parts], key=lambda part: (-part.likelihood, part.name)))
    return Risk(
        score=100.0 * likelihood * CONSEQUENCE[consequence],
        likelihood=likelihood,
        criticality=criticality,
        consequence=consequence,
        consequence_sentence=_consequence(criticality, behind, cost, currency),
        parts=ordered,
        chance=chance,
    )


def consequence_of(cost: float) -> int:
    """The step of the cost of one failure, 1 to 5.

    >>> consequence_of(999), consequence_of(1_000), consequence_of(250_000)
    (1, 2, 5)
    """
    return 1 + sum(cost >= line for line in COSTS)


def likelihood_step(likelihood: float) -> int:
    """1 (rare) to 5 (almost certain), of a chance within 30 days or the index.

    >>> likelihood_step(0.0), likelihood_step(0.2), likelihood_step(1.0)
    (1, 4, 5)
    """
    return 1 + sum(likelihood >= line for line in LIKELIHOODS)


def after_work(before: Risk, after: Risk, *, is_repair: bool) -> float:
    """The score that is expected once work took away what `after` lacks.

    `after` is rated anew without what the work deals with, and with the same chance. What a chance
    becomes cannot be known before the next reading. A repair leaves no more than the index that
    remains; other work lowers the chance as much, in proportion, as it lowers the index.

    >>> late = [overdue(days_late=15, cycle_days=30)]
    >>> after_work(risk(criticality=5, parts=late), risk(criticality=5, parts=[]), is_repair=False)
    0.0
    """
    if before.chance is None or not before.likelihood:
        return min(after.score, before.score)
    index, left = (_index(_without_anomalies(one.parts)) for one in (before, after))
    chance = before.chance.value
    chance = min(chance, left if is_repair else chance * left / index if index else chance)
    likelihood = _together(chance, after.parts)
    return min(before.score * likelihood / before.likelihood, before.score)


def condition(*, scores: dict[str, float], limit_use: dict[str, float] | None = None) -> Part:
    """How the asset's sensors are now.

    scores     detector score now by sensor key (1 is the alarm line); 0.5 counts as sound and
               2 as worst
    limit_use  how much of the way from normal to the sensor's own limit is used up, by sensor key;
               half is sound and 1 (at the limit) is worst

    >>> condition(scores={"bearing_temperature": 1.25, "flow": 0.1}).sentence
    'Condition: bearing temperature is at 1.2 times its alarm line.'
    """
    worst, sentence = 0.0, "Condition: all sensors are in their ordinary range."
    if not scores and not limit_use:
        return _part("condition", 0.0, "Condition: no sensor has been judged yet.")
    for name, score in sorted(scores.items()):
        value = _between(score, 0.5, 2.0)
        if value > worst:
            worst = value
            sentence = f"Condition: {_spoken(name)} is at {score:.1f} times its alarm line."
    for name, use in sorted((limit_use or {}).items()):
        value = _between(use, 0.5, 1.0)
        if value > worst:
            worst = value
            used = 100 * max(use, 0)
            sentence = f"Condition: {_spoken(name)} has used {used:.0f} % of the way to its limit."
    return _part("condition", worst, sentence)


def anomalies(*, found: list[tuple[str, float]]) -> Part:
    """Anomalies lately: pairs of severity and days since the end (0 while open).

    Each counts by its severity and fades by half every `FADE_DAYS`; they combine like independent
    causes. Raises `KeyError` for an unknown severity.

    >>> anomalies(found=[("high", 0.0), ("low", 3.0)]).sentence
    'Anomalies: 1 open and 1 closed in the last weeks, the worst of them high.'
    """
    if not found:
        return _part("anomalies", 0.0, "Anomalies: none in the last weeks.")
    survival = 1.0
    for severity, days in found:
        survival *= 1.0 - SEVERITY_POINTS[severity] * 0.5 ** (max(days, 0.0) / FADE_DAYS)
    still_open = sum(days <= 0 for _, days in found)
    worst = max((severity for severity, _ in found), key=lambda name: SEVERITY_POINTS[name])
    closed = len(found) - still_open
    counts = [f"{still_open} open"] * (still_open > 0) + [f"{closed} closed"] * (closed > 0)
    return _part(
        "anomalies",
        1.0 - survival,
        f"Anomalies: {' and '.join(counts)} in the last weeks, the worst of them {worst}.",
    )


def overdue(*, days_late: float, cycle_days: float) -> Part:
    """The most overdue schedule: worst once half of a cycle late (but at least a week is given).

    >>> overdue(days_late=12, cycle_days=30).sentence
    'Overdue maintenance: 12 days late on a 30-day cycle.'
    """
    if days_late <= 0:
        return _part("overdue", 0.0, "Overdue maintenance: nothing is overdue.")
    value = _between(days_late, 0.0, max(cycle_days / 2.0, 7.0))
    late = (
        "less than a day"
        if days_late < 1
        else f"{days_late:.0f} day{'s' * (round(days_late) != 1)}"
    )
    return _part(
        "overdue", value, f"Overdue maintenance: {late} late on a {cycle_days:.0f}-day cycle."
    )


def age(*, years: float | None, life_years: float = DEFAULT_LIFE_YEARS) -> Part:
    """Age against expected life: sound in the first half, worst at the end of life.

    >>> age(years=15, life_years=20).sentence
    'Age: 15.0 of about 20 expected years.'
    """
    if years is None or years < 0:
        return _part("age", 0.0, "Age: the installation date is not known.")
    value = _between(years / max(life_years, 0.1), 0.5, 1.0)
    return _part("age", value, f"Age: {years:.1f} of about {life_years:.0f} expected years.")


def _together(chance: float, parts: Sequence[Part]) -> float:
    beside = _beside(parts)
    return chance + (1.0 - chance) * beside


def _beside(parts: Sequence[Part]) -> float:
    """The likelihood of anomalies, which counts beside a learned chance."""
    return sum(part.likelihood for part in parts if part.name == ANOMALIES)


def _without_anomalies(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.name != ANOMALIES]


def _shared(score: float, parts: Sequence[Part]) -> dict[str, float]:
    """The score shared out among the parts by their likelihood; none: all get nothing."""
    total = sum(part.likelihood for part in parts)
    share = score / total if total else 0.0
    return {part.name: part.likelihood * share for part in parts}


def _index(parts: Sequence[Part]) -> float:
    return 1.0 - math.prod(1.0 - part.likelihood for part in parts if part.name != LEARNED)


def _consequence(criticality: int, behind: Sequence[int], cost: float | None, currency: str) -> str:
    said = [f"Consequence: criticality {criticality} of 5"]
    if len(behind) == 1:
        said.append(f"an asset of {behind[0]} of 5 stops with it")
    elif behind:
        worst = max(behind)
        said.append(f"{len(behind)} assets stop with it, the most critical of them {worst} of 5")
    if cost is not None:
        amount = f"{cost:,.0f} {currency}".strip()
        said.append(f"a failure costs about {amount}: {consequence_of(cost)} of 5")
    return "; ".join(said) + "."


def _spoken(key: str) -> str:
    return key.replace("_", " ")


def learned_age(chance: float, sentence: str) -> Part:
    """What the age says by failures of its kind: it takes the place of the rule of thumb.

    `chance`: of a failure within 30 days, 0 to 1, that knows nothing of the asset's condition.
    """
    return Part("age", min(max(chance, 0.0), 1.0), 1.0, sentence)


def _part(name: str, value: float, sentence: str) -> Part:
    return Part(name, value, WEIGHTS[name], sentence)


def _between(value: float, sound: float, worst: float) -> float:
    """0 at `sound` or better, 1 at `worst` or beyond; not-a-number counts as sound."""
    if math.isnan(value):
        return 0.0
    return min(max((value - sound) / (worst - sound), 0.0), 1.0)
