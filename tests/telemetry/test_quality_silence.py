from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from assets.models import Asset, UptimeEvent
from maintenance.models import Recommendation, Urgency
from maintenance.services import dismiss
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from telemetry.models import QualityFault
from telemetry.services.quality_advice import MENDED, NO_DATA, advise
from telemetry.services.quality_silence import watch_silence
from telemetry.tasks import watch_data_quality
from tests.factories import (
    NOON,
    AssetFactory,
    ReadingFactory,
    SensorFactory,
    SiteFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def sensor(asset: Asset, *, silent_for: timedelta, at: datetime = NOON, **values: Any) -> Any:
    return SensorFactory.create(
        **{
            "asset": asset,
            "expected_interval": timedelta(minutes=10),
            "last_time": at - silent_for,
            "last_value": 4.2,
            **values,
        }
    )


def look(plant: Organization, at: datetime = NOON) -> int:
    watch_silence(organization_id=plant.pk, at=at)
    return advise(organization_id=plant.pk, at=at)


def test_one_recommendation_names_all_silent_sensors_of_an_asset(plant: Organization) -> None:
    asset = AssetFactory.create(organization=plant)
    for key in ("flow", "pressure"):
        sensor(asset, silent_for=3 * HOUR, key=key)
    sensor(asset, silent_for=HOUR, key="speed")

    assert look(plant) == 1
    assert look(plant) == 0

    row = Recommendation.objects.get()
    assert (row.source, row.failure_mode) == (Recommendation.Source.DATA_QUALITY, "no data")
    assert [one["about"] for one in row.evidence] == ["flow", "pressure"]
    assert row.reason.startswith("2 sensors do not send any more, since")
    assert row.evidence[0]["text"].endswith("it used to send every 600 s.")
    assert row.cost_of_waiting is None


def test_an_asset_that_says_nothing_at_all_is_more_urgent(plant: Organization) -> None:
    asset = AssetFactory.create(organization=plant)
    sensor(asset, silent_for=3 * HOUR)

    look(plant)

    row = Recommendation.objects.get()
    assert row.urgency == Urgency.MEDIUM
    assert row.reason.startswith("No sensor of the asset sends any more")


@pytest.mark.parametrize(
    "values",
    [
        {"expected_interval": None},
        {"is_active": False},
        {"last_time": None},
        {"expected_interval": DAY},
    ],
)
def test_of_other_sensors_silence_says_nothing(plant: Organization, values: Any) -> None:
    sensor(AssetFactory.create(organization=plant), silent_for=5 * HOUR, **values)

    assert look(plant) == 0


def test_an_asset_out_of_service_may_be_silent(plant: Organization) -> None:
    asset = AssetFactory.create(organization=plant, status=Asset.Status.OUT_OF_SERVICE)
    sensor(asset, silent_for=5 * HOUR)

    assert look(plant) == 0


def test_goes_when_the_sensor_sends_again(plant: Organization) -> None:
    found = sensor(AssetFactory.create(organization=plant), silent_for=5 * HOUR)
    look(plant)

    found.last_time = NOON
    found.save()
    look(plant)

    row = Recommendation.objects.get()
    assert row.status == Recommendation.Status.DISMISSED
    assert row.dismiss_reason == MENDED[NO_DATA]


def test_dismissed_it_stays_away_until_another_one_falls_silent(planner: Membership) -> None:
    plant = planner.organization
    asset = AssetFactory.create(organization=plant)
    sensor(asset, silent_for=5 * HOUR)
    look(plant)
    row = Recommendation.objects.get()
    dismiss(recommendation=row, by=planner.user, at=NOON, reason="Removed for calibration.")

    assert look(plant, NOON + 9 * DAY) == 0
    sensor(asset, silent_for=-8 * DAY)
    assert look(plant, NOON + 9 * DAY) == 1


def test_a_whole_site_that_is_silent_is_told_once_and_blames_no_machine(
    planner: Membership,
) -> None:
    plant = planner.organization
    site = SiteFactory.create(organization=plant, name="North")
    for _ in range(20):
        sensor(AssetFactory.create(organization=plant, site=site), silent_for=5 * HOUR)

    assert look(plant) == 0
    assert look(plant) == 0

    assert not Recommendation.objects.exists()
    assert QualityFault.objects.filter(kind="silent", ended_at=None).count() == 20
    told = Notification.objects.get(recipient=planner.user)
    assert told.subject == "North: 20 of 20 sensors do not send any more"


def test_the_task_asks_every_organization() -> None:
    for _ in range(2):
        sensor(AssetFactory.create(), silent_for=5 * HOUR)

    with time_machine.travel(NOON, tick=False):
        watch_data_quality.delay()

    assert Recommendation.objects.count() == 2


def test_queries_do_not_grow_with_the_sensors(
    plant: Organization, django_assert_max_num_queries: Any
) -> None:
    for _ in range(15):
        sensor(AssetFactory.create(organization=plant), silent_for=5 * HOUR)

    with django_assert_max_num_queries(27):
        assert look(plant) == 15


def test_a_silence_lasts_from_the_last_reading_to_the_next(plant: Organization) -> None:
    found = sensor(AssetFactory.create(organization=plant), silent_for=5 * HOUR)
    look(plant)
    fault = QualityFault.objects.get()
    assert (fault.kind, fault.started_at) == ("silent", NOON - 5 * HOUR)
    assert fault.explanation == "No reading since; it used to send every 600 s."

    # A gateway sends what is hours old: that is not yet sending again.
    ReadingFactory.create(sensor=found, time=NOON - 4 * HOUR)
    found.last_time = NOON - HOUR
    found.save()
    look(plant)
    assert QualityFault.objects.get().ended_at is None

    found.last_time = NOON
    found.save()
    look(plant)
    assert QualityFault.objects.get().ended_at == NOON - 4 * HOUR


@pytest.mark.parametrize(
    ("state", "cause", "is_silent"),
    [("standby", "none", False), ("down", "planned", False), ("down", "failure", True)],
)
def test_a_machine_that_is_not_meant_to_run_may_be_silent(
    plant: Organization, state: str, cause: str, is_silent: Any
) -> None:
    asset = AssetFactory.create(organization=plant)
    sensor(asset, silent_for=5 * HOUR)
    stop: UptimeEvent = UptimeEventFactory.create(
        asset=asset, state=state, cause=cause, started_at=NOON - 4 * HOUR
    )

    assert look(plant) == is_silent

    # Once it is meant to run again, its sensors have as long as others.
    stop.ended_at = NOON
    stop.save()
    assert look(plant, NOON + HOUR) == 0
    assert look(plant, NOON + 3 * HOUR) == (not is_silent)
