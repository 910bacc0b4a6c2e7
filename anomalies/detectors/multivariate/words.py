"""An anomaly of a machine in plain words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo

from anomalies.detectors.events import Event
from anomalies.detectors.explanation import duration
from anomalies.detectors.multivariate.contributions import Contribution
from telemetry.quality.words import clock

MOST_NAMED = 3

Names = Mapping[str, tuple[str, str]]
"""By channel: what to call it, and its unit."""


def explain_machine(
    event: Event, about: Sequence[Contribution], names: Names, zone: tzinfo = UTC
) -> str:
    """What is unusual together, each with its share; how far beyond the line, when, how long.

    >>> event = Event(start=0.0, end=19_200.0, peak_at=51_600.0, peak_value=5.2, expected=3.1,
    ...     peak_score=1.84, channel="high", readings=33, is_open=False)
    >>> about = [Contribution("7", 0.52, 5.2, 3.1, 4.0), Contribution("9", 0.31, 71.0, 70.2, 0.3)]
    >>> names = {"7": ("vibration_de", "mm/s"), "9": ("bearing_temperature", "°C")}
    >>> explain_machine(event, about, names)
    'Together unusual: vibration_de (52 %: 5.2 mm/s, where 3.1 go with the other sensors) and
    bearing_temperature (31 %). On 1 Jan 1970, 14:20 UTC the machine was as far from its ordinary
    running as 1.8 times the alarm line. It stayed so for 5 h 20 min.'
    """
    parts = [_part(one, *names.get(one.channel, (one.channel, ""))) for one in about[:MOST_NAMED]]
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]])) if parts else "sensors"
    lasting = (
        f" It {'has been' if event.is_open else 'stayed'} so for {duration(event.seconds)}."
        if event.seconds >= 60
        else ""
    )
    return (
        f"Together unusual: {listed}. On {clock(event.peak_at, zone)} the machine was as far from"
        f" its ordinary running as {event.peak_score:.1f} times the alarm line.{lasting}"
    )


def _part(one: Contribution, name: str, unit: str) -> str:
    share = f"{100 * one.share:.0f} %"
    if not one.side or one.value is None:
        return f"{name} ({share})"
    value, expected = _alike(one.value, one.expected)
    sized = f"{value} {unit}".strip()
    return f"{name} ({share}: {sized}, where {expected} go with the other sensors)"


def _alike(value: float, expected: float) -> tuple[str, str]:
    """Both with as many decimals as their distance needs."""
    decimals = 0
    while decimals < 6 and 0 < abs(value - expected) * 10**decimals < 9.5:
        decimals += 1
    one, other = (f"{round(number, decimals) + 0.0:,.{decimals}f}" for number in (value, expected))
    return one, other
