from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from assets.models import Asset, Reading
from maintenance.models import Attachment, WorkOrder, WorkOrderTask
from opssight.accounts.models import Membership
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    JobPlanFactory,
    JobPlanTaskFactory,
    SensorFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def pump(technician: Membership) -> Asset:
    return AssetFactory.create(organization=technician.organization)


@pytest.fixture
def order(pump: Asset) -> WorkOrder:
    made: WorkOrder = WorkOrderFactory.create(asset=pump, status="in_progress", started_at=NOON)
    return made


def _task(order: WorkOrder, kind: str = "pass_fail", **values: Any) -> WorkOrderTask:
    task: WorkOrderTask = WorkOrderTaskFactory.create(
        work_order=order, asset=order.asset, kind=kind, **values
    )
    return task


def _post(client: Client, task: WorkOrderTask, **data: Any) -> Any:
    url = reverse("maintenance:answer_task", args=[task.pk])
    return client.post(url, data, headers={"HX-Request": "true", "HX-Target": f"task-{task.pk}"})


def _photo() -> SimpleUploadedFile:
    body = BytesIO()
    Image.new("RGB", (8, 8)).save(body, "PNG")
    return SimpleUploadedFile("leak.png", body.getvalue(), "image/png")


class TestChecklist:
    def test_shows_how_far_it_is_and_what_failed(self, order: WorkOrder, signed_in: Client) -> None:
        tasks = [_task(order) for _ in range(3)]
        _post(signed_in, tasks[0], outcome="passed")
        _post(signed_in, tasks[1], outcome="failed")

        body = signed_in.get(reverse("maintenance:order_tasks", args=[order.pk])).content.decode()

        assert "2 of 3" in body
        assert "1 failed" in body

    def test_groups_the_tasks_by_asset(self, order: WorkOrder, signed_in: Client) -> None:
        other = AssetFactory.create(organization=order.organization, tag="P-2")
        order.lines.create(organization=order.organization, asset=other, position=2)
        _task(order)
        WorkOrderTaskFactory.create(work_order=order, asset=other)

        body = signed_in.get(reverse("maintenance:order_tasks", args=[order.pk])).content.decode()

        assert body.count("task-asset") == 2
        assert body.index(order.asset.tag) < body.index("P-2")

    def test_stands_on_the_page_of_the_order(self, order: WorkOrder, signed_in: Client) -> None:
        task = _task(order, text="Is the guard in place?")

        body = signed_in.get(order.get_absolute_url()).content.decode()

        assert f'id="task-{task.pk}"' in body
        assert "Is the guard in place?" in body

    def test_waits_for_the_start_of_the_work(self, pump: Asset, signed_in: Client) -> None:
        order = WorkOrderFactory.create(asset=pump)
        _task(order)

        body = signed_in.get(reverse("maintenance:order_tasks", args=[order.pk])).content.decode()

        assert "answered while the work is in progress" in body
        assert "task-form" not in body

    def test_is_only_read_by_a_viewer(
        self, order: WorkOrder, viewer: Membership, client_for: ClientFor
    ) -> None:
        task, client = _task(order), client_for(viewer)

        body = client.get(reverse("maintenance:order_tasks", args=[order.pk])).content.decode()

        assert "task-form" not in body
        assert _post(client, task, outcome="passed").status_code == 403

    def test_does_not_exist_for_a_stranger(
        self, order: WorkOrder, stranger: Membership, client_for: ClientFor
    ) -> None:
        task, client = _task(order), client_for(stranger)

        assert client.get(reverse("maintenance:order_tasks", args=[order.pk])).status_code == 404
        assert _post(client, task, outcome="passed").status_code == 404

    def test_takes_as_few_queries_for_thirty_tasks_as_for_three(
        self, order: WorkOrder, signed_in: Client, django_assert_max_num_queries: Any
    ) -> None:
        for count in (3, 30):
            for _ in range(count):
                _task(order)
            # Two of them for what hinders the report, which is told beside it.
            with django_assert_max_num_queries(10 + WALLS):
                signed_in.get(
                    reverse("maintenance:order_tasks", args=[order.pk]),
                    headers={"HX-Request": "true"},
                )


class TestAnswer:
    def test_gives_back_the_task_and_the_progress(
        self, order: WorkOrder, signed_in: Client
    ) -> None:
        task = _task(order)

        answer = _post(signed_in, task, outcome="passed")

        body = answer.content.decode()
        assert answer.status_code == 200
        assert f'id="task-{task.pk}"' in body
        assert 'hx-swap-oob="true"' in body
        assert "1 of 1" in body
        assert "<html" not in body

    def test_leads_back_to_the_task_without_javascript(
        self, order: WorkOrder, signed_in: Client
    ) -> None:
        task = _task(order)

        answer = signed_in.post(
            reverse("maintenance:answer_task", args=[task.pk]), {"outcome": "passed"}
        )

        assert answer.status_code == 302
        assert answer["Location"] == f"{order.get_absolute_url()}#task-{task.pk}"

    def test_says_what_is_wrong_and_keeps_what_was_typed(
        self, order: WorkOrder, signed_in: Client
    ) -> None:
        sensorless = _task(order, "reading", sensor_key="vib")

        answer = _post(signed_in, sensorless, number="2.75", answer="By hand.")

        body = answer.content.decode()
        assert answer.status_code == 422
        assert "has no sensor vib" in body
        assert 'value="2.75"' in body
        assert "By hand." in body
        assert 'aria-invalid="true"' in body

    @pytest.mark.parametrize("number", ["abc", "NaN", "inf", "1e999"])
    def test_takes_no_number_that_is_none(
        self, order: WorkOrder, signed_in: Client, number: str
    ) -> None:
        task = _task(order, "number")

        assert _post(signed_in, task, number=number).status_code == 422
        task.refresh_from_db()
        assert task.outcome == "open"

    def test_says_that_a_number_could_not_be_read_whatever_stands_in_its_field(
        self, order: WorkOrder, signed_in: Client
    ) -> None:
        task = _task(order, "number")
        _post(signed_in, task, number="5")

        _post(signed_in, task, number="5", outcome="failed", answer="The gauge is broken.")

        task.refresh_from_db()
        assert (task.outcome, task.number) == ("failed", None)

    def test_keeps_a_photo(self, order: WorkOrder, signed_in: Client) -> None:
        task = _task(order, "photo")

        answer = _post(signed_in, task, photo=_photo())

        assert answer.status_code == 200, answer.content.decode()
        task.refresh_from_db()
        assert task.photo is not None
        assert (task.photo.work_order, task.outcome) == (order, "passed")

    def test_keeps_no_photo_of_an_answer_that_was_refused(
        self, order: WorkOrder, signed_in: Client
    ) -> None:
        task = _task(order, "number")

        assert _post(signed_in, task, photo=_photo()).status_code == 422
        assert not Attachment.objects.exists()

    def test_refuses_a_file_that_is_no_picture(self, order: WorkOrder, signed_in: Client) -> None:
        task = _task(order, "photo")
        fake = SimpleUploadedFile("leak.png", b"no picture", "image/png")

        answer = _post(signed_in, task, photo=fake)

        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()

    def test_corrects_a_mistyped_reading_at_its_time_or_reads_again(
        self, order: WorkOrder, pump: Asset, signed_in: Client
    ) -> None:
        sensor = SensorFactory.create(asset=pump, key="vib")
        task = _task(order, "reading", sensor=sensor, sensor_key="vib")

        _post(signed_in, task, number="71")
        _post(signed_in, task, number="7.1", time="same")
        assert list(Reading.objects.values_list("value", flat=True)) == [7.1]

        _post(signed_in, task, number="7.1", time="now")
        assert list(Reading.objects.values_list("value", flat=True)) == [7.1, 7.1]

    def test_names_the_order_that_a_failure_opened(
        self, order: WorkOrder, signed_in: Client
    ) -> None:
        task = _task(order, opens_corrective=True)

        answer = _post(signed_in, task, outcome="failed")
        corrective = WorkOrder.objects.get(follows=order)
        changed = _post(signed_in, task, outcome="passed")

        assert corrective.number in answer["HX-Trigger"]
        assert "was opened to repair it" in answer.content.decode()
        assert "opened by an earlier answer and stays" in changed.content.decode()

    def test_is_refused_once_the_order_is_completed(
        self, pump: Asset, technician: Membership, signed_in: Client
    ) -> None:
        done = WorkOrderFactory.create(
            asset=pump,
            status="completed",
            started_at=NOON,
            completed_at=NOON,
            completed_by=technician.user,
        )

        answer = _post(signed_in, _task(done), outcome="passed")

        assert answer.status_code == 409
        assert "stays as it is" in answer.content.decode()


class TestApplyPlan:
    def test_gives_the_order_the_checklist(
        self, pump: Asset, planner: Membership, client_for: ClientFor
    ) -> None:
        order = WorkOrderFactory.create(asset=pump)
        plan = JobPlanFactory.create(organization=planner.organization)
        JobPlanTaskFactory.create(job_plan=plan, text="Wipe the nipple")
        client = client_for(planner)
        url = reverse("maintenance:apply_plan", args=[order.pk])

        assert plan.code in client.get(order.get_absolute_url()).content.decode()
        answer = client.post(url, {"plan": plan.pk}, headers={"HX-Request": "true"})

        assert "Wipe the nipple" in answer.content.decode()
        assert client.post(url, {"plan": plan.pk}).status_code == 409

    def test_offers_plans_for_the_category_only(
        self, pump: Asset, planner: Membership, client_for: ClientFor
    ) -> None:
        order = WorkOrderFactory.create(asset=pump)
        own = planner.organization
        plans = [
            JobPlanFactory.create(organization=own, category="Pump"),
            JobPlanFactory.create(organization=own, category="motor"),
            JobPlanFactory.create(organization=own, is_active=False),
        ]
        client, url = client_for(planner), reverse("maintenance:apply_plan", args=[order.pk])

        found = [
            client.post(url, {"plan": plan.pk}, headers={"HX-Request": "true"}).status_code
            for plan in reversed(plans)
        ]

        assert found == [422, 422, 200]

    def test_is_for_planners(self, order: WorkOrder, signed_in: Client) -> None:
        plan = JobPlanFactory.create(organization=order.organization)
        url = reverse("maintenance:apply_plan", args=[order.pk])

        assert signed_in.post(url, {"plan": plan.pk}).status_code == 403
