"""Reads that join tables of the plant."""

from assets.queries.readings import (
    NO_READINGS,
    Readings,
    Series,
    readings_after,
    readings_from,
    readings_until,
    series,
    series_of,
)

__all__ = [
    "NO_READINGS",
    "Readings",
    "Series",
    "readings_after",
    "readings_from",
    "readings_until",
    "series",
    "series_of",
]
