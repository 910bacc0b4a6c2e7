"""What was last said of how long assets live on, and of how likely they fail."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Q

from forecasts.models import FailureChance, LifePrediction

BY_READINGS = "Wear in its readings"
"""The method of a prediction that rests on more than the age."""


def latest_lives(
    asset_ids: Iterable[int], *, since: datetime | None = None
) -> dict[int, LifePrediction]:
    """The newest prediction of each asset by its id, also where it is that there is no number.

    since: those made before are too old to count; their assets are absent.
    """
    rows = LifePrediction.objects.filter(_young(since), asset__in=list(asset_ids))
    return {row.asset_id: row for row in rows.order_by("asset_id", "-day").distinct("asset_id")}


def latest_chances(
    asset_ids: Iterable[int], *, since: datetime | None = None
) -> dict[int, FailureChance]:
    """The newest chances to fail in any way of each asset by its id; absent where none was said."""
    rows = FailureChance.objects.filter(
        _young(since), asset__in=list(asset_ids), failure_mode=""
    ).order_by("asset_id", "-day")
    return {row.asset_id: row for row in rows.distinct("asset_id")}


def latest_modes(
    asset_ids: Iterable[int], *, since: datetime | None = None
) -> dict[int, list[FailureChance]]:
    """The newest chances by failure mode of each asset by its id, the likeliest first."""
    rows = FailureChance.objects.filter(_young(since), asset__in=list(asset_ids))
    newest = rows.order_by("asset_id").values("asset_id").annotate(newest=Max("day"))
    days = dict(newest.values_list("asset_id", "newest"))
    found: dict[int, list[FailureChance]] = defaultdict(list)
    of_modes = rows.filter(day__in=set(days.values())).exclude(failure_mode="")
    for row in of_modes.order_by("-p_30d", "failure_mode"):
        if row.day == days[row.asset_id]:
            found[row.asset_id].append(row)
    return dict(found)


def _young(since: datetime | None) -> Q:
    return Q() if since is None else Q(made_at__gte=since)
