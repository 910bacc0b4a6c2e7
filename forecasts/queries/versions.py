"""Learned models as people look at them: which are in use, and how right each has been."""

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Sum, Value, When

from forecasts.models import ForecastScore, ModelVersion
from opssight.accounts.models import User


@dataclass(frozen=True, slots=True)
class Came:
    """How right forecasts of a model were, up to so many hours ahead; None: nothing is known."""

    hours: int
    forecasts: int
    mase: float | None
    naive: float | None
    coverage: float | None


def current(user: User) -> list[ModelVersion]:
    """Of each kind and subject the version in use, or where there is none the newest one."""
    in_use = Case(
        When(status=ModelVersion.Status.IN_USE, then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    rows = ModelVersion.objects.for_user(user).order_by(
        "organization_id", "kind", "subject", in_use, "-version"
    )
    return list(rows.distinct("organization_id", "kind", "subject"))


def came(version: ModelVersion) -> list[Came]:
    """How right its forecasts have been so far, by horizon."""
    rows = (
        ForecastScore.objects.filter(model=version)
        .order_by("horizon")
        .values("horizon")
        .annotate(
            count=Sum("forecasts"),
            hours=Sum("steps"),
            error=Sum("errors"),
            naive=Sum("naive_errors"),
            known=Sum("judged"),
            held=Sum("inside"),
        )
    )
    return [
        Came(
            hours=row["horizon"],
            forecasts=row["count"],
            mase=row["error"] / row["hours"] if row["hours"] else None,
            naive=row["naive"] / row["hours"] if row["hours"] else None,
            coverage=row["held"] / row["known"] if row["known"] else None,
        )
        for row in rows
    ]
