"""What the maintenance log of the demo plant tells of earlier years: failures, without readings."""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from assets.models import Asset, UptimeEvent
from forecasts.queries.lives import categories
from forecasts.services import lives, outcomes, predicting
from opssight.demo.noise import between
from opssight.demo.plant import Plant
from opssight.demo.scenario import FAULTS

LOGGED = timedelta(days=730)
LIVES = {"pump": 340.0, "fan": 700.0, "compressor": 450.0, "motor": 800.0}
"""Days after which 63 % of the machines of a category have failed."""

FAILING = {plan.tag for plan in FAULTS if plan.failure < 0}
DUE = timedelta(days=0.75)
"""For each day of `LIVES`."""

SHAPE = 2.5
"""Of the Weibull distribution of their lives: they wear out."""

_REASONS = {
    "pump": ("Mechanical seal leaking", "Bearing worn", "Impeller damaged"),
    "fan": ("Bearing worn", "Belt broken"),
    "compressor": ("Valve plate broken", "Bearing worn"),
    "motor": ("Winding fault", "Bearing worn"),
}


def create_failures(plant: Plant, assets: Mapping[str, Asset], *, before: datetime) -> None:
    """Write the stops of the years before the ledger: a log of stops alone, as most plants have."""
    UptimeEvent.objects.bulk_create(
        UptimeEvent(
            organization_id=assets[planned.tag].organization_id,
            asset=assets[planned.tag],
            state=UptimeEvent.State.DOWN,
            cause=UptimeEvent.Cause.FAILURE,
            reason=reason,
            started_at=start,
            ended_at=end,
        )
        for planned in plant.assets
        if planned.sensors and planned.category in LIVES
        for start, end, reason in _stops(planned.tag, planned.category, before)
        # What fails in the demo's weeks has run for about as long as its kind does.
        if planned.tag not in FAILING or start < before - DUE * LIVES[planned.category]
    )


def _stops(tag: str, category: str, before: datetime) -> Iterator[tuple[datetime, datetime, str]]:
    """How it failed, again and again: each life drawn for itself, the first one half over."""
    moment, number = before - LOGGED, 0
    reasons = _REASONS[category]
    while True:
        days = LIVES[category] * (-math.log(between(0, 1, "life", tag, number))) ** (1 / SHAPE)
        moment += timedelta(days=days * (between(0, 1, "begun", tag) if number == 0 else 1.0))
        down = timedelta(hours=between(3, 30, "down", tag, number))
        if moment + down >= before:
            return
        yield moment, moment + down, reasons[int(between(0, len(reasons), "why", tag, number))]
        moment, number = moment + down, number + 1


def foresee(*, organization_id: int, asset_ids: list[int], at: datetime) -> None:
    """What the nights and hours of a real plant do: learn lives, judge what was said, say anew."""
    for category in categories(organization_id):
        lives.learn_class(organization_id=organization_id, category=category, at=at)
    outcomes.score(asset_ids=asset_ids, at=at)
    predicting.predict(asset_ids=asset_ids, at=at)
