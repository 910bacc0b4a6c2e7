"""Numbers and times as people read them."""

from datetime import datetime, tzinfo


def sized(value: float, unit: str) -> str:
    """
    >>> sized(12.3456, "mm/s"), sized(1480.0, "")
    ('12.35 mm/s', '1480')
    """
    return f"{value:.4g} {unit}".strip()


def clock(seconds: float, zone: tzinfo) -> str:
    """
    >>> from datetime import UTC
    >>> clock(51_600.0, UTC)
    '1 Jan 1970, 14:20 UTC'
    """
    moment = datetime.fromtimestamp(seconds, zone)
    return f"{moment.day} {moment:%b %Y, %H:%M} {moment.tzname()}"
