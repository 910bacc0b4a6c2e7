"""Assets with their newest risk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from assets.models import Asset
from forecasts.models import RiskScore


@dataclass(frozen=True, slots=True)
class Ranked:
    """An asset with its newest risk: the parts, worst first, and the change of the score."""

    asset: Asset
    parts: list[dict[str, Any]]
    change: float | None

    @property
    def main_reason(self) -> str:
        return str(self.parts[0]["sentence"]) if self.parts else ""


def ranking(assets: Sequence[Asset], *, before: date) -> list[Ranked]:
    """The assets, in their order, with the change since the last score of `before`; two queries."""
    scores = (
        RiskScore.objects.filter(asset__in=assets).order_by("asset_id", "-day").distinct("asset_id")
    )
    newest = {row.asset_id: row for row in scores}
    earlier = dict(scores.filter(day__lte=before).values_list("asset_id", "score"))
    return [
        Ranked(
            asset,
            newest[asset.pk].parts if asset.pk in newest else [],
            (asset.current_risk or 0.0) - earlier[asset.pk] if asset.pk in earlier else None,
        )
        for asset in assets
    ]
