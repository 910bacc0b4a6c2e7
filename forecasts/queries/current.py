"""What is said of assets now: predictions that are young, and older than no repair since."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max

from forecasts.models import Confidence, FailureChance, LifePrediction
from forecasts.queries.predictions import (
    BY_READINGS,
    latest_chances,
    latest_lives,
    latest_modes,
)
from maintenance.models import MaintenanceRecord, MaintenanceType

VALID = timedelta(days=2)
"""What was last said longer ago is no longer used."""

REPAIRS = (
    MaintenanceType.CORRECTIVE,
    MaintenanceType.EMERGENCY,
    MaintenanceType.PREDICTIVE,
    MaintenanceType.CONDITION_BASED,
)
"""Work after which a machine is another one than it was said of; the next prediction counts."""


def is_calibrated(row: LifePrediction | FailureChance) -> bool:
    """Whether it knows the condition of the machine, from enough failures to be held to it.

    What the age alone says is true of its kind, and blind to a machine that is about to fail.
    """
    return row.method == BY_READINGS and row.confidence != Confidence.LOW


def current_lives(asset_ids: Iterable[int], at: datetime) -> dict[int, LifePrediction]:
    """By asset id, only those with a number; two queries."""
    found = latest_lives(asset_ids, since=at - VALID)
    repaired = _repaired(found, at)
    return {
        pk: row
        for pk, row in found.items()
        if row.quantiles is not None and not _is_before(row, repaired)
    }


def current_chances(asset_ids: Iterable[int], at: datetime) -> dict[int, FailureChance]:
    """To fail in any way, by asset id; two queries."""
    found = latest_chances(asset_ids, since=at - VALID)
    repaired = _repaired(found, at)
    return {pk: row for pk, row in found.items() if not _is_before(row, repaired)}


def current_modes(asset_ids: Iterable[int], at: datetime) -> dict[int, list[FailureChance]]:
    """By failure mode, the likeliest first, by asset id; three queries."""
    found = latest_modes(asset_ids, since=at - VALID)
    repaired = _repaired(found, at)
    return {pk: rows for pk, rows in found.items() if not _is_before(rows[0], repaired)}


def _repaired(asset_ids: Iterable[int], at: datetime) -> dict[int, datetime]:
    """The last repair of each within the time that counts."""
    work = MaintenanceRecord.objects.filter(
        asset__in=list(asset_ids),
        maintenance_type__in=REPAIRS,
        completed_at__gt=at - VALID,
        completed_at__lte=at,
    )
    rows = work.order_by().values_list("asset").annotate(last=Max("completed_at"))
    return dict(rows)


def _is_before(row: LifePrediction | FailureChance, repaired: dict[int, datetime]) -> bool:
    last = repaired.get(row.asset_id)
    return last is not None and row.made_at < last
