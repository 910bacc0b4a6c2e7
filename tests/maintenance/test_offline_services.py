"""What the server does with work that was done without a connection and reported later."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from maintenance.models import WorkOrder, WorkOrderTask, WorkOrderTransition
from maintenance.services import answers, moments
from maintenance.services.course import TransitionRefused
from maintenance.services.judging import Answer, Values
from opssight.accounts.models import Membership, Organization, User
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    LaborEntryFactory,
    TechnicianFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LATER = NOON + 30 * MINUTE
OPEN: Values = ("open", None, "", None)


@pytest.fixture
def order(plant: Organization) -> WorkOrder:
    made: WorkOrder = WorkOrderFactory.create(
        asset__organization=plant, status=WorkOrder.Status.IN_PROGRESS, started_at=NOON
    )
    return made


@pytest.fixture
def task(order: WorkOrder) -> WorkOrderTask:
    made: WorkOrderTask = WorkOrderTaskFactory.create(
        work_order=order, asset=order.asset, kind="number", unit="mm"
    )
    return made


def _answer(task: WorkOrderTask, by: User, after: int, **given: Any) -> WorkOrderTask:
    moment = NOON + after * MINUTE
    answers.answer(task=task, given=Answer(answered_at=moment, **given), by=by, at=LATER)
    task.refresh_from_db()
    return task


class TestMergedAnswers:
    def test_what_each_changed_is_kept_where_the_parts_differ(
        self, task: WorkOrderTask, technician: Membership, planner: Membership
    ) -> None:
        _answer(task, planner.user, 1, number=4.0)
        before: Values = ("passed", 4.0, "", None)
        _answer(task, planner.user, 9, number=4.2)

        _answer(task, technician.user, 5, number=4.0, answer="Wet.", known=before)

        assert (task.number, task.answer) == (4.2, "Wet.")
        assert task.answered_at == NOON + 9 * MINUTE

    def test_the_same_part_changed_by_both_is_for_a_person_to_decide(
        self, task: WorkOrderTask, technician: Membership, planner: Membership
    ) -> None:
        _answer(task, planner.user, 1, number=4.2)
        with pytest.raises(answers.AnsweredSince, match="answered otherwise by planner"):
            _answer(task, technician.user, 5, number=4.6, known=OPEN)

        _answer(task, technician.user, 5, number=4.6, known=("passed", 4.2, "", None))

        assert (task.number, task.answered_by) == (4.6, technician.user)

    def test_an_answer_that_stands_there_already_changes_nothing(
        self, task: WorkOrderTask, technician: Membership
    ) -> None:
        _answer(task, technician.user, 5, number=4.2, known=OPEN)
        _answer(task, technician.user, 5, number=4.2, known=OPEN)

        assert task.answered_at == NOON + 5 * MINUTE


class TestMoment:
    def test_of_a_move_is_when_it_was_done(self, api_for: ApiFor, technician: Membership) -> None:
        person = TechnicianFactory.create(
            organization=technician.organization, user=technician.user
        )
        order = WorkOrderFactory.create(
            asset__organization=technician.organization, status="scheduled", technician=person
        )
        begun, ended = (timezone.now() - n * MINUTE for n in (90, 20))
        api, address = api_for(technician), f"/api/maintenance/work-orders/{order.pk}"

        started = api.post(f"{address}/start/", {"happened_at": begun.isoformat()})
        done = api.post(f"{address}/complete/", {"happened_at": ended.isoformat()})

        assert (started.status_code, done.status_code) == (200, 200), (started.data, done.data)
        order.refresh_from_db()
        assert (order.started_at, order.completed_at) == (begun, ended)

    @pytest.mark.parametrize(
        ("after", "words"),
        [(36, "in the future"), (-20 * 1440, "more than 14 days"), (-6, "after this")],
    )
    def test_lies_within_the_course_of_the_order(
        self, order: WorkOrder, after: int, words: str
    ) -> None:
        WorkOrderTransition.objects.create(
            organization_id=order.organization_id,
            asset=order.asset,
            work_order=order,
            from_status="approved",
            to_status="in_progress",
            at=NOON,
        )
        with pytest.raises(TransitionRefused, match=words):
            moments.happened(work_order=order, said=NOON + after * MINUTE, at=LATER)

    def test_is_not_before_a_timer_that_runs(self, order: WorkOrder) -> None:
        LaborEntryFactory.create(
            asset=order.asset, work_order=order, started_at=NOON + 20 * MINUTE, minutes=None
        )

        with pytest.raises(TransitionRefused, match="A timer"):
            moments.happened(work_order=order, said=NOON + 5 * MINUTE, at=LATER)
