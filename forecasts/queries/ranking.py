"""Assets with their newest risk."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet

from assets.models import Asset
from forecasts import risk
from forecasts.models import RiskScore

RATED = timedelta(days=3)
"""A risk that was last computed longer ago is that of an asset nobody rates any more."""

WIDTH, HEIGHT = 96.0, 24.0
"""Of a small line of the trend, in its own units."""


class Cell(NamedTuple):
    """A place in the matrix: the steps of likelihood and consequence, 1 to 5."""

    likelihood: int
    consequence: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """An asset with its newest risk: the parts, worst first, and the change of the score.

    basis: what the likelihood is, in words. if_done: the score once all open work is done.
    trend: scores of the last days, oldest first; `line`: the same as points of a small drawing.
    """

    asset: Asset
    parts: list[dict[str, Any]]
    change: float | None
    basis: str = ""
    if_done: float | None = None
    cost: float | None = None
    trend: tuple[float, ...] = ()

    @property
    def line(self) -> str:
        return line_of(self.trend)

    @property
    def main_reason(self) -> str:
        return str(self.parts[0]["sentence"]) if self.parts else ""


def line_of(scores: Sequence[float]) -> str:
    """Points "x,y" of a line through scores of 0 to 100, the highest on top; empty: too few.

    >>> line_of([0, 50, 100]), line_of([5])
    ('0,24 48,12 96,0', '')
    """
    if len(scores) < 2:
        return ""
    step = WIDTH / (len(scores) - 1)
    points = ((place * step, HEIGHT * (1 - score / 100)) for place, score in enumerate(scores))
    return " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in points)


def cells(assets: QuerySet[Asset], at: datetime) -> dict[int, Cell]:
    """The place of each rated asset in the matrix, by its id; one query."""
    rows = RiskScore.objects.filter(asset__in=assets, computed_at__gt=at - RATED)
    newest = rows.order_by("asset_id", "-day").distinct("asset_id")
    return {
        asset_id: Cell(risk.likelihood_step(likelihood), consequence)
        for asset_id, likelihood, consequence in newest.values_list(
            "asset_id", "likelihood", "consequence"
        )
    }


def counts(found: Mapping[int, Cell]) -> dict[Cell, int]:
    """How many assets lie in each place of the matrix; none: absent."""
    number: dict[Cell, int] = defaultdict(int)
    for cell in found.values():
        number[cell] += 1
    return dict(number)


def ranking(assets: Sequence[Asset], *, before: date, since: date) -> list[Ranked]:
    """The assets, in their order, with the change since the last score of `before`; three queries.

    since: the first day of the trend.
    """
    scores = (
        RiskScore.objects.filter(asset__in=assets).order_by("asset_id", "-day").distinct("asset_id")
    )
    newest = {row.asset_id: row for row in scores}
    earlier = dict(scores.filter(day__lte=before).values_list("asset_id", "score"))
    trends: dict[int, list[float]] = defaultdict(list)
    days = RiskScore.objects.filter(asset__in=assets, day__gte=since).order_by("day")
    for asset_id, score in days.values_list("asset_id", "score"):
        trends[asset_id].append(score)
    ranked: list[Ranked] = []
    for asset in assets:
        row = newest.get(asset.pk)
        ranked.append(
            Ranked(
                asset,
                row.parts if row else [],
                (asset.current_risk or 0.0) - earlier[asset.pk] if asset.pk in earlier else None,
                row.get_basis_display() if row else "",
                row.score_if_done if row else None,
                float(row.cost_of_failure) if row and row.cost_of_failure is not None else None,
                tuple(trends[asset.pk]),
            )
        )
    return ranked
