"""How right what was said of machines has been, by class: what came is known of it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import (
    Aggregate,
    Avg,
    Case,
    Count,
    F,
    FloatField,
    Func,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Abs, Floor, Least

from forecasts.models import FailureChance, LifePrediction

BINS = 10


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class LivesJudged:
    """Remaining lives of one class, once the failure came.

    held: the share of intervals that held it, of `level` promised; median_error, bias: days, the
    size of the usual error, and the mean of said less true (above 0: said too long).
    """

    category: str
    predictions: int
    failures: int
    level: float
    held: float
    median_error: float
    bias: float


@dataclass(frozen=True, slots=True)
class ChancesJudged:
    """Chances of one class to fail within 30 days in any way, once it is known.

    said: the mean; came: the share in which it did; brier: the mean squared error; usual: that of
    always saying the share in which it came.
    """

    category: str
    predictions: int
    said: float
    came: float
    brier: float

    @property
    def usual(self) -> float:
        return self.came * (1.0 - self.came)


@dataclass(frozen=True, slots=True)
class Bin:
    """Chances from `low` on that were said, `said` on average, and how often it came."""

    low: float
    predictions: int
    said: float
    came: float


def lives_judged(rows: QuerySet[LifePrediction], since: date) -> list[LivesJudged]:
    """By category, of predictions made since a day; those of which the failure has come."""
    known = rows.filter(day__gte=since, came_at__isnull=False).order_by()
    found = known.values("asset__category").annotate(
        predictions=Count("pk"),
        failures=Count(Func(F("asset"), F("came_at"), function="ROW"), distinct=True),
        level=Avg("level"),
        held=Avg(Case(When(inside=True, then=Value(1.0)), default=Value(0.0))),
        median_error=Median(Abs("error_days")),
        bias=Avg("error_days"),
    )
    return [
        LivesJudged(
            category=row["asset__category"],
            predictions=row["predictions"],
            failures=row["failures"],
            level=row["level"],
            held=row["held"],
            median_error=row["median_error"],
            bias=row["bias"],
        )
        for row in found.order_by("asset__category")
    ]


def chances_judged(rows: QuerySet[FailureChance], since: date) -> list[ChancesJudged]:
    """By category, of chances said since a day of which it is known what came in 30 days."""
    found = (
        _known(rows, since)
        .values("asset__category")
        .annotate(
            predictions=Count("pk"),
            said=Avg("p_30d"),
            happened=Avg("came"),
            brier=Avg((F("p_30d") - F("came")) * (F("p_30d") - F("came"))),
        )
    )
    return [
        ChancesJudged(
            row["asset__category"], row["predictions"], row["said"], row["happened"], row["brier"]
        )
        for row in found.order_by("asset__category")
    ]


def bins(rows: QuerySet[FailureChance], since: date) -> list[Bin]:
    """The same over all categories by what was said, in tenths; empty tenths are left out."""
    tenth = Least(Floor(F("p_30d") * BINS), Value(BINS - 1.0))
    found = (
        _known(rows, since)
        .annotate(tenth=tenth)
        .values("tenth")
        .annotate(predictions=Count("pk"), said=Avg("p_30d"), happened=Avg("came"))
    )
    return [
        Bin(row["tenth"] / BINS, row["predictions"], row["said"], row["happened"])
        for row in found.order_by("tenth")
    ]


def _known(rows: QuerySet[FailureChance], since: date) -> QuerySet[FailureChance]:
    known = rows.filter(day__gte=since, failure_mode="", failed_30d__isnull=False).order_by()
    return known.annotate(came=Case(When(failed_30d=True, then=Value(1.0)), default=Value(0.0)))
