"""What forecasts and risk ask for: work before a limit is reached, or where risk keeps rising."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from anomalies.detectors.base import Channel
from anomalies.services.recording import advised_mode
from assets.models import Asset, Sensor
from forecasts import queries, risk
from forecasts.models import Forecast, RiskScore
from forecasts.queries import Crossing
from maintenance.models import Recommendation, Urgency
from maintenance.services.advising import (
    DUE_WITHIN,
    Advice,
    Evidence,
    recommend_all,
    urgency_for,
    withdraw,
)
from telemetry.quality.words import clock

Source = Recommendation.Source
QUIET = timedelta(days=7)
"""A dismissed forecast, or risk, does not ask again for a week: both are made anew all the time."""

VALID = timedelta(hours=48)
SOON = timedelta(hours=12)
"""A limit that is reached within this time makes the urgency high, later: medium."""

NOT_REACHED = "The forecast does not reach the limit any more."

RISING = "rising risk"
RISE = 10.0
"""Points that the risk must have risen within `TREND` to be called rising."""

TREND = timedelta(days=7)
CALM = 0.75 * risk.HIGH
"""Advice for a risk goes once it is below this; somewhat lower than where it came."""

CALM_AGAIN = "The risk of the asset has fallen again."


def recommend_crossings(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Ask for work where the newest forecast of a sensor reaches one of its limits.

    Of assets of one organization. Joins what anomalies say of the same failure mode. Returns how
    many are new. Advice that rests on the forecast alone goes when it does not reach it any more.
    """
    ids = list(asset_ids)
    ahead = (
        Forecast.objects.filter(
            asset__in=ids,
            asset__status=Asset.Status.IN_SERVICE,
            sensor__is_active=True,
            starts_at__gt=at - VALID,
            starts_at__lte=at + queries.STEP,
        )
        .order_by("sensor_id", "-starts_at")
        .distinct("sensor_id")
        .select_related("sensor__asset__site", "sensor__limits")
    )
    advice: dict[tuple[int, str], Advice] = {}
    for forecast in ahead:
        found = [
            (crossing.likely, crossing)
            for crossing in queries.crossings(forecast, forecast.sensor)
            if crossing.likely is not None and crossing.likely > at
        ]
        if found:
            likely, crossing = min(found, key=lambda pair: pair[0])
            one = _advice_of_crossing(forecast, crossing, likely, at)
            earlier = advice.get(one.key)
            advice[one.key] = _both(earlier, one) if earlier else one
    ours = Recommendation.objects.filter(
        asset__in=ids, source=Source.FORECAST, anomalies__isnull=True
    )
    gone = [
        pk
        for pk, asset_id, mode in ours.live().values_list("pk", "asset", "failure_mode")
        if (asset_id, mode) not in advice
    ]
    withdraw(rows=Recommendation.objects.filter(pk__in=gone), reason=NOT_REACHED, at=at)
    return _recommend(list(advice.values()), at)


def recommend_rising_risk(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Ask for a look where the risk is high and rising, and nothing else asks for work yet.

    Of assets of one organization. Returns how many are new.
    """
    ids = list(asset_ids)
    rows = Recommendation.objects.filter(asset__in=ids)
    asked = set(rows.live().exclude(failure_mode=RISING).values_list("asset", flat=True))
    newest = (
        RiskScore.objects.filter(asset__in=ids, asset__current_risk__gte=risk.HIGH)
        .exclude(asset__in=asked)
        .exclude(asset__status=Asset.Status.RETIRED)
        .select_related("asset__site")
        .order_by("asset_id", "-day")
        .distinct("asset_id")
    )
    scores = list(newest)
    before = _scores_before(scores)
    advice = [
        _advice_of_risk(row, before[row.asset_id], at)
        for row in scores
        if row.asset_id in before and row.score - before[row.asset_id] >= RISE
    ]
    calm = rows.filter(source=Source.RISK, asset__current_risk__lt=CALM)
    withdraw(rows=calm, reason=CALM_AGAIN, at=at)
    return _recommend(advice, at)


def _recommend(advice: Sequence[Advice], at: datetime) -> int:
    if not advice:
        return 0
    organization_id = advice[0].asset.organization_id
    return len(recommend_all(organization_id=organization_id, advice=advice, at=at))


def _advice_of_crossing(
    forecast: Forecast, found: Crossing, likely: datetime, at: datetime
) -> Advice:
    sensor, asset = forecast.sensor, forecast.sensor.asset
    upward = found.is_upward
    base = Urgency.HIGH if likely - at <= SOON else Urgency.MEDIUM
    urgency = urgency_for(base, asset.criticality)
    evidence = _evidence(sensor, found, likely)
    return Advice(
        asset=asset,
        failure_mode=advised_mode(sensor, Channel.HIGH if upward else Channel.LOW),
        source=Source.FORECAST,
        detector=forecast.method,
        reason=evidence["text"],
        evidence=[evidence],
        urgency=urgency,
        suggested_due_at=min(at + DUE_WITHIN[urgency], likely),
        expected_at=likely,
        quiet=QUIET,
    )


def _evidence(sensor: Sensor, found: Crossing, likely: datetime) -> Evidence:
    zone = sensor.asset.site.zone
    limit = f"{found.limit:g} {sensor.unit}".strip()
    text = (
        f"{sensor.key} is forecast to reach its {found.name} limit of {limit}"
        f" on {clock(likely.timestamp(), zone)}"
    )
    if found.possible < likely:
        text += f", and may do so from {clock(found.possible.timestamp(), zone)} on"
    return Evidence(
        about=f"Forecast of {sensor.key}",
        text=f"{text}.",
        value=found.limit,
        unit=sensor.unit,
        url=sensor.asset.get_absolute_url(),
    )


def _both(one: Advice, other: Advice) -> Advice:
    """Two sensors of an asset that say the same: the earlier one speaks, with both as evidence."""
    first, second = sorted(
        (one, other), key=lambda advice: advice.expected_at or advice.suggested_due_at
    )
    return Advice(
        asset=first.asset,
        failure_mode=first.failure_mode,
        source=first.source,
        detector=first.detector,
        reason=first.reason,
        evidence=[*first.evidence, *second.evidence],
        urgency=first.urgency,
        suggested_due_at=first.suggested_due_at,
        expected_at=first.expected_at,
        quiet=first.quiet,
    )


def _scores_before(scores: Sequence[RiskScore]) -> dict[int, float]:
    """The score a week before each of these, or the last one earlier; by asset id, in one query."""
    if not scores:
        return {}
    line = max(row.day for row in scores) - TREND
    rows = RiskScore.objects.filter(asset__in=[row.asset_id for row in scores], day__lte=line)
    return dict(
        rows.order_by("asset_id", "-day").distinct("asset_id").values_list("asset_id", "score")
    )


def _advice_of_risk(row: RiskScore, before: float, at: datetime) -> Advice:
    reasons = [part for part in row.parts if part["points"] > 0]
    # Criticality is in the risk: it does not count twice.
    urgency = Urgency.HIGH if row.score >= risk.LINES[2] else Urgency.MEDIUM
    rise = f"The risk rose from {before:.0f} to {row.score:.0f} of 100 within a week."
    return Advice(
        asset=row.asset,
        failure_mode=RISING,
        source=Source.RISK,
        detector="risk",
        reason=" ".join([rise, *(part["sentence"] for part in reasons[:2])]),
        evidence=[
            Evidence(
                about=f"Risk: {part['name']}",
                text=part["sentence"],
                value=round(part["points"], 1),
                unit="points",
                url=row.asset.get_absolute_url(),
            )
            for part in reasons
        ],
        urgency=urgency,
        suggested_due_at=at + DUE_WITHIN[urgency],
        quiet=QUIET,
    )
