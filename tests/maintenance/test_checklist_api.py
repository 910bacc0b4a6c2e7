from typing import Any

import pytest
from django.utils import timezone

from assets.models import Asset, Reading
from maintenance.models import WorkOrder, WorkOrderTask
from opssight.accounts.models import Membership
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    AttachmentFactory,
    SensorFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
URL = "/api/maintenance/work-order-tasks/"


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


class TestList:
    def test_is_the_checklist_of_an_order_in_its_order(
        self, order: WorkOrder, pump: Asset, technician: Membership, api_for: ApiFor
    ) -> None:
        second, first = _task(order, position=2), _task(order, position=1)
        _task(WorkOrderFactory.create(asset=pump))

        body = api_for(technician).get(URL, {"work_order": order.pk}).data

        assert [row["id"] for row in body["results"]] == [first.pk, second.pk]

    def test_goes_on_with_a_cursor(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        for place in range(5):
            _task(order, position=place)
        api, found, url = api_for(technician), [], f"{URL}?page_size=2"
        while url:
            body = api.get(url).data
            found += [row["position"] for row in body["results"]]
            url = body["next"]

        assert found == [0, 1, 2, 3, 4]


class TestAnswer:
    def test_is_kept_with_time_and_person(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        task = _task(order)

        answer = api_for(technician).put(
            f"{URL}{task.pk}/answer/", {"outcome": "passed"}, format="json"
        )

        assert answer.status_code == 200, answer.data
        assert answer.data["outcome"] == "passed"
        assert answer.data["answered_by"] == technician.user.pk
        assert answer.data["answered_at"] is not None

    def test_sent_twice_counts_once(
        self, order: WorkOrder, pump: Asset, technician: Membership, api_for: ApiFor
    ) -> None:
        sensor = SensorFactory.create(asset=pump, key="vib")
        task = _task(order, "reading", sensor=sensor, sensor_key="vib")
        at = timezone.now().isoformat()
        api = api_for(technician)

        first, second = (
            api.put(
                f"{URL}{task.pk}/answer/", {"number": 2.5, "answered_at": at}, format="json"
            ).data
            for _ in range(2)
        )

        assert first == second
        assert Reading.objects.filter(sensor=sensor).count() == 1

    def test_names_the_order_that_its_failure_opened(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        task = _task(order, opens_corrective=True)

        body = (
            api_for(technician)
            .put(
                f"{URL}{task.pk}/answer/", {"outcome": "failed", "answer": "Loose."}, format="json"
            )
            .data
        )

        corrective = WorkOrder.objects.get(follows=order)
        assert (body["corrective"], body["corrective_number"]) == (corrective.pk, corrective.number)

    def test_takes_a_photo_of_the_order(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        task = _task(order, "photo")
        photo = AttachmentFactory.create(asset=order.asset, work_order=order)

        answer = api_for(technician).put(
            f"{URL}{task.pk}/answer/", {"photo": photo.pk}, format="json"
        )

        assert (answer.status_code, answer.data["photo"]) == (200, photo.pk)

    def test_says_what_is_missing(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(technician).put(
            f"{URL}{_task(order, 'number').pk}/answer/", {}, format="json"
        )

        assert answer.status_code == 400
        assert answer.data["errors"] == [
            {
                "pointer": "/number",
                "code": "rule",
                "detail": "Give a number, or answer failed and say in words why there is none.",
            }
        ]

    def test_waits_for_the_start_of_the_work(
        self, pump: Asset, technician: Membership, api_for: ApiFor
    ) -> None:
        task = _task(WorkOrderFactory.create(asset=pump))

        answer = api_for(technician).put(
            f"{URL}{task.pk}/answer/", {"outcome": "passed"}, format="json"
        )

        assert answer.status_code == 409
        assert "Start the work first" in answer.data["detail"]

    def test_is_refused_when_somebody_else_answered_since(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        task, api = _task(order), api_for(technician)
        tag = api.get(f"{URL}{task.pk}/")["ETag"]
        api.put(f"{URL}{task.pk}/answer/", {"outcome": "failed"}, format="json")

        answer = api.put(
            f"{URL}{task.pk}/answer/",
            {"outcome": "passed"},
            format="json",
            headers={"If-Match": tag},
        )

        assert answer.status_code == 412

    @pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("planner", 200)])
    def test_needs_the_right_to_execute(
        self,
        order: WorkOrder,
        role: str,
        status: int,
        request: pytest.FixtureRequest,
        api_for: ApiFor,
    ) -> None:
        api = api_for(request.getfixturevalue(role))
        task = _task(order)
        body = {"answers": [{"task": task.pk, "outcome": "passed"}]}

        one = api.put(f"{URL}{task.pk}/answer/", {"outcome": "passed"}, format="json")
        many = api.post(f"{URL}answers/", body, format="json")

        assert (one.status_code, many.status_code) == (status, status)

    def test_knows_no_task_of_another_organization(
        self, order: WorkOrder, stranger: Membership, api_for: ApiFor
    ) -> None:
        task, api = _task(order), api_for(stranger)
        body = {"answers": [{"task": task.pk, "outcome": "passed"}]}

        one = api.put(f"{URL}{task.pk}/answer/", {"outcome": "passed"}, format="json")
        many = api.post(f"{URL}answers/", body, format="json")

        assert one.status_code == 404
        assert many.status_code == 400
        assert many.data["errors"][0]["detail"] == (
            f"Id {task.pk} does not exist in your organization."
        )


class TestAnswers:
    def test_takes_a_whole_checklist(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        check, number = _task(order, "check"), _task(order, "number", high=3)
        body = {
            "answers": [
                {"task": number.pk, "number": 4},
                {"task": check.pk, "outcome": "passed"},
            ]
        }

        answer = api_for(technician).post(f"{URL}answers/", body, format="json")

        assert answer.status_code == 200, answer.data
        assert [(row["id"], row["outcome"]) for row in answer.data["results"]] == [
            (number.pk, "failed"),
            (check.pk, "passed"),
        ]

    def test_points_at_what_is_wrong_and_takes_none(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        check, number = _task(order, "check"), _task(order, "number")
        body = {"answers": [{"task": check.pk, "outcome": "passed"}, {"task": number.pk}]}

        answer = api_for(technician).post(f"{URL}answers/", body, format="json")

        assert answer.status_code == 400
        assert [error["pointer"] for error in answer.data["errors"]] == ["/answers/1/number"]
        check.refresh_from_db()
        assert check.outcome == "open"

    def test_takes_each_task_once(
        self, order: WorkOrder, technician: Membership, api_for: ApiFor
    ) -> None:
        row = {"task": _task(order).pk, "outcome": "passed"}

        answer = api_for(technician).post(f"{URL}answers/", {"answers": [row, row]}, format="json")

        assert [error["pointer"] for error in answer.data["errors"]] == ["/answers/1/task"]

    def test_takes_as_few_queries_for_thirty_as_for_three(
        self,
        order: WorkOrder,
        technician: Membership,
        api_for: ApiFor,
        django_assert_max_num_queries: Any,
    ) -> None:
        for count in (3, 30):
            rows = [{"task": _task(order).pk, "outcome": "passed"} for _ in range(count)]
            with django_assert_max_num_queries(20):
                answer = api_for(technician).post(
                    f"{URL}answers/", {"answers": rows}, format="json"
                )
            assert answer.status_code == 200
