"""What the polymer line of the demo plant made, day by day: what OEE is told from."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from assets.models import Asset, ProductionRun
from opssight.demo.noise import between

LINE = ("CV-501", "CV-502", "CV-503", "CV-504")
# Two shifts, less the breaks. A bag of 25 kg needs three seconds at the planned speed.
_BEGINS, _HOURS, _BREAKS = time(6), 16, 45
_BAG_MINUTES = 0.05


def create_runs(assets: Mapping[str, Asset], *, since: datetime, until: datetime) -> None:
    """One run for each machine of the line and each day that lies within [since, until]."""
    ProductionRun.objects.bulk_create(
        run for tag in LINE for run in _runs(assets[tag], since, until)
    )


def _runs(asset: Asset, since: datetime, until: datetime) -> list[ProductionRun]:
    zone = ZoneInfo(asset.site.timezone)
    day = since.astimezone(zone).date()
    runs = []
    while (start := datetime.combine(day, _BEGINS, zone)) < until:
        end = start + timedelta(hours=_HOURS)
        planned = _HOURS * 60 - _BREAKS
        speed = between(0.82, 0.97, "speed", asset.tag, day)
        made = round(planned * speed / _BAG_MINUTES)
        if since <= start and end <= until:
            runs.append(
                ProductionRun(
                    organization_id=asset.organization_id,
                    asset=asset,
                    started_at=start,
                    ended_at=end,
                    planned_minutes=planned,
                    produced=made,
                    good=round(made * between(0.965, 0.998, "good", asset.tag, day)),
                    ideal_minutes=_BAG_MINUTES,
                )
            )
        day += timedelta(days=1)
    return runs
