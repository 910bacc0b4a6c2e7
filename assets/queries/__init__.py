"""Reads that join tables of the plant."""

from assets.queries.aligned import Aligned, aligned, aligned_by_clock
from assets.queries.readings import (
    NO_READINGS,
    Readings,
    readings_after,
    readings_from,
    readings_until,
)
from assets.queries.series import Resolution, Series, series, series_of

__all__ = [
    "NO_READINGS",
    "Aligned",
    "Readings",
    "Resolution",
    "Series",
    "aligned",
    "aligned_by_clock",
    "readings_after",
    "readings_from",
    "readings_until",
    "series",
    "series_of",
]
