"""From when to when readings are asked for, as how many points, made of what."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from assets.queries import Resolution
from opssight.core.api.fields import UtcDateTimeField

MOST_POINTS = 2_000
DEFAULT_SPAN = timedelta(days=7)
AUTO = "auto"
RESOLUTIONS = [AUTO, *Resolution]
PARAMETERS = [
    OpenApiParameter("from", datetime, description="Default: 7 days before `to`."),
    OpenApiParameter("to", datetime, description="Default: now."),
    OpenApiParameter(
        "max_points",
        {"type": "integer", "minimum": 1, "maximum": MOST_POINTS},
        description=f"Of a sensor, at most. Default {MOST_POINTS}.",
    ),
    OpenApiParameter(
        "resolution",
        {"type": "string", "enum": RESOLUTIONS},
        description=(
            "What points are made of: single readings (`raw`), or the kept figures of hours or days"
            " (UTC). Default `auto`: what fits the window."
        ),
    ),
]


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end). resolution: None for what fits."""

    start: datetime
    end: datetime
    max_points: int
    resolution: Resolution | None


def window_of(request: Request, *, at: datetime) -> Window:
    """What the query string asks for. Raises ValidationError."""
    end = time_of(request, "to") or at
    start = time_of(request, "from") or end - DEFAULT_SPAN
    if start >= end:
        raise ValidationError({"from": ["It must lie before `to`."]}, code="rule")
    return Window(start, end, _points(request), _resolution(request))


def time_of(request: Request, name: str) -> datetime | None:
    """A time in the query string; None without it. Raises ValidationError."""
    text = request.query_params.get(name)
    if text is None:
        return None
    # A plus sign that was not escaped arrives as a blank.
    written = text.replace(" ", "+") if "T" in text else text
    try:
        time = parse_datetime(written)
        if time is not None and time.utcoffset() is None:
            time = timezone.make_aware(time)
    except (ValueError, OverflowError):
        time = None
    if time is None:
        message = f"{text[:40]!r} is not a time such as 2026-03-01T12:00:00Z."
        raise ValidationError({name: [message]})
    # With a day to spare for what is added and for time zones.
    if not UtcDateTimeField.YEARS.start <= time.year < UtcDateTimeField.YEARS.stop:
        year = UtcDateTimeField.default_error_messages["year"]
        raise ValidationError({name: [year]}, code="year")
    return time


def _points(request: Request) -> int:
    text = request.query_params.get("max_points", str(MOST_POINTS))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_POINTS):
        raise ValidationError({"max_points": [f"Use a whole number from 1 to {MOST_POINTS}."]})
    return int(text)


def _resolution(request: Request) -> Resolution | None:
    text = request.query_params.get("resolution", AUTO)
    if text not in RESOLUTIONS:
        raise ValidationError({"resolution": [f"Use one of {', '.join(RESOLUTIONS)}."]})
    return None if text == AUTO else Resolution(text)
