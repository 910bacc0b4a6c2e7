"""How sure advice is, what it costs to wait, and what to deal with first. Pure: numbers in and out.

    confidence      = (confirmed + 1) / (confirmed + false alarms + 2)
    likelihood      = learned chance of a failure within 7 days where one is known, else
                      confidence * (1 - exp(-7 / days to failure))
    cost of waiting = likelihood * (downtime cost * downtime hours + repair cost)
    rank            = 100 * certainty * sum(weight * value) / sum(weight)

Confidence is Laplace's rule of succession: the mean of a Beta(1, 1) prior after what was found. It
starts at one half and moves with each verdict. Advice that was not inspected says nothing.

The rank is a weighted mean of four parts, 0 to 1 each, times the certainty. A part that is not
known is left out, and the others carry its weight: what nobody entered neither helps nor hurts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FEW = 5
"""Below so many verdicts the confidence rests on little, and says so."""

WEIGHTS = {"urgency": 0.35, "cost": 0.25, "time": 0.25, "criticality": 0.15}
URGENCY = {"low": 0.25, "medium": 0.5, "high": 0.75, "critical": 1.0}

DAYS_TO_FAILURE = {"low": 180.0, "medium": 60.0, "high": 21.0, "critical": 7.0}
"""What is assumed of a true fault of each urgency where no forecast gives a date."""

LEAST_CERTAINTY = 0.4
"""Advice that was never right still shows, far down."""

HORIZON_DAYS = 30.0
"""Due farther away than this: no pressure of time."""

CHEAP, DEAR = 10.0, 100_000.0
"""Costs of waiting a week, in the organization's currency, that count as nothing and as worst."""

Z_90 = 1.6448536269514722
"""Two-sided 90 % of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the rank: `value` 0 to 1, and `points` of the 100."""

    name: str
    value: float
    weight: float
    points: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Rank:
    score: float
    parts: tuple[Part, ...]


def confidence(confirmed: int, false_alarms: int) -> float:
    """How often advice like this was right.

    >>> confidence(0, 0), confidence(8, 0), round(confidence(1, 9), 2)
    (0.5, 0.9, 0.17)
    """
    return (confirmed + 1) / (confirmed + false_alarms + 2)


def wilson(confirmed: int, judged: int, z: float = Z_90) -> tuple[float, float] | None:
    """The interval of a share: Wilson's score interval (1927), 90 % unless told.

    None where nothing was judged.

    >>> [round(end, 3) for end in wilson(8, 10) or ()]
    [0.541, 0.931]
    >>> [round(end, 3) for end in wilson(0, 5) or ()]
    [0.0, 0.351]
    """
    if judged == 0:
        return None
    share = confirmed / judged
    scale = 1 + z * z / judged
    middle = (share + z * z / (2 * judged)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / judged + z * z / (4 * judged * judged))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def likelihood_per_week(confidence: float, days_to_failure: float) -> float:
    """That it fails within a week of waiting: true advice, and a failure at a constant rate.

    >>> round(likelihood_per_week(0.5, 7.0), 3)
    0.316
    """
    return likelihood_within(7.0, confidence, days_to_failure)


def likelihood_within(days: float, confidence: float, days_to_failure: float) -> float:
    """The same for any number of days.

    >>> round(likelihood_within(1.0, 0.5, 7.0), 3), likelihood_within(0.0, 0.5, 7.0)
    (0.067, 0.0)
    """
    return confidence * (1 - math.exp(-days / max(days_to_failure, 0.5)))


def waiting_sentence(day: float, week: float) -> str:
    """How the chance of a failure grows while nothing is done; `day` and `week`: 0 to 1.

    >>> waiting_sentence(0.04, 0.11)
    'The chance of a failure rises from 4 % within a day to 11 % within 7 days.'
    >>> waiting_sentence(0.001, 0.004)
    'The chance of a failure stays below 1 % within 7 days.'
    """
    if week < 0.005:
        return "The chance of a failure stays below 1 % within 7 days."
    first = "below 1 %" if day < 0.005 else f"{100 * day:.0f} %"
    return (
        f"The chance of a failure rises from {first} within a day to {100 * week:.0f} %"
        " within 7 days."
    )


def rank(
    *,
    urgency: str,
    days_left: float,
    criticality: int,
    confidence: float,
    cost_of_waiting: float | None,
) -> Rank:
    """0 to 100. `days_left` until it is due, negative when past; `criticality` 1 to 5.

    >>> first = rank(urgency="critical", days_left=-1, criticality=5, confidence=1.0,
    ...     cost_of_waiting=100_000)
    >>> first.score
    100.0
    >>> doubted = rank(urgency="high", days_left=3, criticality=3, confidence=0.1,
    ...     cost_of_waiting=None)
    >>> [(part.name, round(part.points, 1)) for part in doubted.parts]
    [('urgency', 16.1), ('time', 13.8), ('criticality', 4.6)]
    """
    certainty = LEAST_CERTAINTY + (1 - LEAST_CERTAINTY) * confidence
    known = [
        ("urgency", URGENCY[urgency], f"It is of {urgency} urgency."),
        ("time", _between(HORIZON_DAYS - days_left, HORIZON_DAYS), _time_sentence(days_left)),
        ("criticality", (criticality - 1) / 4, f"The asset is of criticality {criticality} of 5."),
    ]
    if cost_of_waiting is not None:
        value = _between(math.log(max(cost_of_waiting, CHEAP) / CHEAP), math.log(DEAR / CHEAP))
        known.append(("cost", value, f"Waiting a week costs about {cost_of_waiting:,.0f}."))
    total = sum(WEIGHTS[name] for name, _, _ in known)
    parts = [
        Part(
            name,
            value,
            WEIGHTS[name] / total,
            100 * certainty * value * WEIGHTS[name] / total,
            sentence,
        )
        for name, value, sentence in known
    ]
    return Rank(min(sum(part.points for part in parts), 100.0), _by_points(parts))


def _by_points(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: (-part.points, part.name)))


def _time_sentence(days: float) -> str:
    """
    >>> _time_sentence(-2.4), _time_sentence(0.4), _time_sentence(1.2)
    ('It was due 2 days ago.', 'It is due within a day.', 'It is due in 1 day.')
    """
    if 0 <= days < 1:
        return "It is due within a day."
    if days < 0:
        late = max(round(-days), 1)
        return f"It was due {late} day{'s' * (late != 1)} ago."
    left = round(days)
    return f"It is due in {left} day{'s' * (left != 1)}."


def _between(value: float, worst: float) -> float:
    return min(max(value / worst, 0.0), 1.0)
