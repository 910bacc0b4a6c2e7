"""A slow change in plain words. Pure: figures in, a sentence or two out."""

from dataclasses import dataclass
from datetime import date

from anomalies.detectors.explanation import capital
from telemetry.quality.words import sized

MONTH = 30
"""Days."""

FARTHEST = 3 * 365
"""Days ahead that are still worth a date."""


@dataclass(frozen=True, slots=True)
class Change:
    """Levels at its begin and now; `slope` per day, of a step 0; `until`: when it was over."""

    since: date
    before: float
    after: float
    slope: float
    until: date | None = None


def describe_change(
    change: Change,
    *,
    quantity: str,
    unit: str,
    limit: tuple[str, float] | None = None,
    reached: date | None = None,
) -> str:
    """What has changed since when, and when it reaches the limit (its name and value).

    >>> change = Change(date(2026, 9, 2), 2.1, 3.0, 0.01)
    >>> describe_change(change, quantity="vibration", unit="mm/s", limit=("high", 4.5),
    ...     reached=date(2027, 3, 12))
    'Vibration has risen by 0.3 mm/s a month since 2 Sep 2026 (from 2.1 to 3). At this pace it
    reaches its high limit of 4.5 mm/s on 12 Mar 2027.'
    >>> describe_change(Change(date(2026, 9, 2), 2.1, 3.0, 0.0), quantity="flow", unit="m³/h")
    'Flow has been 0.9 m³/h higher since 2 Sep 2026 (2.1 before, 3 since).'
    """
    name, is_up = capital(quantity), change.after > change.before
    before, after = sized(_near(change.before, change), ""), sized(_near(change.after, change), "")
    since = day(change.since)
    if not change.slope:
        size = sized(_short(change.after - change.before), unit)
        word = "higher" if is_up else "lower"
        return f"{name} has been {size} {word} since {since} ({before} before, {after} since)."
    size = sized(_short(change.slope * MONTH), unit)
    if change.until is not None:
        verb = "rose" if is_up else "fell"
        until = day(change.until)
        return (
            f"{name} {verb} by {size} a month from {since} to {until} (from {before} to {after})."
        )
    verb = "has risen" if is_up else "has fallen"
    text = f"{name} {verb} by {size} a month since {since} (from {before} to {after})."
    if limit is not None and reached is not None:
        text += (
            f" At this pace it reaches its {limit[0]} limit of {sized(limit[1], unit)}"
            f" on {day(reached)}."
        )
    return text


def day(when: date) -> str:
    """
    >>> day(date(2026, 9, 2))
    '2 Sep 2026'
    """
    return f"{when.day} {when:%b %Y}"


def _short(size: float) -> float:
    """With two digits."""
    return float(f"{abs(size):.2g}")


def _near(level: float, change: Change) -> float:
    """With as many decimals as the change has."""
    size = _short(change.after - change.before)
    decimals = 0
    while decimals < 6 and size and round(size, decimals) != size:
        decimals += 1
    return round(level, decimals)
