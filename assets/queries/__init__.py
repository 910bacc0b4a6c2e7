"""Reads that join tables of the plant."""

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
    "Readings",
    "Resolution",
    "Series",
    "readings_after",
    "readings_from",
    "readings_until",
    "series",
    "series_of",
]
