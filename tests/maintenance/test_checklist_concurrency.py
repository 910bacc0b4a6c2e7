"""Two people, or one twice, answer at the same moment."""

import pytest

from assets.models import Reading
from maintenance.models import WorkOrder, WorkOrderTask
from maintenance.services import answers, plans
from maintenance.services.judging import Answer
from opssight.accounts.models import Membership
from tests.factories import (
    NOON,
    AssetFactory,
    JobPlanFactory,
    JobPlanTaskFactory,
    SensorFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)
from tests.maintenance.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def _order(member: Membership) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(
        asset=AssetFactory.create(organization=member.organization),
        status=WorkOrder.Status.IN_PROGRESS,
        started_at=NOON,
    )
    return order


def test_twenty_failures_of_one_task_open_one_corrective_order(technician: Membership) -> None:
    order = _order(technician)
    task = WorkOrderTaskFactory.create(
        work_order=order, asset=order.asset, kind="pass_fail", opens_corrective=True
    )

    results = at_once(
        20,
        lambda number: answers.answer(
            task=task,
            given=Answer(outcome="failed", answer=f"Seen by {number}"),
            by=technician.user,
            at=NOON,
        ),
    )

    assert all(isinstance(result, WorkOrderTask) for result in results), results
    assert WorkOrder.objects.filter(follows=order).count() == 1


def test_a_reading_sent_ten_times_at_once_is_one(technician: Membership) -> None:
    order = _order(technician)
    sensor = SensorFactory.create(asset=order.asset, key="vib")
    task = WorkOrderTaskFactory.create(
        work_order=order, asset=order.asset, kind="reading", sensor=sensor, sensor_key="vib"
    )

    at_once(
        10,
        lambda _: answers.answer(
            task=task, given=Answer(number=2.5, answered_at=NOON), by=technician.user, at=NOON
        ),
    )

    assert list(Reading.objects.values_list("sensor", "time", "value")) == [(sensor.pk, NOON, 2.5)]


def test_two_checklists_that_read_the_same_sensors_crosswise_both_get_through(
    technician: Membership,
) -> None:
    first, second = _order(technician), _order(technician)
    asset = first.asset
    sensors = [SensorFactory.create(asset=asset, key=f"s{n}") for n in range(6)]
    lists = []
    for order, row in ((first, sensors), (second, list(reversed(sensors)))):
        order.lines.get_or_create(
            organization=asset.organization, asset=asset, defaults={"position": 2}
        )
        lists.append(
            [
                WorkOrderTaskFactory.create(
                    work_order=order, asset=asset, kind="reading", sensor=one, sensor_key=one.key
                ).pk
                for one in row
            ]
        )

    results = at_once(
        8,
        lambda number: answers.answer_all(
            answers={pk: Answer(number=float(number)) for pk in lists[number % 2]},
            by=technician.user,
            at=NOON,
        ),
    )

    assert all(isinstance(result, list) for result in results), results


def test_two_planners_give_one_order_one_plan(planner: Membership) -> None:
    order = WorkOrderFactory.create(asset=AssetFactory.create(organization=planner.organization))
    made = JobPlanFactory.create_batch(2, organization=planner.organization)
    for plan in made:
        JobPlanTaskFactory.create(job_plan=plan)

    results = at_once(
        6, lambda number: plans.apply(work_order=order, plan=made[number % 2], at=NOON)
    )

    assert sum(isinstance(result, plans.PlanRefused) for result in results) == 5
    assert order.tasks.count() == 1
