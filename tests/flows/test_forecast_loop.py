"""A fleet wears out: what is said of it, what it asks for, what work does, and how right it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from assets.models import Asset, Reading, UptimeEvent
from forecasts import services
from forecasts.models import LifePrediction, RiskScore
from forecasts.remaining_life import training
from forecasts.services import outcomes, predicting
from forecasts.services.budget import spend
from forecasts.services.lives import learn_class
from maintenance.models import (
    FailureCause,
    FailureMechanism,
    MaintenanceType,
    Recommendation,
    Verdict,
)
from maintenance.queries.advice import waiting
from maintenance.services import accept
from maintenance.services.completion import Outcome, complete
from opssight.accounts.models import Membership
from tests.factories import (
    AssetFactory,
    MaintenanceRecordFactory,
    SensorFactory,
    UptimeEventFactory,
)

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
INSTALLED, LIFE = 150.0, 100.0
YOUNG, WORN, REPAIRED, BROKEN = 195.0, 240.0, 242.0, 250.0
"""Days: of the two pumps that are watched, and of what happens to one and the other."""


def on(day: float) -> datetime:
    return START + day * DAY


def wears(planner: Membership, random: np.random.Generator, born: float, life: float) -> Asset:
    """A pump that vibrates more and more in the days before it fails."""
    asset: Asset = AssetFactory.create(
        organization=planner.organization,
        category="pump",
        criticality=4,
        downtime_cost=Decimal(1000),
        installed_at=on(born).date(),
    )
    sensor = SensorFactory.create(asset=asset, key="vibration", unit="mm/s")
    days = np.arange(0.5, min(life, WORN - INSTALLED))
    values = 2.0 + 4.0 * np.exp(-(life - days) / 12.0) + random.normal(0, 0.1, len(days))
    rows = [
        Reading(sensor=sensor, time=on(born + day), value=value)
        for day, value in zip(days.tolist(), values.tolist(), strict=True)
    ]
    Reading.objects.bulk_create(rows)
    sensor.last_time = rows[-1].time
    sensor.save()
    return asset


def fails(asset: Asset, day: float) -> None:
    UptimeEventFactory.create(
        asset=asset,
        state=UptimeEvent.State.DOWN,
        cause=UptimeEvent.Cause.FAILURE,
        started_at=on(day),
        ended_at=on(day) + timedelta(hours=10),
    )
    MaintenanceRecordFactory.create(
        asset=asset,
        maintenance_type=MaintenanceType.CORRECTIVE,
        failure_mode="bearing wear",
        downtime_minutes=600,
        parts_cost=Decimal(900),
        started_at=on(day) + timedelta(hours=1),
        completed_at=on(day) + timedelta(hours=9),
        work_order__created_at=on(day),
    )


def a_day(assets: list[Asset], day: float) -> None:
    """What the tasks of one day do."""
    ids = [asset.pk for asset in assets]
    outcomes.score(asset_ids=ids, at=on(day))
    predicting.predict(asset_ids=ids, at=on(day))
    services.refresh_risk(asset_ids=ids, at=on(day))
    services.recommend_short_lives(asset_ids=ids, at=on(day))
    services.refresh_risk(asset_ids=ids, at=on(day))
    services.recommend_rising_risk(asset_ids=ids, at=on(day))
    services.expect_failures(asset_ids=ids, at=on(day))


def said(asset: Asset, day: float) -> tuple[float, RiskScore]:
    """The width of its interval in days, and its risk."""
    life = LifePrediction.objects.get(asset=asset, day=on(day).date())
    assert life.upper_days is not None
    assert life.lower_days is not None
    return life.upper_days - life.lower_days, RiskScore.objects.get(asset=asset, day=on(day).date())


@pytest.mark.crawl
@pytest.mark.django_db
def test_a_worn_pump_is_foreseen_repaired_and_judged(
    planner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "GROWTH", replace(training.GROWTH, rounds=30, rate=0.2))
    random = np.random.default_rng(2)
    organization = planner.organization
    UptimeEventFactory.create(
        asset__organization=organization,
        asset__category="fan",
        started_at=START,
        ended_at=START + DAY,
    )
    for life in random.uniform(60, 140, 12).tolist():
        fails(wears(planner, random, 0.0, life), life)
    mended, left = (wears(planner, random, INSTALLED, LIFE) for _ in range(2))
    both = [mended, left]

    # The class is learned from the failures that were there before either pump was.
    version = learn_class(organization_id=organization.pk, category="pump", at=on(INSTALLED))
    assert version is not None
    assert version.metrics["by"] == "readings"

    # Young: a wide interval, a low risk, no advice.
    a_day(both, YOUNG)
    wide, before = said(mended, YOUNG)
    assert Recommendation.objects.count() == 0

    # Worn: the interval narrows, the risk rises, and work is asked for, with what waiting costs.
    a_day(both, WORN)
    narrow, risen = said(mended, WORN)
    assert narrow < wide
    assert risen.score > before.score + 30
    row = Recommendation.objects.get(asset=mended)
    assert (row.source, row.status) == (Recommendation.Source.LIFE, Recommendation.Status.OPEN)
    assert row.cost_of_waiting is not None
    assert row.cost_of_waiting > 1000
    assert "Waiting 7 days costs about" in waiting(row)
    assert row.cost_inputs["likelihood_per_day"] < row.cost_inputs["likelihood_per_week"]
    relief = next(item for item in risen.relief if item["id"] == row.pk)
    bought = spend(assets=Asset.objects.all(), days=30, budget=2, at=on(WORN))
    assert bought.todo[0].work.asset in both
    assert bought.chosen.mean < bought.without.mean

    # The work is done and was needed: the risk falls, as far as was said.
    order = accept(recommendation=row, by=planner.user, at=on(WORN + 1))
    complete(
        work_order=order,
        by=planner.user,
        at=on(REPAIRED),
        outcome=Outcome(
            notes="Bearing changed.",
            verdict=Verdict.CONFIRMED,
            failure_mode=row.failure_mode,
            failure_cause=FailureCause.OPERATION,
            failure_mechanism=FailureMechanism.MECHANICAL,
        ),
    )
    services.refresh_risk(asset_ids=[mended.pk], at=on(REPAIRED) + timedelta(hours=1))
    fallen = RiskScore.objects.get(asset=mended, day=on(REPAIRED).date())
    assert fallen.score == pytest.approx(relief["to"], abs=2)

    # The other one fails as was foreseen: its predictions are judged; those of the first are done.
    fails(left, INSTALLED + LIFE)
    a_day(both, BROKEN + 2)
    judged = LifePrediction.objects.get(asset=left, day=on(WORN).date())
    assert judged.came_at == on(BROKEN)
    assert judged.inside
    done = LifePrediction.objects.get(asset=mended, day=on(WORN).date())
    assert done.scored_at is not None
    assert done.came_at is None
    assert not Recommendation.objects.filter(asset=mended).live().exists()
