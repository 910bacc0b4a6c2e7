"""What is seen of a machine, from batch to batch: events of the whole, and what each is about."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from anomalies.detectors.base import CHANNELS, GAP_READINGS, Channel, Floats, Scores
from anomalies.detectors.events import Carried, Event, EventRule, events_in
from anomalies.detectors.multivariate.contributions import Contribution, contributions
from anomalies.detectors.multivariate.detector import AssetScores
from anomalies.detectors.multivariate.kernel import CALM
from anomalies.detectors.multivariate.model import AssetModel

CALM_ROWS = 12
"""An event is over after so many calm rows."""


def rule_for(step: float) -> EventRule:
    """Of rows of so many seconds. The score is smooth already: one row above the line opens."""
    return EventRule(
        open_after=1,
        calm=CALM,
        close_after=CALM_ROWS,
        gap=max(EventRule().gap, GAP_READINGS * step),
    )


@dataclass(frozen=True, slots=True)
class Ongoing:
    """What one batch hands to the next.

    channel        the one that stood out most at the peak
    told_as        the one that the event was last told by, as its peak was before
    value          what the channel read at the peak, in its unit
    expected       what went with the other channels then
    contributions  at the peak
    is_told_over   that it ended in silence has been told
    """

    carried: Carried = field(default_factory=Carried)
    channel: str = ""
    told_as: str = ""
    value: float = 0.0
    expected: float = 0.0
    contributions: tuple[Contribution, ...] = ()
    is_told_over: bool = False

    def to_json(self) -> dict[str, Any]:
        if self.carried.event is None:
            return {"carried": self.carried.to_json()}
        return {**asdict(self), "carried": self.carried.to_json()}

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> "Ongoing":
        """
        >>> Ongoing.from_json(Ongoing(Carried(last_time=5.0)).to_json()).carried.last_time
        5.0
        """
        if not raw:
            return cls()
        about = tuple(Contribution(**one) for one in raw.get("contributions", ()))
        carried = Carried.from_json(raw["carried"])
        return cls(**{**raw, "carried": carried, "contributions": about})


@dataclass(frozen=True, slots=True)
class Sighting:
    """An event of the machine that is new or changed.

    `event` has the value and the side of `channel`, which is judged by what goes with the others.
    `told_as`: the channel that it was told by in the batch before, empty for a new one.
    """

    event: Event
    channel: str
    told_as: str
    contributions: tuple[Contribution, ...]


def sightings(
    before: Ongoing,
    model: AssetModel,
    times: Floats,
    values: Floats,
    settings: Floats,
    scores: AssetScores,
    rule: EventRule,
) -> tuple[Ongoing, list[Sighting]]:
    """What to carry on, and the events of a batch of rows; see `score_rows` for the arrays.

    The same whether the rows come in one batch or in many.
    """
    carried, events = events_in(before.carried, times, _as_readings(scores, model.interval), rule)
    ongoing, found = before, []
    for event in events:
        ongoing = _described(ongoing, event, model, times, values, settings, scores)
        found.append(_sighting(ongoing, event))
    if carried.event is None:
        return Ongoing(carried), found
    told = replace(ongoing, carried=carried, told_as=ongoing.channel, is_told_over=False)
    return told, found


def over(ongoing: Ongoing) -> tuple[Ongoing, Sighting | None]:
    """The event in progress, told to be over: rows that still come would continue it."""
    event = ongoing.carried.event
    if event is None or ongoing.is_told_over:
        return ongoing, None
    ended = _sighting(ongoing, replace(event, is_open=False))
    return replace(ongoing, is_told_over=True), ended


def _as_readings(scores: AssetScores, interval: float) -> Scores:
    n = len(scores)
    nothing = np.zeros(n)
    high = np.full(n, CHANNELS.index(Channel.HIGH), dtype=np.int8)
    return Scores(
        score=scores.score,
        away=scores.score,
        observed=nothing,
        expected=nothing,
        scale=nothing,
        channel=high,
        judged=scores.judged,
        interval=np.full(n, interval),
    )


def _described(
    before: Ongoing,
    event: Event,
    model: AssetModel,
    times: Floats,
    values: Floats,
    settings: Floats,
    scores: AssetScores,
) -> Ongoing:
    """What the event is about: anew where it began or had its peak in this batch."""
    known = before.carried.event
    is_new = known is None or known.start != event.start
    if known is not None and not is_new and known.peak_at == event.peak_at:
        return before
    at = int(np.searchsorted(times, event.peak_at))
    about = contributions(model, scores.shares[at], values[at], settings[at])
    most = about[0]
    return Ongoing(
        carried=Carried(event),
        channel=most.channel,
        told_as="" if is_new else before.told_as,
        value=most.expected if most.value is None else most.value,
        expected=most.expected,
        contributions=tuple(about),
    )


def _sighting(ongoing: Ongoing, event: Event) -> Sighting:
    side = Channel.HIGH if ongoing.value >= ongoing.expected else Channel.LOW
    told = replace(event, peak_value=ongoing.value, expected=ongoing.expected, channel=side)
    return Sighting(told, ongoing.channel, ongoing.told_as, ongoing.contributions)


def as_json(about: Sequence[Contribution]) -> list[dict[str, Any]]:
    """For the anomaly: sensor id, share, value, expected value and direction of each."""
    return [
        {
            "sensor": int(one.channel),
            "share": round(one.share, 4),
            "value": one.value,
            "expected": one.expected,
            "side": one.side,
        }
        for one in about
    ]
