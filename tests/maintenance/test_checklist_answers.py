import datetime as dt
import math
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given as over
from hypothesis import strategies as st

from assets.models import Asset, Reading, Sensor
from maintenance.models import AnswerKind, WorkOrder, WorkOrderTask
from maintenance.services import answers, judging
from maintenance.services.judging import Answer
from opssight.accounts.models import Membership, Organization, User
from opssight.audit.models import AuditEntry
from tests.factories import (
    NOON,
    AssetFactory,
    AttachmentFactory,
    SensorFactory,
    ServiceLevelFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LATER = NOON + 30 * MINUTE
Outcome = WorkOrderTask.Outcome


@pytest.fixture
def by(technician: Membership) -> User:
    return technician.user


@pytest.fixture
def pump(plant: Organization) -> Asset:
    return AssetFactory.create(organization=plant, tag="P-1")


@pytest.fixture
def vib(pump: Asset) -> Sensor:
    made: Sensor = SensorFactory.create(asset=pump, key="vib", unit="mm/s")
    return made


@pytest.fixture
def order(pump: Asset) -> WorkOrder:
    made: WorkOrder = WorkOrderFactory.create(
        asset=pump, status=WorkOrder.Status.IN_PROGRESS, started_at=NOON, priority="high"
    )
    return made


def _task(order: WorkOrder, kind: str = "pass_fail", **values: Any) -> WorkOrderTask:
    task: WorkOrderTask = WorkOrderTaskFactory.create(
        work_order=order, asset=order.asset, kind=kind, **values
    )
    return task


def _answer(task: WorkOrderTask, by: User, now: dt.datetime = LATER, **given: Any) -> WorkOrderTask:
    answers.answer(task=task, given=Answer(**given), by=by, at=now)
    task.refresh_from_db()
    return task


def _refused(task: WorkOrderTask, by: User, **given: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        _answer(task, by, **given)
    [messages] = refused.value.message_dict.values()
    return messages[0]


class TestKinds:
    @pytest.mark.parametrize("kind", ["check", "pass_fail"])
    @pytest.mark.parametrize("outcome", ["passed", "failed"])
    def test_a_check_is_what_it_is_answered_with(
        self, order: WorkOrder, by: User, kind: str, outcome: str
    ) -> None:
        task = _answer(_task(order, kind), by, outcome=outcome, answer=" Two bolts missing. ")

        assert (task.outcome, task.answer) == (outcome, "Two bolts missing.")
        assert (task.answered_at, task.answered_by) == (LATER, by)

    def test_a_check_needs_an_outcome(self, order: WorkOrder, by: User) -> None:
        assert _refused(_task(order, "check"), by, answer="x") == "Answer with passed or failed."

    def test_a_text_is_an_answer(self, order: WorkOrder, by: User) -> None:
        task = _answer(_task(order, "text"), by, answer="Oil is clear.")

        assert (task.outcome, task.answer) == ("passed", "Oil is clear.")

    @pytest.mark.parametrize(
        ("kind", "message"),
        [("text", "Write an answer"), ("number", "Give a number"), ("photo", "Add a photo")],
    )
    def test_a_value_is_needed_or_the_reason_why_there_is_none(
        self, order: WorkOrder, by: User, kind: str, message: str
    ) -> None:
        task = _task(order, kind)

        assert _refused(task, by).startswith(message)
        assert _refused(task, by, outcome="failed").startswith(message)
        assert (
            _answer(task, by, outcome="failed", answer="The gauge is broken.").outcome == "failed"
        )

    def test_a_photo_is_one_of_the_order(self, order: WorkOrder, by: User) -> None:
        task = _task(order, "photo")
        photo = AttachmentFactory.create(asset=order.asset, work_order=order)

        task = _answer(task, by, photo=photo)

        assert (task.outcome, task.photo) == ("passed", photo)

    def test_a_photo_of_something_else_or_a_document_is_refused(
        self, order: WorkOrder, by: User
    ) -> None:
        task = _task(order, "photo")
        other = AttachmentFactory.create(asset=order.asset)
        document = AttachmentFactory.create(
            asset=order.asset, work_order=order, kind="document", name="manual.pdf"
        )

        assert "belongs to something else" in _refused(task, by, photo=other)
        assert "manual.pdf is not a photo" in _refused(task, by, photo=document)

    def test_an_answer_can_be_taken_back(self, order: WorkOrder, by: User) -> None:
        task = _answer(_task(order, "number"), by, number=5.0, answer="Warm.")

        task = _answer(task, by, outcome="open")

        assert (task.outcome, task.number, task.answer) == ("open", None, "")
        assert (task.answered_at, task.answered_by) == (None, None)

    @pytest.mark.parametrize("text", ["x" * 10_001, "a\0b"])
    def test_text_that_cannot_be_kept_is_refused(
        self, order: WorkOrder, by: User, text: str
    ) -> None:
        assert _refused(_task(order, "text"), by, answer=text)


class TestLimits:
    @pytest.mark.parametrize(
        ("number", "outcome"), [(1.9, "failed"), (2, "passed"), (8, "passed"), (8.1, "failed")]
    )
    def test_a_number_outside_of_them_fails(
        self, order: WorkOrder, by: User, number: float, outcome: str
    ) -> None:
        task = _task(order, "number", low=2, high=8, unit="bar")

        assert _answer(task, by, number=number).outcome == outcome

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("kind", ["number", "reading"])
    def test_a_number_is_finite(
        self, order: WorkOrder, by: User, vib: Sensor, number: float, kind: str
    ) -> None:
        task = _task(order, kind, sensor=vib, sensor_key="vib")

        assert _refused(task, by, number=number) == "Give a finite number."

    @over(
        low=st.none() | st.floats(-1e6, 1e6),
        high=st.none() | st.floats(-1e6, 1e6),
        number=st.floats(allow_nan=False, allow_infinity=False),
    )
    def test_pass_exactly_what_lies_on_or_between_them(
        self, low: float | None, high: float | None, number: float
    ) -> None:
        task = WorkOrderTask(kind="number", low=low, high=high)
        floor, ceiling = -math.inf if low is None else low, math.inf if high is None else high

        passed = judging.judge(task, number) == Outcome.PASSED

        assert passed == (floor <= number <= ceiling)

    @pytest.mark.parametrize(
        ("low", "high", "words"),
        [
            (0, 7.1, "0 to 7.1 mm/s"),
            (2.5, None, "at least 2.5 mm/s"),
            (None, 1234567, "at most 1234567 mm/s"),
            (None, None, ""),
        ],
    )
    def test_are_said_in_words(self, low: float | None, high: float | None, words: str) -> None:
        assert WorkOrderTask(low=low, high=high, unit="mm/s").limits == words


class TestReadings:
    def test_are_written_to_the_sensor_with_the_time_of_the_answer(
        self, order: WorkOrder, by: User, vib: Sensor
    ) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib", high=7.1)

        task = _answer(task, by, number=8.2)

        assert task.outcome == "failed"
        assert _readings(vib) == [(LATER, 8.2)]
        vib.refresh_from_db()
        assert (vib.last_time, vib.last_value) == (LATER, 8.2)

    def test_carry_the_time_at_which_they_were_taken_offline(
        self, order: WorkOrder, by: User, vib: Sensor
    ) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib")

        task = _answer(task, by, number=2.0, answered_at=NOON + MINUTE)

        assert task.answered_at == NOON + MINUTE
        assert _readings(vib) == [(NOON + MINUTE, 2.0)]

    def test_sent_twice_are_one(self, order: WorkOrder, by: User, vib: Sensor) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib")

        for minutes in (0, 5):
            _answer(task, by, now=LATER + minutes * MINUTE, number=2.0)

        assert _readings(vib) == [(LATER, 2.0)]

    def test_taken_again_at_another_time_are_two(
        self, order: WorkOrder, by: User, vib: Sensor
    ) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib")

        for minutes in (1, 2):
            _answer(task, by, number=2.0, answered_at=NOON + minutes * MINUTE)

        assert _readings(vib) == [(NOON + MINUTE, 2.0), (NOON + 2 * MINUTE, 2.0)]

    def test_are_corrected_by_another_number_of_the_same_time(
        self, order: WorkOrder, by: User, vib: Sensor
    ) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib")
        for number in (71.0, 7.1):
            given = Answer(number=number, answered_at=NOON + MINUTE)
            answers.answer(task=task, given=given, by=by, at=LATER)

        assert _readings(vib) == [(NOON + MINUTE, 7.1)]

    def test_are_not_taken_anew_by_a_note(self, order: WorkOrder, by: User, vib: Sensor) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib")
        _answer(task, by, number=2.0)

        task = _answer(task, by, now=LATER + MINUTE, number=2.0, answer="At the drive end.")

        assert (task.answer, task.answered_at) == ("At the drive end.", LATER)
        assert _readings(vib) == [(LATER, 2.0)]

    def test_find_a_sensor_that_was_added_since(self, order: WorkOrder, by: User) -> None:
        task = _task(order, "reading", sensor_key="vib")
        assert _refused(task, by, number=2.0).startswith("P-1 has no sensor vib")
        sensor = SensorFactory.create(asset=order.asset, key="vib")

        assert _answer(task, by, number=2.0).sensor == sensor
        assert _readings(sensor) == [(LATER, 2.0)]

    def test_in_another_unit_than_the_sensors_are_refused(
        self, order: WorkOrder, by: User, vib: Sensor
    ) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib", unit="in/s")

        assert "asks in in/s" in _refused(task, by, number=2.0)
        assert not _readings(vib)

    def test_that_the_sensor_cannot_read_are_refused(
        self, order: WorkOrder, by: User, vib: Sensor
    ) -> None:
        Sensor.objects.filter(pk=vib.pk).update(physical_low=0)
        task = _task(order, "reading", sensor=vib, sensor_key="vib")

        assert "is impossible" in _refused(task, by, number=-2.0)
        assert "too large" in _refused(task, by, number=1e200)
        assert not _readings(vib)

    def test_that_cannot_be_written_leave_no_answer(
        self, order: WorkOrder, by: User, vib: Sensor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = _task(order, "reading", sensor=vib, sensor_key="vib", opens_corrective=True, high=1)

        def fail(**_: Any) -> None:
            raise ValueError

        monkeypatch.setattr(answers, "ingest", fail)
        with pytest.raises(ValueError):  # noqa: PT011
            _answer(task, by, number=2.0)

        task.refresh_from_db()
        assert (task.outcome, task.corrective) == ("open", None)
        assert not WorkOrder.objects.filter(follows=order).exists()


class TestTime:
    @pytest.mark.parametrize("at", [LATER + 6 * MINUTE, NOON - 6 * MINUTE])
    def test_lies_within_the_work(self, order: WorkOrder, by: User, at: dt.datetime) -> None:
        with pytest.raises(ValidationError):
            answers.answer(
                task=_task(order), given=Answer(outcome="passed", answered_at=at), by=by, at=LATER
            )

    def test_a_late_answer_does_not_undo_a_newer_one(self, order: WorkOrder, by: User) -> None:
        task = _answer(_task(order), by, outcome="failed")

        with pytest.raises(answers.AnsweredSince, match="was answered by technician"):
            answers.answer(
                task=task,
                given=Answer(outcome="passed", answered_at=NOON + MINUTE),
                by=by,
                at=LATER,
            )

        task.refresh_from_db()
        assert task.outcome == "failed"

    def test_the_same_answer_again_changes_nothing(self, order: WorkOrder, by: User) -> None:
        task = _answer(_task(order), by, outcome="passed")
        known = AuditEntry.objects.count()

        task = _answer(task, by, now=LATER + MINUTE, outcome="passed")

        assert task.answered_at == LATER
        assert AuditEntry.objects.count() == known

    def test_a_changed_answer_stands_in_the_audit_trail(self, order: WorkOrder, by: User) -> None:
        task = _answer(_task(order), by, outcome="passed")

        _answer(task, by, now=LATER + MINUTE, outcome="failed")

        entry = AuditEntry.objects.filter(subject="work_order_tasks", subject_id=task.pk).latest(
            "pk"
        )
        assert entry.before is not None
        assert entry.after is not None
        assert (entry.before["outcome"], entry.after["outcome"]) == ("passed", "failed")


class TestState:
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("draft", "Start the work first"),
            ("approved", "Start the work first"),
            ("scheduled", "Start the work first"),
            ("waiting", "Start the work first"),
            ("completed", "follow-up"),
            ("closed", "follow-up"),
            ("cancelled", "follow-up"),
        ],
    )
    def test_only_work_in_progress_is_answered(
        self, pump: Asset, by: User, status: str, words: str
    ) -> None:
        done = {"started_at": NOON, "completed_at": LATER, "completed_by": by}
        order = WorkOrderFactory.create(
            asset=pump, status=status, **(done if status in ("completed", "closed") else {})
        )

        with pytest.raises(answers.ChecklistClosed, match=words):
            _answer(_task(order), by, outcome="passed")


class TestCorrective:
    def test_is_opened_by_a_failure(self, order: WorkOrder, by: User) -> None:
        task = _task(order, "number", text="Pressure", unit="bar", high=8, opens_corrective=True)

        task = _answer(task, by, number=9.5, answer="Relief valve sticks.")

        corrective = task.corrective
        assert corrective is not None
        assert (corrective.follows, corrective.asset) == (order, order.asset)
        assert corrective.maintenance_type == "corrective"
        assert corrective.priority == "high"
        assert corrective.title == f"Found in {order.number}: Pressure"
        assert "9.5 bar (allowed: at most 8 bar)" in corrective.description
        assert "Relief valve sticks." in corrective.description
        assert corrective.due_at == LATER + dt.timedelta(days=7)

    def test_is_due_by_the_service_level_of_its_priority(self, order: WorkOrder, by: User) -> None:
        ServiceLevelFactory.create(
            organization=order.organization, priority="high", respond_hours=4, complete_hours=24
        )

        task = _answer(_task(order, opens_corrective=True), by, outcome="failed")

        assert task.corrective is not None
        assert task.corrective.due_at == LATER + dt.timedelta(hours=24)

    def test_is_one_however_often_it_fails(self, order: WorkOrder, by: User) -> None:
        task = _task(order, opens_corrective=True)
        for minutes, outcome in enumerate(("failed", "passed", "failed", "failed")):
            task = _answer(task, by, now=LATER + minutes * MINUTE, outcome=outcome)

        assert WorkOrder.objects.filter(follows=order).count() == 1

    def test_stays_when_the_answer_is_corrected(self, order: WorkOrder, by: User) -> None:
        task = _answer(_task(order, opens_corrective=True), by, outcome="failed")

        task = _answer(task, by, now=LATER + MINUTE, outcome="passed")

        assert task.corrective is not None
        assert task.corrective.is_open

    def test_is_not_opened_by_a_task_that_does_not_ask_for_it(
        self, order: WorkOrder, by: User
    ) -> None:
        assert _answer(_task(order), by, outcome="failed").corrective is None

    def test_of_a_round_is_one_for_each_failed_item_at_its_asset(
        self, order: WorkOrder, by: User
    ) -> None:
        other = AssetFactory.create(organization=order.organization)
        order.lines.create(organization=order.organization, asset=other, position=2)
        here = _task(order, opens_corrective=True)
        there = WorkOrderTaskFactory.create(
            work_order=order, asset=other, kind="pass_fail", opens_corrective=True
        )

        answers.answer_all(
            answers={here.pk: Answer(outcome="failed"), there.pk: Answer(outcome="failed")},
            by=by,
            at=LATER,
        )

        found = WorkOrder.objects.filter(follows=order).values_list("asset", flat=True)
        assert sorted(found) == sorted([order.asset_id, other.pk])


class TestAnswerAll:
    def test_takes_all_or_none(self, order: WorkOrder, by: User, vib: Sensor) -> None:
        right = _task(order, "reading", sensor=vib, sensor_key="vib")
        wrong = _task(order, "number")

        with pytest.raises(answers.AnswersRefused) as refused:
            answers.answer_all(
                answers={right.pk: Answer(number=1.0), wrong.pk: Answer()}, by=by, at=LATER
            )

        assert set(refused.value.errors) == {wrong.pk}
        right.refresh_from_db()
        assert right.outcome == "open"
        assert not _readings(vib)

    def test_answers_in_the_order_that_was_asked(self, order: WorkOrder, by: User) -> None:
        first, second = _task(order), _task(order)

        found = answers.answer_all(
            answers={second.pk: Answer(outcome="passed"), first.pk: Answer(outcome="failed")},
            by=by,
            at=LATER,
        )

        assert [(task.pk, task.outcome) for task in found] == [
            (second.pk, "passed"),
            (first.pk, "failed"),
        ]

    def test_writes_the_readings_of_a_whole_checklist_in_few_queries(
        self, order: WorkOrder, by: User, django_assert_max_num_queries: Any
    ) -> None:
        tasks = []
        for n in range(20):
            sensor = SensorFactory.create(asset=order.asset, key=f"s{n}")
            tasks.append(_task(order, AnswerKind.READING, sensor=sensor, sensor_key=sensor.key))

        with django_assert_max_num_queries(15):
            answers.answer_all(
                answers={task.pk: Answer(number=float(task.pk)) for task in tasks}, by=by, at=LATER
            )

        assert Reading.objects.count() == 20


def _readings(sensor: Sensor) -> list[tuple[dt.datetime, float]]:
    return list(Reading.objects.filter(sensor=sensor).order_by("time").values_list("time", "value"))
