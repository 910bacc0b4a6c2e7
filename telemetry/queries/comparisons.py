"""What a comparison shows: its lines, scaled and aligned, and the events to align them on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from assets.binary import Floats
from assets.models import Asset, UptimeEvent
from assets.queries import Aligned, Series, aligned
from assets.queries.series import EPOCH, points_of
from maintenance.models import WorkOrder
from opssight.accounts.models import User
from telemetry.models import Comparison, ComparisonLine

MAX_POINTS = 800
MOST_EVENTS = 50
UNITS = {Comparison.Scale.RANGE: "%", Comparison.Scale.DEVIATION: "σ"}


@dataclass(frozen=True)
class Event:
    """Something that happened to an asset, on which its lines can be aligned."""

    at: datetime
    label: str


@dataclass(frozen=True)
class Shown:
    """A line as it is drawn: points as `points_of` gives them; its figures in its own unit.

    The figures are None where nothing came.
    """

    line: ComparisonLine
    label: str
    unit: str
    points: list[list[Any]] = field(default_factory=list)
    count: int = 0
    low: float | None = None
    mean: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Overlay:
    """Lines over each other. around: x is in seconds from the event of each, else ms since 1970.

    unit: that of all lines once they are scaled, None where each has its own.
    waiting: lines whose event nobody has chosen. window: from which to which x is shown.
    """

    lines: list[Shown]
    waiting: list[ComparisonLine]
    around: bool
    unit: str | None
    width: timedelta | None
    window: tuple[float, float]


def lines_of(comparison: Comparison, user: User) -> list[ComparisonLine]:
    """The lines whose sensors the user may see."""
    rows = ComparisonLine.objects.for_user(user).filter(comparison=comparison)
    return list(rows.select_related("sensor__asset").order_by("pk"))


def overlay(
    comparison: Comparison,
    lines: Sequence[ComparisonLine],
    closer: tuple[float, float] | None = None,
) -> Overlay:
    """The lines as the comparison lays them over each other.

    closer: from which to which x the points are wanted, more finely. Figures and scales stay those
    of the whole window.
    """
    around = comparison.align == Comparison.Align.EVENT
    whole = _window(comparison)
    ready = [line for line in lines if line.anchor_at or not around]
    waiting = [line for line in lines if line not in ready]
    unit = UNITS.get(Comparison.Scale(comparison.scale))
    window = _within(closer, whole) if closer else whole
    if not ready:
        return Overlay([], waiting, around, unit, None, window)
    found = _aligned(comparison, ready, whole)
    drawn = found if window == whole else _aligned(comparison, ready, window)
    shown = [
        _shown(comparison, line, series, closely)
        for line, series, closely in zip(ready, found.series, drawn.series, strict=True)
    ]
    return Overlay(shown, waiting, around, unit, drawn.width, window)


def events_of(asset: Asset, user: User) -> list[Event]:
    """The last failures and completed work orders of the asset, newest first."""
    failures = UptimeEvent.objects.for_user(user).filter(
        asset=asset, cause=UptimeEvent.Cause.FAILURE
    )
    orders = WorkOrder.objects.for_user(user).filter(lines__asset=asset, status__in=WorkOrder.DONE)
    events = [
        Event(row.started_at, f"Failure: {row.reason}" if row.reason else "Failure")
        for row in failures.order_by("-started_at")[:MOST_EVENTS]
    ]
    events += [
        Event(row.completed_at, f"{row.number} {row.title}"[:200])
        for row in orders.order_by("-completed_at").distinct()[:MOST_EVENTS]
        if row.completed_at is not None
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _axis(comparison: Comparison, line: ComparisonLine | None = None) -> tuple[datetime, timedelta]:
    """Where x of a line is 0, and what 1 is."""
    if comparison.align == Comparison.Align.CLOCK:
        return EPOCH, timedelta(milliseconds=1)
    return (line.anchor_at if line and line.anchor_at else EPOCH), timedelta(seconds=1)


def _window(comparison: Comparison) -> tuple[float, float]:
    """From which to which x the comparison reaches."""
    since, unit = _axis(comparison)
    if comparison.align == Comparison.Align.CLOCK and comparison.start:
        begin = (comparison.start - since) / unit
    else:
        begin = -comparison.before / unit
    return begin, begin + comparison.length / unit


def _within(wanted: tuple[float, float], whole: tuple[float, float]) -> tuple[float, float]:
    """What of the whole is wanted; the whole where that is nothing."""
    low, high = max(wanted[0], whole[0]), min(wanted[1], whole[1])
    return (low, high) if low < high else whole


def _aligned(
    comparison: Comparison, lines: Sequence[ComparisonLine], window: tuple[float, float]
) -> Aligned:
    windows = []
    for line in lines:
        since, unit = _axis(comparison, line)
        windows.append((line.sensor_id, since + window[0] * unit))
    length = (window[1] - window[0]) * _axis(comparison)[1]
    by_clock = comparison.align == Comparison.Align.CLOCK
    return aligned(windows, length, MAX_POINTS, by_clock=by_clock)


def _shown(comparison: Comparison, line: ComparisonLine, series: Series, closely: Series) -> Shown:
    """The figures and the scale of `series`, the points of `closely`."""
    sensor = line.sensor
    label = f"{sensor.asset.tag} {sensor.key}"
    if comparison.align == Comparison.Align.EVENT and line.anchor_at:
        label = f"{label}, {line.anchor_label or f'{line.anchor_at:%Y-%m-%d %H:%M}'}"
    if not len(series):
        return Shown(line, label, sensor.unit)
    since, unit = _axis(comparison, line)
    return Shown(
        line=line,
        label=label,
        unit=sensor.unit,
        points=points_of(closely, since=since, unit=unit, scale=_scale(comparison, series)),
        count=int(series.counts.sum()),
        low=float(series.low.min()),
        mean=float(np.average(series.mean, weights=series.counts)),
        high=float(series.high.max()),
    )


def _scale(comparison: Comparison, series: Series) -> Callable[[Floats], Floats] | None:
    """What makes lines of different units comparable; one that never moves is drawn at 0.

    range: from the lowest (0) to the highest value (100) in the window. deviation: how many
    standard deviations of the drawn means a value lies from their mean (z-score), both weighted
    by how many readings there are.
    """
    if comparison.scale == Comparison.Scale.OWN:
        return None
    if comparison.scale == Comparison.Scale.RANGE:
        middle = float(series.low.min())
        size = (float(series.high.max()) - middle) / 100
    else:
        middle = float(np.average(series.mean, weights=series.counts))
        spread = np.average((series.mean - middle) ** 2, weights=series.counts)
        size = float(np.sqrt(spread))
    return lambda values: (values - middle) / size if size > 0 else values * 0
