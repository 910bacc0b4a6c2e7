from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from anomalies.services import silence
from anomalies.tasks import look_for_silence
from assets.models import Asset
from maintenance.models import Recommendation, Urgency
from maintenance.services import dismiss
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.factories import NOON, AssetFactory, SensorFactory, SiteFactory

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
    return silence.recommend_silent(organization_id=plant.pk, at=at)


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
    assert row.dismiss_reason == silence.SPEAKS_AGAIN


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
    told = Notification.objects.get(recipient=planner.user)
    assert told.subject == "North: 20 of 20 sensors do not send any more"


def test_the_task_asks_every_organization() -> None:
    for _ in range(2):
        sensor(AssetFactory.create(), silent_for=5 * HOUR)

    with time_machine.travel(NOON, tick=False):
        look_for_silence.delay()

    assert Recommendation.objects.count() == 2


def test_queries_do_not_grow_with_the_sensors(
    plant: Organization, django_assert_max_num_queries: Any
) -> None:
    for _ in range(15):
        sensor(AssetFactory.create(organization=plant), silent_for=5 * HOUR)

    with django_assert_max_num_queries(24):
        assert look(plant) == 15
