"""An anomaly in plain words, and what it usually hints at. Pure: an event in, text out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, tzinfo

from anomalies.detectors.base import DOWNWARD, UPWARD, Channel
from anomalies.detectors.events import Event
from telemetry.quality.words import clock

FAILURE_MODES: tuple[tuple[str, frozenset[Channel], str], ...] = (
    ("vibration", UPWARD, "bearing wear"),
    ("bearing temperature", UPWARD, "bearing wear"),
    ("temperature", UPWARD, "overheating"),
    ("temperature", DOWNWARD, "loss of heat"),
    ("differential pressure", UPWARD, "fouling"),
    ("pressure", DOWNWARD, "leak"),
    ("pressure", UPWARD, "blockage"),
    ("flow", DOWNWARD, "leak"),
    ("current", UPWARD, "overload"),
    ("power", UPWARD, "overload"),
    ("level", DOWNWARD, "leak"),
)
"""The first row whose words are all in the quantity and whose channels hold the event's wins.

A hint for the planner, not a diagnosis: a symptom seldom has one cause (ISO 14224 lists several
failure mechanisms for each). `common_cause` weighs several sensors of one asset.
"""


UNKNOWN = "abnormal readings"
"""What an asset is checked for where no symptom hints at a failure mode: one check, not many."""


def failure_mode(quantity: str, channel: Channel) -> str:
    """The failure mode that one symptom hints at.

    >>> failure_mode("Vibration", Channel.HIGH), failure_mode("flow", Channel.LOW)
    ('bearing wear', 'leak')
    >>> failure_mode("Bearing temperature", Channel.DRIFT_UP)
    'bearing wear'
    >>> failure_mode("Torque", Channel.LOW)
    'abnormal torque'
    """
    plain = quantity.replace("_", " ").lower()
    for words, channels, mode in FAILURE_MODES:
        if words in plain and channel in channels:
            return mode
    return f"abnormal {plain}"


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure mode that several symptoms seen together on one asset hint at.

    symptoms: the modes that each of them hints at alone. category: part of the asset's category.
    """

    mode: str
    symptoms: frozenset[str]
    category: str = ""


CAUSES = (
    Cause("cavitation", frozenset({"leak", "bearing wear"}), "pump"),
    Cause("bearing wear", frozenset({"bearing wear", "overheating"})),
    Cause("overheating", frozenset({"overheating", "overload"})),
)


def common_cause(mode: str, others: Collection[str], category: str) -> Cause:
    """What explains a symptom together with the others of its asset; alone it explains itself.

    A pump that loses pressure and vibrates cavitates rather than leaks.

    >>> common_cause("leak", ["bearing wear"], "Pump").mode
    'cavitation'
    >>> common_cause("leak", ["bearing wear"], "gearbox").mode
    'leak'
    >>> common_cause("abnormal torque", ["abnormal speed"], "conveyor").mode
    'abnormal readings'
    """
    if mode.startswith("abnormal "):
        return Cause(UNKNOWN, frozenset({UNKNOWN}))
    seen = {mode, *others}
    for cause in CAUSES:
        if mode in cause.symptoms <= seen and cause.category in category.lower():
            return cause
    return Cause(mode, frozenset({mode}))


def explain(
    event: Event,
    *,
    quantity: str,
    unit: str,
    zone: tzinfo = UTC,
    per_hour: bool = False,
) -> str:
    """Two sentences: what was reached when, against what was expected; and how long it stayed.

    `per_hour` says that the values are a counter's rise per hour.

    >>> event = Event(start=0.0, end=19_200.0, peak_at=51_600.0, peak_value=7.9, expected=4.8,
    ...     peak_score=2.1, channel=Channel.HIGH, readings=33, is_open=False)
    >>> explain(event, quantity="vibration", unit="mm/s")
    'Vibration reached 7.9 mm/s on 1 Jan 1970, 14:20 UTC, 3.1 above the 4.8 expected for this time
    of day. It stayed high for 5 h 20 min.'
    """
    name = capital(quantity)
    unit = f"{unit}/h" if per_hour else unit
    value, expected, distance = _numbers(event)
    moment = clock(event.peak_at, zone)
    sized = f"{value} {unit}".strip()
    side = "above" if event.channel in UPWARD else "below"
    if event.channel in (Channel.DRIFT_UP, Channel.DRIFT_DOWN):
        way = "up" if event.channel is Channel.DRIFT_UP else "down"
        return (
            f"{name} has been drifting {way}: around {moment} it was at {sized}, {distance} {side} "
            f"the {expected} expected. {_lasting(event, 'off its usual course')}"
        )
    verb = "reached" if side == "above" else "fell to"
    word = "high" if side == "above" else "low"
    return (
        f"{name} {verb} {sized} on {moment}, {distance} {side} the {expected} expected for this "
        f"time of day. {_lasting(event, word)}"
    )


def duration(seconds: float) -> str:
    """
    >>> duration(20), duration(19_200), duration(200_000)
    ('less than a minute', '5 h 20 min', '2 days 7 h')
    """
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        named = f"{days} day{'s' * (days > 1)}"
        return f"{named} {hours} h" if hours else named
    parts = [f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0)
    return " ".join(parts)


def _lasting(event: Event, word: str) -> str:
    if event.seconds < 60:
        return "It is the first such reading." if event.is_open else "It was a single reading."
    verb = "It has been" if event.is_open else "It stayed"
    return f"{verb} {word} for {duration(event.seconds)}."


def _numbers(event: Event) -> tuple[str, str, str]:
    """Value, expected value and their distance, with as many decimals as the distance needs.

    The distance is that of the rounded numbers, so that a reader who checks finds it right.
    """
    distance = abs(event.peak_value - event.expected)
    decimals = 0
    while decimals < 6 and 0 < distance * 10**decimals < 9.5:
        decimals += 1
    value, expected = round(event.peak_value, decimals), round(event.expected, decimals)
    value_text, expected_text, distance_text = (
        f"{number + 0.0:,.{decimals}f}" for number in (value, expected, abs(value - expected))
    )
    return value_text, expected_text, distance_text


def capital(text: str) -> str:
    plain = text.replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]
