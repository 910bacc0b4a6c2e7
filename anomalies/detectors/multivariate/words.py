"""An anomaly of a machine in plain words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo

from anomalies.detectors.events import Event
from anomalies.detectors.explanation import duration
from anomalies.detectors.multivariate.contributions import Contribution
from telemetry.quality.words import clock

MOST_NAMED = 3

Names = Mapping[str, str]
"""By channel what to call it."""


def explain_machine(
    event: Event, about: Sequence[Contribution], names: Names, zone: tzinfo = UTC
) -> str:
    """What is unusual together, each with its share; how far beyond the line, when, how long.

    >>> event = Event(start=0.0, end=19_200.0, peak_at=51_600.0, peak_value=5.2, expected=3.1,
    ...     peak_score=1.84, channel="high", readings=33, is_open=False)
    >>> about = [Contribution("7", 0.52, 5.2, 3.1, 4.0), Contribution("9", 0.31, 71.0, 70.2, 0.3)]
    >>> explain_machine(event, about, {"7": "vibration_de", "9": "bearing_temperature"})
    'Together unusual: vibration_de (52 %, higher than goes with the other sensors) and
    bearing_temperature (31 %). The score of the machine was highest on 1 Jan 1970, 14:20 UTC, 1.8
    times the alarm line. It stayed above the line for 5 h 20 min.'
    """
    parts = [
        _part(one, names.get(one.channel, one.channel), first=not place)
        for place, one in enumerate(about[:MOST_NAMED])
    ]
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "sensors"
    lasting = (
        f" It {'has been' if event.is_open else 'stayed'} above the line for"
        f" {duration(event.seconds)}."
        if event.seconds >= 60
        else ""
    )
    return (
        f"Together unusual: {listed}. The score of the machine was highest on"
        f" {clock(event.peak_at, zone)}, {event.peak_score:.1f} times the alarm line.{lasting}"
    )


def _part(one: Contribution, name: str, *, first: bool) -> str:
    side = one.side and f", {one.side}{' than goes with the other sensors' if first else ''}"
    return f"{name} ({100 * one.share:.0f} %{side})"
