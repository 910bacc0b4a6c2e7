import datetime as dt

import numpy as np
import pytest
from django.conf import LazySettings

from assets.models import Asset, Reading, Sensor, UptimeEvent
from maintenance import services as maintenance
from maintenance.services import Outcome
from opssight.accounts.models import Organization, User
from opssight.demo import live, tasks
from opssight.demo.plant import build
from opssight.demo.scenario import Scenario
from opssight.demo.simulator import simulate
from tests.demo.conftest import ANCHOR

pytestmark = [pytest.mark.crawl, pytest.mark.django_db]

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def organization(plant_of_two_days: Organization) -> Organization:
    return plant_of_two_days


def fresh() -> int:
    return Reading.objects.filter(time__gte=ANCHOR).count()


def values_of(tag: str, key: str) -> list[float]:
    readings = Reading.objects.filter(sensor__asset__tag=tag, sensor__key=key, time__gte=ANCHOR)
    return list(readings.order_by("time").values_list("value", flat=True))


def test_appends_each_step_once_however_often_it_looks():
    assert live.append_readings(at=ANCHOR + HOUR) == 6 * len(build().sensors)
    assert live.append_readings(at=ANCHOR + HOUR) == 0
    live.append_readings(at=ANCHOR + HOUR + dt.timedelta(minutes=15))

    assert fresh() == 8 * len(build().sensors)


def test_goes_on_with_what_the_simulator_says():
    live.append_readings(at=ANCHOR + HOUR / 2)
    live.append_readings(at=ANCHOR + HOUR)

    plant = build()
    expected = simulate(plant, Scenario(ANCHOR), ANCHOR, ANCHOR + HOUR).values[0]
    asset, sensor = plant.sensors[0]
    assert values_of(asset.tag, sensor.key) == expected.tolist()
    assert Sensor.objects.get(asset__tag=asset.tag, key=sensor.key).last_value == expected[-1]


def test_after_a_long_pause_only_the_last_part_is_made(monkeypatch):
    monkeypatch.setattr(live, "LONGEST_CATCH_UP", HOUR)

    assert live.append_readings(at=ANCHOR + 5 * HOUR) == 6 * len(build().sensors)


def test_a_repair_by_a_visitor_makes_the_machine_healthy(organization: Organization):
    planner = User.objects.get(username="planner")
    order = maintenance.create_work_order(
        asset=Asset.objects.get(tag="K-401"),
        title="Replace the thrust bearing",
        due_at=ANCHOR,
        by=planner,
        at=ANCHOR,
    )
    outcome = Outcome(
        labor_minutes=5,
        failure_mode="bearing wear",
        failure_cause="operation",
        failure_mechanism="mechanical",
    )
    maintenance.complete(work_order=order, by=planner, at=ANCHOR + HOUR / 12, outcome=outcome)

    live.append_readings(at=ANCHOR + 6 * HOUR)

    worn = simulate(build(), Scenario(ANCHOR), ANCHOR, ANCHOR + 6 * HOUR)
    row = [(asset.tag, s.key) for asset, s in build().sensors].index(("K-401", "vibration"))
    assert np.mean(values_of("K-401", "vibration")[1:]) < 0.6 * np.nanmean(worn.values[row])


def test_a_failure_goes_into_the_ledger_and_ends_with_its_repair(monkeypatch):
    monkeypatch.setattr(live, "LONGEST_CATCH_UP", HOUR)
    of_pump = UptimeEvent.objects.filter(asset__tag="P-301A").order_by("started_at")
    ledger = of_pump.exclude(ended_at__lt=ANCHOR)

    live.append_readings(at=ANCHOR + dt.timedelta(days=2.6))
    down = ledger.get(ended_at=None)
    assert (down.state, down.cause) == (UptimeEvent.State.DOWN, UptimeEvent.Cause.FAILURE)
    assert down.reason == "Tripped on low discharge pressure"

    for _ in range(2):
        live.append_readings(at=ANCHOR + dt.timedelta(days=3))
        assert [event.state for event in ledger] == ["operating", "down", "operating"]
        assert [event.ended_at for event in ledger][:2] == [
            ANCHOR + dt.timedelta(days=2.5),
            ANCHOR + dt.timedelta(days=2.8),
        ]


def test_goes_on_without_the_sensors_that_a_visitor_removed():
    Sensor.objects.filter(asset__tag="P-101A", key="flow").update(key="flow_rate")

    assert live.append_readings(at=ANCHOR + HOUR / 6) == len(build().sensors) - 1


def test_the_task_rests_outside_demo_mode(settings: LazySettings):
    settings.DEMO = False

    tasks.append_readings()

    assert fresh() == 0
