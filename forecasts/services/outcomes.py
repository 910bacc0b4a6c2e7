"""Judge what was said of machines once it is known what came. Workers alone import it."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from forecasts.models import FailureChance, LifePrediction
from forecasts.queries import lives
from forecasts.queries.lives import Failure, Recorded

HORIZONS = {
    "failed_24h": timedelta(days=1),
    "failed_7d": timedelta(days=7),
    "failed_30d": timedelta(days=30),
}
NAMED_WITHIN = timedelta(days=30)
"""How it failed is known once the repair is on record; after so long nobody will say."""

DAY = timedelta(days=1)


@transaction.atomic
def score(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Judge what was said of these assets by what was on record at a moment. Returns how many.

    Safe to run twice. A life that was renewed before it failed tells nothing of when it would have:
    its predictions are done with, and count for nothing.
    """
    ids = list(asset_ids)
    # Locked in one order, so that two that run at once take turns.
    said = list(
        LifePrediction.objects.select_for_update(of=("self",))
        .filter(asset__in=ids, scored_at=None, quantiles__isnull=False, made_at__lt=at)
        .order_by("pk")
    )
    chances = list(
        FailureChance.objects.select_for_update(of=("self",))
        .filter(asset__in=ids, scored_at=None, made_at__lt=at)
        .order_by("pk")
    )
    open_ids = {row.asset_id for row in said} | {row.asset_id for row in chances}
    known = lives.recorded(open_ids, at)
    judged = [row for row in said if _judge(row, known[row.asset_id], at)]
    LifePrediction.objects.bulk_update(
        judged, ["came_at", "error_days", "inside", "scored_at"], batch_size=500
    )
    told = [row for row in chances if _judge_chance(row, known[row.asset_id], at)]
    FailureChance.objects.bulk_update(told, [*HORIZONS, "scored_at"], batch_size=500)
    return len(judged) + len(told)


def _next(known: Recorded, made_at: datetime) -> tuple[Failure | None, datetime | None]:
    """The first failure and the first renewal after a moment."""
    failure = next((one for one in known.failures if one.at > made_at), None)
    place = bisect_right(known.renewals, made_at)
    return failure, known.renewals[place] if place < len(known.renewals) else None


def _judge(row: LifePrediction, known: Recorded, at: datetime) -> bool:
    """Whether its life has ended, which is then written into it."""
    failure, renewal = _next(known, row.made_at)
    if failure is not None and (renewal is None or failure.at <= renewal):
        left = (failure.at - row.made_at) / DAY
        row.came_at = failure.at
        row.error_days = round((row.median_days or 0.0) - left, 3)
        row.inside = (row.lower_days or 0.0) <= left <= (row.upper_days or 0.0)
    elif renewal is None:
        return False
    row.scored_at = at
    return True


def _judge_chance(row: FailureChance, known: Recorded, at: datetime) -> bool:
    """Whether anything of it has become known, which is then written into it."""
    failure, renewal = _next(known, row.made_at)
    if row.failure_mode and failure is not None and not failure.mode:
        if at < failure.at + NAMED_WITHIN:
            return False
        row.scored_at = at
        return True
    changed, is_done = False, True
    for name, horizon in HORIZONS.items():
        if getattr(row, name) is None:
            is_known, outcome = _outcome(row, row.made_at + horizon, failure, renewal, at)
            setattr(row, name, outcome)
            changed, is_done = changed or outcome is not None, is_done and is_known
    if is_done:
        row.scored_at = at
    return changed or is_done


def _outcome(
    row: FailureChance,
    end: datetime,
    failure: Failure | None,
    renewal: datetime | None,
    at: datetime,
) -> tuple[bool, bool | None]:
    """Whether it is settled if it failed by `end`, and whether it did; None: nobody will know."""
    if failure is not None and failure.at <= end and (not renewal or failure.at <= renewal):
        return True, not row.failure_mode or failure.mode == row.failure_mode
    if renewal is not None and renewal <= end:
        return True, None
    return at >= end, False if at >= end else None
