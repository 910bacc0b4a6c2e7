"""An alarm of a limit in plain words. Pure: an event in, a sentence out."""

from datetime import UTC, tzinfo

from anomalies.detectors.events import Event
from anomalies.detectors.explanation import capital, duration
from anomalies.limits.levels import Direction, Raised
from telemetry.quality.words import clock, sized


def describe_level(
    raised: Raised, rule: Direction, *, quantity: str, unit: str, zone: tzinfo = UTC
) -> str:
    """One sentence, and a second one where it went beyond the outer limit, too.

    >>> from anomalies.detectors.base import Channel
    >>> from anomalies.detectors.events import Severity
    >>> from anomalies.limits.levels import Line
    >>> rule = Direction((Line(7.1, Severity.HIGH, "high"), Line(11.0, Severity.CRITICAL)))
    >>> event = Event(start=51_600.0, end=54_000.0, peak_at=52_000.0, peak_value=8.3, expected=7.1,
    ...     peak_score=1.2, channel=Channel.HIGH, readings=9)
    >>> describe_level(Raised(event, 1), rule, quantity="vibration", unit="mm/s")
    'Vibration rose above the high limit of 7.1 mm/s on 1 Jan 1970, 14:20 UTC and has been there
    for 40 min; the highest was 8.3.'
    """
    event = raised.event
    verb, peak = ("fell below", "lowest") if rule.is_low else ("rose above", "highest")
    limit = f"{rule.lines[0].name} limit of {sized(event.expected, unit)}"
    text = (
        f"{capital(quantity)} {verb} the {limit} on {clock(event.start, zone)}"
        f"{_lasting(event)}; the {peak} was {sized(event.peak_value, '')}."
    )
    if 1 < raised.reached <= len(rule.lines):
        outer = rule.lines[raised.reached - 1]
        text += f" It went beyond the {outer.name} limit of {sized(outer.value, unit)}, too."
    return text


def describe_rate(
    raised: Raised,
    rule: Direction,
    *,
    quantity: str,
    unit: str,
    window: float,
    zone: tzinfo = UTC,
) -> str:
    """One sentence; the values of the event are changes per hour over `window` seconds.

    >>> from anomalies.detectors.base import Channel
    >>> from anomalies.detectors.events import Severity
    >>> from anomalies.limits.levels import Line
    >>> rule = Direction((Line(-10.0, Severity.MEDIUM),), is_low=True)
    >>> event = Event(start=51_600.0, end=51_600.0, peak_at=51_600.0, peak_value=-14.0,
    ...     expected=-10.0, peak_score=1.2, channel=Channel.LOW, readings=1, is_open=False)
    >>> describe_rate(Raised(event, 1), rule, quantity="temperature", unit="°C", window=3600.0)
    'Temperature fell faster than 10 °C per hour on 1 Jan 1970, 14:20 UTC, in a single reading; over
    1 h the fastest was 14.'
    """
    event = raised.event
    verb = "fell" if rule.is_low else "rose"
    limit = f"{sized(abs(event.expected), unit)} per hour"
    return (
        f"{capital(quantity)} {verb} faster than {limit} on {clock(event.start, zone)}"
        f"{_lasting(event, 'has done so')}; over {duration(window)} the fastest was "
        f"{sized(abs(event.peak_value), '')}."
    )


def _lasting(event: Event, been: str = "has been there") -> str:
    if event.seconds < 60:
        return "" if event.is_open else ", in a single reading"
    if event.is_open:
        return f" and {been} for {duration(event.seconds)}"
    return f" for {duration(event.seconds)}"
