"""Services that include smaller ones: the annual service does the work of the monthly one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Service:
    """One schedule: the larger one that includes it, when it is due, and for how long that is.

    due: of its open order, or else its next date; None while it calls for nothing. A larger
    service that is due within `absorb` of it, before or after, does its work too.
    """

    larger: int | None
    due: datetime | None
    absorb: timedelta
    has_order: bool = False


def absorber(number: int, services: Mapping[int, Service]) -> int | None:
    """The larger service that stands in for this one now; None: it makes an order of its own.

    One that is itself absorbed, and has no order, stands in for nobody: then a still larger one
    may, when it is near enough. Services that include each other do not exist.

    >>> day = lambda number: datetime(2026, 3, number)
    >>> week = timedelta(days=7)
    >>> plan = {1: Service(2, day(1), week), 2: Service(3, day(7), week),
    ...     3: Service(None, day(12), week)}
    >>> absorber(2, plan), absorber(1, plan)
    (3, None)
    """
    own = services[number]
    larger = own.larger
    while own.due is not None and larger is not None and larger in services:
        other = services[larger]
        if (
            other.due is not None
            and abs(other.due - own.due) <= own.absorb
            and (other.has_order or absorber(larger, services) is None)
        ):
            return larger
        larger = other.larger
    return None
