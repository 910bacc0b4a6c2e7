"""Times and hours as a planner reads them."""

from datetime import datetime, tzinfo

from maintenance.dispatching.times import Span


def moment(at: datetime, zone: tzinfo) -> str:
    """Such as `Tue 24 Nov 08:00`, on the clock of the zone.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 11, 24, 8, tzinfo=UTC), UTC)
    'Tue 24 Nov 08:00'
    """
    return f"{at.astimezone(zone):%a %-d %b %H:%M}"


def slot(span: Span, zone: tzinfo) -> str:
    """From when to when, the day once where it is one.

    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 24, tzinfo=UTC)
    >>> slot((day.replace(hour=8), day.replace(hour=10)), UTC)
    'Tue 24 Nov 08:00–10:00'
    >>> slot((day.replace(hour=8), day.replace(day=25, hour=12)), UTC)
    'Tue 24 Nov 08:00 to Wed 25 Nov 12:00'
    """
    start, end = (at.astimezone(zone) for at in span)
    if start.date() == end.date():
        return f"{moment(start, zone)}–{end:%H:%M}"
    return f"{moment(start, zone)} to {moment(end, zone)}"


def hours(minutes: float) -> str:
    """Hours with one digit where it matters.

    >>> hours(750), hours(120), hours(0)
    ('12.5', '2', '0')
    """
    return f"{minutes / 60:.1f}".removesuffix(".0")


def length(minutes: float) -> str:
    """A duration: minutes below one hour, else hours.

    >>> length(45), length(90)
    ('45 min', '1.5 h')
    """
    return f"{minutes:.0f} min" if minutes < 60 else f"{hours(minutes)} h"
