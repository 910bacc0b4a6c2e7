from datetime import datetime, timedelta

import pytest

from anomalies import services
from anomalies.detectors.multivariate import NAME
from anomalies.models import MachineModel
from anomalies.queries.lag import noted_lag, scoring_lag
from anomalies.services.lag import note_waiting, tell_of_lag
from anomalies.tasks import watch_scoring
from assets.models import Sensor
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.anomalies.machines import STEP as HOUR
from tests.anomalies.machines import machine, running
from tests.anomalies.signals import STEP, ordinary, sensor_with, store
from tests.factories import NOON, AssetFactory, MachineModelFactory, SensorFactory

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
BEHIND, CAUGHT_UP = "scoring_behind", "scoring_caught_up"


@pytest.fixture
def sensor(admin: Membership) -> Sensor:
    asset = AssetFactory.create(organization=admin.organization)
    row = sensor_with(ordinary(110), asset=asset)
    services.score_sensors(sensor_ids=[row.pk], at=NOON + 110 * STEP)
    return row


def beats(organization: int, start: datetime, minutes: int) -> None:
    for minute in range(minutes):
        note_waiting(organization, start + minute * MINUTE)
        tell_of_lag(organization, start + minute * MINUTE)


def told(member: Membership) -> list[str]:
    rows = Notification.objects.filter(recipient=member.user).order_by("pk")
    return list(rows.values_list("event", flat=True))


def test_admins_are_told_once_that_scoring_is_behind_and_again_after_it_caught_up(
    admin: Membership, planner: Membership, stranger: Membership, sensor: Sensor
) -> None:
    organization = admin.organization_id
    first = store(sensor, [5.0], NOON + 111 * STEP)

    beats(organization, first, 10)
    assert told(admin) == []
    beats(organization, first + 10 * MINUTE, 30)
    assert told(admin) == [BEHIND]
    subject = Notification.objects.get().subject
    assert subject == "Scoring is 10 minutes behind the readings"

    services.score_sensors(sensor_ids=[sensor.pk], at=first + 40 * MINUTE)
    beats(organization, first + 40 * MINUTE, 5)
    assert told(admin) == [BEHIND, CAUGHT_UP]

    second = store(sensor, [5.0], first + 5 * STEP)
    beats(organization, second, 30)
    assert told(admin) == [BEHIND, CAUGHT_UP, BEHIND]
    assert told(planner) == told(stranger) == []


def test_another_sensor_that_waits_in_its_place_is_the_same_lag(
    admin: Membership, sensor: Sensor
) -> None:
    organization = admin.organization_id
    other = SensorFactory.create(asset=sensor.asset)
    store(other, ordinary(110))
    services.score_sensors(sensor_ids=[other.pk], at=NOON + 110 * STEP)
    first = store(sensor, [5.0], NOON + 111 * STEP)
    beats(organization, first, 7)
    store(other, [5.0], first)
    beats(organization, first + 7 * MINUTE, 7)
    assert told(admin) == [BEHIND]

    # Scored, while the other has waited for 7 minutes, and then for more than 10.
    services.score_sensors(sensor_ids=[sensor.pk], at=first + 14 * MINUTE)
    beats(organization, first + 14 * MINUTE, 10)
    assert told(admin) == [BEHIND]

    # What came a moment ago is not behind.
    services.score_sensors(sensor_ids=[other.pk], at=first + 24 * MINUTE)
    store(sensor, [5.0], first + 3 * STEP)
    beats(organization, first + 30 * MINUTE, 1)
    assert told(admin) == [BEHIND, CAUGHT_UP]


def test_the_beat_watches_each_organization(admin: Membership, sensor: Sensor) -> None:
    store(sensor, [5.0], NOON + 111 * STEP)
    note_waiting(admin.organization_id, NOON + 112 * STEP)

    watch_scoring.delay()
    watch_scoring.delay()

    assert told(admin) == [BEHIND]


def test_a_machine_that_nobody_judges_is_behind_as_a_sensor_is(admin: Membership) -> None:
    asset = machine(running(10), asset=AssetFactory.create(organization=admin.organization))
    model = MachineModelFactory.create(asset=asset, watermark=NOON + 9 * HOUR, step=HOUR)
    MachineModel.objects.update(version=NAME, updated_at=NOON + 10 * HOUR)
    now = NOON + 11 * HOUR
    assert note_waiting(admin.organization_id, now) == 0

    machine(running(3), NOON + 10 * HOUR, asset)
    assert note_waiting(admin.organization_id, now) == 1
    assert noted_lag(admin.organization_id, now + 5 * MINUTE) == 5 * MINUTE
    assert scoring_lag(admin.user, now + 12 * MINUTE) == 12 * MINUTE
    beats(admin.organization_id, now + 12 * MINUTE, 1)
    assert told(admin) == [BEHIND]

    # One of another version waits for its fit.
    MachineModel.objects.filter(pk=model.pk).update(version="before")
    assert scoring_lag(admin.user, now + 12 * MINUTE) is None
