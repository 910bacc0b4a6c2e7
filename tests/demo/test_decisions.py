import datetime as dt
from typing import Any

import pytest

from assets.models import Asset
from maintenance.models import Recommendation, Verdict, WorkOrder
from opssight.demo.decisions import PATIENCE, decide
from opssight.demo.people import People
from opssight.demo.scenario import Fault, Stop
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    RecommendationFactory,
    TechnicianFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def pump() -> Asset:
    return AssetFactory.create(tag="P-1", criticality=3)


@pytest.fixture
def people(pump: Asset) -> People:
    technician = TechnicianFactory.create(organization=pump.organization, skills=["mechanical"])
    return People(planner=UserFactory.create(), technicians=((pump.site.code, technician),))


def advice(pump: Asset, began: dt.datetime, opened: dt.datetime) -> Recommendation:
    recommendation: Recommendation = RecommendationFactory.create(asset=pump, opened_at=opened)
    AnomalyFactory.create(
        asset=pump, recommendation=recommendation, started_at=began, ended_at=None
    )
    return recommendation


def fault(start: dt.datetime, repaired: dt.datetime) -> Fault:
    return Fault("P-1", "bearing wear", start, repaired - HOUR, repaired, "Bearing replaced.")


def after(
    recommendation: Recommendation, people: People, at: dt.datetime, **known: Any
) -> Recommendation:
    decide(
        organization=recommendation.organization,
        people=people,
        faults=known.get("faults", []),
        stops=known.get("stops", []),
        at=at,
    )
    recommendation.refresh_from_db()
    return recommendation


def test_a_repaired_fault_is_confirmed_with_its_finding_and_downtime(pump: Asset, people: People):
    given = advice(pump, NOON - DAY, NOON - DAY)
    after(given, people, NOON, faults=[fault(NOON - 3 * DAY, NOON - 2 * HOUR)])

    record = pump.history.get()
    assert given.status == Recommendation.Status.COMPLETED
    assert (record.verdict, record.notes) == (Verdict.CONFIRMED, "Bearing replaced.")
    assert record.downtime_minutes == 60


def test_advice_on_a_growing_fault_is_left_to_the_visitor(pump: Asset, people: People):
    given = advice(pump, NOON - 9 * DAY, NOON - 9 * DAY)
    growing = [fault(NOON - 10 * DAY, NOON + 5 * DAY)]

    assert after(given, people, NOON, faults=growing).status == Recommendation.Status.OPEN


def test_the_most_critical_machine_gets_its_order_before_the_failure(pump: Asset, people: People):
    Asset.objects.filter(pk=pump.pk).update(criticality=5)
    given = advice(pump, NOON - 5 * DAY, NOON - 5 * DAY)
    growing = [fault(NOON - 6 * DAY, NOON + 5 * DAY)]

    assert after(given, people, NOON, faults=growing).status == Recommendation.Status.ACCEPTED
    assert given.work_orders.get().status == WorkOrder.Status.SCHEDULED

    repaired = NOON + 5 * DAY
    after(given, people, repaired + HOUR, faults=growing)
    assert given.status == Recommendation.Status.COMPLETED
    assert given.work_orders.get().completed_at == repaired


def test_an_alarm_of_a_standing_machine_is_dismissed_with_the_reason(pump: Asset, people: People):
    given = advice(pump, NOON - 2 * HOUR, NOON - HOUR)
    stop = Stop("P-1", NOON - 3 * HOUR, NOON - HOUR, planned=True, reason="Oil change")
    after(given, people, NOON, stops=[stop])

    assert given.status == Recommendation.Status.DISMISSED
    assert given.dismiss_reason == "The machine stood still: Oil change."


def test_an_alarm_after_the_repair_is_explained_by_it(pump: Asset, people: People):
    given = advice(pump, NOON - 4 * DAY, NOON - 4 * DAY)
    after(given, people, NOON, faults=[fault(NOON - 9 * DAY, NOON - 5 * DAY)])

    assert given.dismiss_reason == "Back to normal after the repair."


def test_an_alarm_without_a_fault_is_answered_after_a_while_as_false(pump: Asset, people: People):
    answers = {Recommendation.Status.DISMISSED: "", Recommendation.Status.COMPLETED: "false_alarm"}
    given = advice(pump, NOON, NOON)

    assert after(given, people, NOON + PATIENCE / 2).status == Recommendation.Status.OPEN
    after(given, people, NOON + PATIENCE)
    assert answers[Recommendation.Status(given.status)] == given.verdict


def test_decides_nothing_twice(pump: Asset, people: People):
    given = advice(pump, NOON - DAY, NOON - DAY)
    for _ in range(2):
        after(given, people, NOON, faults=[fault(NOON - 3 * DAY, NOON - 2 * HOUR)])

    assert pump.history.count() == 1
