import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Asset
from maintenance.models import AnswerKind, JobPlan, WorkOrder, WorkOrderAsset, WorkOrderTask
from maintenance.services import checklists
from opssight.accounts.models import Organization
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    JobPlanFactory,
    JobPlanTaskFactory,
    ReadingFactory,
    RecommendationFactory,
    SensorFactory,
    UserFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def pump(plant: Organization) -> Asset:
    return AssetFactory.create(organization=plant)


@pytest.fixture
def plan(plant: Organization) -> JobPlan:
    plan: JobPlan = JobPlanFactory.create(
        organization=plant,
        title="Inspect the pump",
        description="With the pump running.",
        estimated_minutes=30,
        skills=["mechanical"],
        tools=["stethoscope"],
        permits=["hot work"],
        safety_notes="Keep clear of the coupling.",
        needs_outage=True,
        needs_signature=True,
    )
    JobPlanTaskFactory.create(job_plan=plan, position=1, text="Guard in place?", kind="pass_fail")
    JobPlanTaskFactory.create(
        job_plan=plan, position=2, text="Vibration", kind=AnswerKind.READING, sensor_key="vib"
    )
    return plan


def _line(order: WorkOrder) -> WorkOrderAsset:
    asset = AssetFactory.create(organization=order.organization)
    line: WorkOrderAsset = WorkOrderAsset.objects.create(
        organization=order.organization, work_order=order, asset=asset, position=2
    )
    return line


def _apply(order: WorkOrder) -> WorkOrder:
    checklists.apply_plans(orders=[order])
    order.refresh_from_db()
    return order


class TestApplyPlans:
    def test_copies_the_tasks_to_each_asset_of_the_order(self, pump: Asset, plan: JobPlan) -> None:
        order = WorkOrderFactory.create(asset=pump, job_plan=plan)
        line = _line(order)

        _apply(order)

        tasks = order.tasks.order_by("line__position", "position")
        assert [(task.asset, task.text) for task in tasks] == [
            (pump, "Guard in place?"),
            (pump, "Vibration"),
            (line.asset, "Guard in place?"),
            (line.asset, "Vibration"),
        ]
        assert {task.outcome for task in tasks} == {WorkOrderTask.Outcome.OPEN}

    def test_finds_the_sensor_of_each_asset_and_takes_its_unit(
        self, pump: Asset, plan: JobPlan
    ) -> None:
        sensor = SensorFactory.create(asset=pump, key="vib", unit="mm/s")
        order = WorkOrderFactory.create(asset=pump, job_plan=plan)
        line = _line(order)

        _apply(order)

        found, missing = order.tasks.filter(kind="reading").order_by("line__position")
        assert (found.sensor, found.unit) == (sensor, "mm/s")
        assert (missing.asset, missing.sensor, missing.sensor_key) == (line.asset, None, "vib")

    def test_gives_the_order_what_it_does_not_say_itself(self, pump: Asset, plan: JobPlan) -> None:
        order = _apply(WorkOrderFactory.create(asset=pump, job_plan=plan, title=""))

        assert order.title == "Inspect the pump"
        assert order.description == "With the pump running."
        assert order.estimated_minutes == 30
        assert (order.skills, order.tools, order.permits) == (
            ["mechanical"],
            ["stethoscope"],
            ["hot work"],
        )
        assert order.safety_notes == "Keep clear of the coupling."
        assert order.needs_outage
        assert order.needs_signature

    def test_keeps_what_the_order_says(self, pump: Asset, plan: JobPlan) -> None:
        order = _apply(
            WorkOrderFactory.create(
                asset=pump,
                job_plan=plan,
                title="Check P-1",
                description="It is loud.",
                estimated_minutes=45,
                permits=["confined space"],
                safety_notes="Wear a mask.",
            )
        )

        assert (order.title, order.description) == ("Check P-1", "It is loud.")
        assert order.estimated_minutes == 45
        assert order.permits == ["confined space", "hot work"]
        assert order.safety_notes == "Wear a mask.\nKeep clear of the coupling."

    def test_multiplies_the_labor_by_the_assets(self, pump: Asset, plan: JobPlan) -> None:
        order = WorkOrderFactory.create(asset=pump, job_plan=plan)
        _line(order)

        assert _apply(order).estimated_minutes == 60

    def test_can_be_repeated(self, pump: Asset, plan: JobPlan) -> None:
        order = _apply(WorkOrderFactory.create(asset=pump, job_plan=plan))
        safety = order.safety_notes

        _apply(order)

        assert order.tasks.count() == 2
        assert order.safety_notes == safety

    def test_leaves_an_order_without_a_plan_alone(self, pump: Asset, plan: JobPlan) -> None:
        assert not _apply(WorkOrderFactory.create(asset=pump)).tasks.exists()

    def test_takes_as_few_queries_for_thirty_orders_as_for_three(
        self, pump: Asset, plan: JobPlan
    ) -> None:
        taken = []
        for count in (3, 30):
            orders = WorkOrderFactory.create_batch(count, asset=pump, job_plan=plan)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                checklists.apply_plans(orders=orders)
            taken.append(len(queries))

        assert taken[0] == taken[1] <= 10


class TestAddTasks:
    def test_gives_a_later_asset_the_tasks_of_the_plan(self, pump: Asset, plan: JobPlan) -> None:
        order = _apply(WorkOrderFactory.create(asset=pump, job_plan=plan))
        line = _line(order)

        assert checklists.add_tasks(lines=[line]) == 2
        assert checklists.add_tasks(lines=[line]) == 0
        assert line.tasks.count() == 2

    def test_adds_nothing_without_a_plan(self, pump: Asset) -> None:
        assert checklists.add_tasks(lines=[_line(WorkOrderFactory.create(asset=pump))]) == 0


class TestOpenTasks:
    def test_are_the_required_ones_that_nobody_answered(self, pump: Asset) -> None:
        order = WorkOrderFactory.create(asset=pump)
        WorkOrderTaskFactory.create(
            work_order=order,
            asset=pump,
            outcome="passed",
            answered_at=NOON,
            answered_by=UserFactory.create(),
        )
        WorkOrderTaskFactory.create(work_order=order, asset=pump, is_required=False)
        left = WorkOrderTaskFactory.create(work_order=order, asset=pump)

        assert checklists.open_tasks(work_order=order) == [left]


class TestReadingsOf:
    def test_are_the_last_before_the_start_and_the_answer(self, pump: Asset) -> None:
        sensor = SensorFactory.create(asset=pump, key="vib")
        for hours, value in ((-2, 5.0), (-1, 7.0), (2, 9.0)):
            ReadingFactory.create(sensor=sensor, time=NOON + hours * HOUR, value=value)
        order = WorkOrderFactory.create(asset=pump, status="in_progress", started_at=NOON)
        self._answered(order, sensor, 2.5)

        assert checklists.readings_of(work_order=order, asset=pump) == [
            {"sensor": "vib", "unit": "mm/s", "before": 7.0, "after": 2.5}
        ]

    def test_of_a_sensor_read_twice_are_both_answers(self, pump: Asset) -> None:
        sensor = SensorFactory.create(asset=pump, key="vib")
        ReadingFactory.create(sensor=sensor, time=NOON - HOUR, value=5.0)
        order = WorkOrderFactory.create(asset=pump, status="in_progress", started_at=NOON)
        self._answered(order, sensor, 8.0)
        self._answered(order, sensor, 2.5, at=NOON + HOUR)

        [pair] = checklists.readings_of(work_order=order, asset=pump)
        assert (pair["before"], pair["after"]) == (8.0, 2.5)

    def test_tell_of_the_sensors_whose_anomalies_led_to_the_order(self, pump: Asset) -> None:
        advice = RecommendationFactory.create(asset=pump)
        sensor = SensorFactory.create(asset=pump, key="vib")
        SensorFactory.create(asset=pump, key="temperature")
        AnomalyFactory.create(asset=pump, sensor=sensor, recommendation=advice)
        for hours, value in ((-1, 7.0), (1, 2.0), (3, 9.0)):
            ReadingFactory.create(sensor=sensor, time=NOON + hours * HOUR, value=value)
        order = WorkOrderFactory.create(
            asset=pump,
            recommendation=advice,
            status="completed",
            started_at=NOON,
            completed_at=NOON + 2 * HOUR,
            completed_by=UserFactory.create(),
        )

        assert checklists.readings_of(work_order=order, asset=pump) == [
            {"sensor": "vib", "unit": "mm/s", "before": 7.0, "after": 2.0}
        ]

    def test_are_none_where_a_sensor_said_nothing(self, pump: Asset) -> None:
        advice = RecommendationFactory.create(asset=pump)
        sensor = SensorFactory.create(asset=pump, key="vib")
        AnomalyFactory.create(asset=pump, sensor=sensor, recommendation=advice)
        order = WorkOrderFactory.create(asset=pump, recommendation=advice)

        [pair] = checklists.readings_of(work_order=order, asset=pump)
        assert (pair["before"], pair["after"]) == (None, None)

    def _answered(
        self, order: WorkOrder, sensor: object, number: float, at: dt.datetime = NOON
    ) -> None:
        WorkOrderTaskFactory.create(
            work_order=order,
            asset=order.asset,
            kind="reading",
            sensor=sensor,
            number=number,
            outcome="passed",
            answered_at=at,
            answered_by=UserFactory.create(),
        )
