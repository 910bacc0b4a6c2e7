"""What a short remaining life asks for: work before the machine is more likely broken than not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from assets.models import Asset
from forecasts.models import Confidence, FailureChance, LifePrediction
from forecasts.portfolio.lives import MONTH, Unit, chance_within
from forecasts.queries.current import current_lives, current_modes
from forecasts.queries.predictions import BY_READINGS
from maintenance.models import Recommendation, Urgency
from maintenance.services.advising import (
    DUE_WITHIN,
    Advice,
    Evidence,
    recommend_all,
    urgency_for,
    withdraw,
)

Source = Recommendation.Source
DAY = timedelta(days=1)
ASKS, GOES = 0.5, 0.3
"""Chances of a failure within 30 days from which advice comes, and below which it goes."""

SOON = 7.0
"""Days: where a failure within them is likely, too, the urgency is high, else medium."""

WORN = "end of life"
"""The failure mode where none is known to be the likeliest."""

LASTS = "It is expected to last longer again."
QUIET = timedelta(days=7)
MOST_DRIVERS = 3


def recommend_short_lives(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Ask for work on machines that are more likely than not to fail within 30 days.

    Of assets of one organization. Returns how many are new. A life that is known from the age
    alone, with low confidence, asks for nothing: half of all machines outlive the median.
    """
    ids = list(asset_ids)
    lives = {
        pk: life
        for pk, life in current_lives(ids, at).items()
        if life.confidence != Confidence.LOW or life.method == BY_READINGS
    }
    chances = {pk: _chance(life, MONTH) for pk, life in lives.items()}
    ours = Recommendation.objects.filter(asset__in=ids, source=Source.LIFE, anomalies__isnull=True)
    longer = [pk for pk in lives if chances[pk] < GOES]
    withdraw(rows=ours.filter(asset__in=longer), reason=LASTS, at=at)
    short = [pk for pk in lives if chances[pk] >= ASKS]
    if not short:
        return 0
    modes = current_modes(short, at)
    assets = Asset.objects.filter(pk__in=short, status=Asset.Status.IN_SERVICE)
    asked = dict(ours.live().filter(asset__in=short).values_list("asset", "failure_mode"))
    advice = [
        _advice(asset, lives[asset.pk], modes.get(asset.pk, []), asked.get(asset.pk), at)
        for asset in assets.select_related("site").order_by("pk")
    ]
    if not advice:
        return 0
    organization_id = advice[0].asset.organization_id
    return len(recommend_all(organization_id=organization_id, advice=advice, at=at))


def _chance(life: LifePrediction, days: float) -> float:
    return chance_within(Unit(quantiles=life.quantiles, open_ended=life.is_open), days)


def _advice(
    asset: Asset,
    life: LifePrediction,
    modes: list[FailureChance],
    asked: str | None,
    at: datetime,
) -> Advice:
    """`asked`: the failure mode that was advised before, which keeps its name."""
    base = Urgency.HIGH if _chance(life, SOON) >= ASKS else Urgency.MEDIUM
    urgency = urgency_for(base, asset.criticality)
    median, lower, upper = life.median_days, life.lower_days, life.upper_days
    assert median is not None  # noqa: S101 where there are quantiles
    assert lower is not None  # noqa: S101
    reason = (
        f"It is expected to run for about {median:.0f} more days, with {100 * life.level:.0f} %"
        f" certainty for {lower:.0f} to {upper:.0f} ({life.confidence} confidence)."
    )
    drivers = life.drivers[:MOST_DRIVERS]
    return Advice(
        asset=asset,
        failure_mode=asked or (modes[0].failure_mode if modes else WORN),
        source=Source.LIFE,
        detector=life.method,
        reason=" ".join([reason, *(driver["sentence"] for driver in drivers[:1])]),
        evidence=[
            Evidence(
                about="Remaining life",
                text=reason,
                value=round(median, 1),
                unit="days",
                url=asset.get_absolute_url(),
            ),
            *(
                Evidence(
                    about=f"Wear: {driver['name']}",
                    text=driver["sentence"],
                    value=driver.get("value"),
                    unit=driver.get("unit", ""),
                    url=asset.get_absolute_url(),
                )
                for driver in drivers
            ),
        ],
        urgency=urgency,
        suggested_due_at=min(at + DUE_WITHIN[urgency], at + max(lower, 1.0) * DAY),
        expected_at=at + median * DAY,
        quiet=QUIET,
    )
