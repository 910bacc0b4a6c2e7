"""The risk of assets, from what sensors, anomalies, schedules and age say of them now."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from assets.models import Asset
from forecasts import risk
from forecasts.models import RiskScore
from forecasts.services.evidence import Evidence, gather
from forecasts.services.judging import rate
from forecasts.services.relief import reliefs
from notifications.models import Notification, Webhook
from notifications.services import Happening, Message, notify, publish
from opssight.accounts.permissions import Permission

WRITTEN = [
    "score",
    "likelihood",
    "criticality",
    "consequence",
    "consequence_sentence",
    "parts",
    "basis",
    "cost_of_failure",
    "cost_inputs",
    "relief",
    "score_if_done",
    "computed_at",
]


@transaction.atomic
def refresh_risk(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Rate these assets for the organization's current day. Returns how many.

    Run again on the same day it replaces the day's score. Who may plan work is told once a day
    when an asset's risk passes from below to `risk.HIGH`.
    """
    assets = list(
        Asset.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(asset_ids))
        .select_related("organization")
        .order_by("pk")
    )
    found = gather(assets, at)
    rows: list[RiskScore] = []
    risen: list[tuple[Asset, risk.Risk, date]] = []
    for asset in assets:
        rated = rate(asset, found[asset.pk], at)
        day = at.astimezone(asset.organization.zone).date()
        rows.append(_row(asset, found[asset.pk], rated, day, at))
        if rated.score >= risk.HIGH and (asset.current_risk or 0.0) < risk.HIGH:
            risen.append((asset, rated, day))
        asset.current_risk = rated.score
    RiskScore.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["asset", "day"],
        update_fields=WRITTEN,
    )
    Asset.objects.bulk_update(assets, ["current_risk"])
    _tell(risen, at)
    return len(rows)


def _row(asset: Asset, one: Evidence, rated: risk.Risk, day: date, at: datetime) -> RiskScore:
    points = rated.points()
    found = reliefs(asset, one, rated, at)
    parts: list[dict[str, Any]] = [
        {
            "name": part.name,
            "value": round(part.value, 4),
            "weight": part.weight,
            "points": round(points[part.name], 2),
            "sentence": part.sentence,
        }
        for part in rated.parts
    ]
    return RiskScore(
        organization_id=asset.organization_id,
        asset=asset,
        day=day,
        score=rated.score,
        likelihood=rated.likelihood,
        criticality=rated.criticality,
        consequence=rated.consequence,
        consequence_sentence=rated.consequence_sentence,
        parts=parts,
        basis=rated.chance.basis if rated.chance else RiskScore.Basis.INDEX,
        cost_of_failure=one.cost.amount,
        cost_inputs=one.cost.inputs,
        relief=found.items,
        score_if_done=found.all_done,
        computed_at=at,
    )


def _tell(risen: Sequence[tuple[Asset, risk.Risk, date]], at: datetime) -> None:
    messages: dict[int, list[Message]] = defaultdict(list)
    happenings: dict[int, list[Happening]] = defaultdict(list)
    for asset, rated, day in risen:
        happenings[asset.organization_id].append(_happening(asset, rated, day))
        messages[asset.organization_id].append(
            Message(
                event=Notification.Event.RISK_HIGH,
                subject=f"{asset.tag}: the risk is {rated.level} ({int(rated.score)} of 100)",
                body="\n".join(part.sentence for part in rated.parts if part.value > 0),
                url=asset.get_absolute_url(),
                dedupe_key=f"risk-high-{asset.pk}-{day}",
                asset=asset.pk,
            )
        )
    for organization_id, of_organization in sorted(messages.items()):
        notify(
            organization=organization_id,
            permission=Permission.WORK_ORDER_PLAN,
            messages=of_organization,
            at=at,
        )
        publish(organization=organization_id, happenings=happenings[organization_id], at=at)


def _happening(asset: Asset, rated: risk.Risk, day: date) -> Happening:
    return Happening(
        event=Webhook.Event.RISK_HIGH,
        dedupe_key=f"risk-high-{asset.pk}-{day}",
        data={
            "asset": asset.pk,
            "asset_tag": asset.tag,
            "asset_name": asset.name,
            "day": day,
            "score": rated.score,
            "level": rated.level,
            "likelihood": rated.likelihood,
            "criticality": rated.criticality,
            "consequence": rated.consequence,
            "reasons": [part.sentence for part in rated.parts if part.value > 0],
        },
        page=asset.get_absolute_url(),
        api=f"/api/assets/{asset.pk}/",
    )
