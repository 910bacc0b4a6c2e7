"""Comparisons with their lines, written as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from assets.models import Sensor
from opssight.accounts.models import User
from telemetry.models import Comparison, ComparisonLine

MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line to be: its sensor and, where it is aligned on an event, that event's time and name."""

    sensor: Sensor
    anchor_at: datetime | None = None
    anchor_label: str = ""


@transaction.atomic
def replace_lines(*, comparison: Comparison, lines: Sequence[Wanted], by: User) -> None:
    """Give the comparison these lines instead of those that the user sees.

    A line that lies outside of the user's part of the plant stays. Raises ValidationError.
    """
    _lock(comparison)
    ComparisonLine.objects.for_user(by).filter(comparison=comparison).delete()
    for wanted in lines:
        _add(comparison, wanted)


@transaction.atomic
def add_line(*, comparison: Comparison, wanted: Wanted) -> ComparisonLine:
    """Raises ValidationError where the comparison is full or has the line."""
    _lock(comparison)
    return _add(comparison, wanted)


def _lock(comparison: Comparison) -> None:
    """Two who add the last line come one after the other."""
    list(Comparison.objects.select_for_update().filter(pk=comparison.pk).values_list("pk"))


def _add(comparison: Comparison, wanted: Wanted) -> ComparisonLine:
    if comparison.lines.count() >= MOST_LINES:
        raise ValidationError(
            {"lines": f"A comparison has at most {MOST_LINES} lines. Remove one first."}
        )
    line = ComparisonLine(
        organization_id=comparison.organization_id,
        comparison=comparison,
        sensor=wanted.sensor,
        anchor_at=wanted.anchor_at,
        anchor_label=wanted.anchor_label,
    )
    line.validate_constraints()
    line.save()
    return line
