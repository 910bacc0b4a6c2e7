from typing import Any

import pytest

from maintenance.models import JobPlan, WorkOrder
from opssight.accounts.models import Membership
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    NOON,
    AccessScopeFactory,
    AssetFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    JobPlanTaskFactory,
    PartFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
URL = "/api/maintenance/job-plans/"
TASKS = [
    {"text": "Guard in place?", "kind": "pass_fail", "opens_corrective": True},
    {"text": "Vibration", "kind": "reading", "sensor_key": "vib", "high": 7.1},
]


def _plan(member: Membership, **values: Any) -> JobPlan:
    plan: JobPlan = JobPlanFactory.create(organization=member.organization, **values)
    return plan


def _texts(body: Any) -> list[str]:
    return [task["text"] for task in body["tasks"]]


class TestCreate:
    def test_makes_the_plan_with_its_tasks_and_parts(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        part = PartFactory.create(organization=planner.organization, number="B-6205", unit="pcs")
        body = {
            "code": "PM-12",
            "title": "Inspect the pump",
            "skills": ["mechanical"],
            "tasks": TASKS,
            "parts": [{"part": part.pk, "quantity": "2"}],
        }

        answer = api_for(planner).post(URL, body, format="json")

        assert answer.status_code == 201, answer.data
        assert _texts(answer.data) == ["Guard in place?", "Vibration"]
        assert answer.data["parts"][0] == {
            "part": part.pk,
            "part_number": "B-6205",
            "part_name": part.name,
            "unit": "pcs",
            "quantity": "2.000",
        }
        plan = JobPlan.objects.get()
        assert plan.organization == planner.organization
        assert [task.position for task in plan.tasks.all()] == [1, 2]

    def test_says_which_task_is_wrong_and_why(self, planner: Membership, api_for: ApiFor) -> None:
        tasks = [
            TASKS[0],
            {"text": "x", "kind": "reading"},
            {"text": "y", "kind": "number", "low": 5, "high": 2},
        ]

        answer = api_for(planner).post(
            URL, {"code": "PM-1", "title": "x", "tasks": tasks}, format="json"
        )

        assert answer.status_code == 400
        assert [(error["pointer"], error["detail"]) for error in answer.data["errors"]] == [
            ("/tasks/1/sensor_key", "A reading needs the key of a sensor."),
            ("/tasks/2/low", "The low limit must be below the high limit."),
        ]
        assert not JobPlan.objects.exists()

    def test_refuses_a_part_twice_and_one_of_another_organization(
        self, planner: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        own = PartFactory.create(organization=planner.organization)
        foreign = PartFactory.create(organization=stranger.organization)
        for ids, pointer in (([own.pk, own.pk], "/parts/1/part"), ([foreign.pk], "/parts/0/part")):
            parts = [{"part": pk, "quantity": "1"} for pk in ids]
            answer = api_for(planner).post(
                URL, {"code": "PM-1", "title": "x", "parts": parts}, format="json"
            )

            assert answer.status_code == 400
            assert [error["pointer"] for error in answer.data["errors"]] == [pointer]

    def test_refuses_a_part_of_nothing(self, planner: Membership, api_for: ApiFor) -> None:
        part = PartFactory.create(organization=planner.organization)
        parts = [{"part": part.pk, "quantity": "0"}]

        answer = api_for(planner).post(
            URL, {"code": "PM-1", "title": "x", "parts": parts}, format="json"
        )

        assert answer.status_code == 400
        assert answer.data["errors"][0]["detail"] == "Plan more than 0."

    def test_refuses_a_code_that_is_taken(self, planner: Membership, api_for: ApiFor) -> None:
        _plan(planner, code="PM-1")

        answer = api_for(planner).post(URL, {"code": "PM-1", "title": "x"}, format="json")

        assert answer.status_code == 400
        assert answer.data["errors"][0]["detail"] == "Another job plan has this code."

    @pytest.mark.parametrize("role", ["technician", "viewer"])
    def test_is_for_planners(
        self, role: str, request: pytest.FixtureRequest, api_for: ApiFor
    ) -> None:
        api = api_for(request.getfixturevalue(role))

        assert api.post(URL, {"code": "PM-1", "title": "x"}, format="json").status_code == 403


class TestReplace:
    def test_replaces_the_list_of_tasks_in_order(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        plan = _plan(planner)
        JobPlanTaskFactory.create(job_plan=plan)
        body = {"code": plan.code, "title": "Other", "tasks": list(reversed(TASKS))}

        answer = api_for(planner).put(f"{URL}{plan.pk}/", body, format="json")

        assert answer.status_code == 200, answer.data
        assert _texts(answer.data) == ["Vibration", "Guard in place?"]
        assert answer.data["title"] == "Other"

    def test_leaves_lists_alone_that_are_not_sent(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        plan = _plan(planner)
        JobPlanTaskFactory.create(job_plan=plan, text="Grease")

        answer = api_for(planner).patch(f"{URL}{plan.pk}/", {"is_active": False}, format="json")

        assert _texts(answer.data) == ["Grease"]
        assert answer.data["is_active"] is False

    def test_takes_back_what_was_read(self, planner: Membership, api_for: ApiFor) -> None:
        plan = _plan(planner)
        JobPlanTaskFactory.create(job_plan=plan)
        JobPlanPartFactory.create(job_plan=plan)
        api = api_for(planner)
        before = api.get(f"{URL}{plan.pk}/")

        after = api.put(
            f"{URL}{plan.pk}/", before.data, format="json", headers={"If-Match": before["ETag"]}
        )

        assert after.status_code == 200, after.data
        assert after.data == before.data

    def test_is_refused_after_somebody_else_changed_the_tasks(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        plan = _plan(planner)
        api = api_for(planner)
        tag = api.get(f"{URL}{plan.pk}/")["ETag"]
        JobPlanTaskFactory.create(job_plan=plan)

        answer = api.patch(
            f"{URL}{plan.pk}/", {"tasks": TASKS}, format="json", headers={"If-Match": tag}
        )

        assert answer.status_code == 412


class TestDelete:
    def test_removes_a_plan_that_nothing_uses(self, planner: Membership, api_for: ApiFor) -> None:
        plan = _plan(planner)
        JobPlanTaskFactory.create(job_plan=plan)
        JobPlanPartFactory.create(job_plan=plan)

        assert api_for(planner).delete(f"{URL}{plan.pk}/").status_code == 204
        assert not JobPlan.objects.exists()

    def test_is_refused_once_work_orders_were_made_from_it(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        plan = _plan(planner)
        asset = AssetFactory.create(organization=planner.organization)
        WorkOrderFactory.create(asset=asset, job_plan=plan)

        answer = api_for(planner).delete(f"{URL}{plan.pk}/")

        assert answer.status_code == 409
        assert "work orders (1)" in answer.data["detail"]


class TestCopy:
    def test_has_the_same_tasks_and_parts(self, planner: Membership, api_for: ApiFor) -> None:
        plan = _plan(planner, title="Grease", permits=["hot work"], is_active=False)
        JobPlanTaskFactory.create(job_plan=plan, text="Wipe the nipple")
        JobPlanPartFactory.create(job_plan=plan, quantity=3)

        answer = api_for(planner).post(f"{URL}{plan.pk}/copy/", {"code": "PM-2"}, format="json")

        assert answer.status_code == 201, answer.data
        assert (answer.data["code"], answer.data["title"]) == ("PM-2", "Grease")
        assert answer.data["permits"] == ["hot work"]
        assert answer.data["is_active"] is True
        assert _texts(answer.data) == ["Wipe the nipple"]
        assert answer.data["parts"][0]["quantity"] == "3.000"

    def test_needs_a_code_of_its_own(self, planner: Membership, api_for: ApiFor) -> None:
        plan = _plan(planner)

        answer = api_for(planner).post(f"{URL}{plan.pk}/copy/", {"code": plan.code}, format="json")

        assert answer.status_code == 409
        assert answer.data["errors"][0]["pointer"] == "/code"
        assert JobPlan.objects.count() == 1

    def test_is_for_planners(
        self, planner: Membership, technician: Membership, api_for: ApiFor
    ) -> None:
        plan = _plan(planner)

        answer = api_for(technician).post(f"{URL}{plan.pk}/copy/", {"code": "x"}, format="json")

        assert answer.status_code == 403


class TestApply:
    def test_gives_an_open_order_the_checklist(self, planner: Membership, api_for: ApiFor) -> None:
        plan = _plan(planner)
        JobPlanTaskFactory.create(job_plan=plan)
        asset = AssetFactory.create(organization=planner.organization)
        order = WorkOrderFactory.create(asset=asset)

        answer = api_for(planner).post(
            f"{URL}{plan.pk}/apply/", {"work_order": order.pk}, format="json"
        )

        assert answer.status_code == 200, answer.data
        assert answer.data["id"] == order.pk
        assert order.tasks.count() == 1

    def test_is_refused_for_an_order_with_a_plan(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        plan = _plan(planner)
        asset = AssetFactory.create(organization=planner.organization)
        order = WorkOrderFactory.create(asset=asset, job_plan=_plan(planner))

        answer = api_for(planner).post(
            f"{URL}{plan.pk}/apply/", {"work_order": order.pk}, format="json"
        )

        assert answer.status_code == 409
        assert order.number in answer.data["detail"]

    def test_knows_no_order_of_another_organization(
        self, planner: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        foreign = WorkOrderFactory.create(
            asset=AssetFactory.create(organization=stranger.organization)
        )

        answer = api_for(planner).post(
            f"{URL}{_plan(planner).pk}/apply/", {"work_order": foreign.pk}, format="json"
        )

        assert answer.status_code == 400
        assert "does not exist in your organization" in answer.data["errors"][0]["detail"]

    def test_is_for_planners(
        self, planner: Membership, technician: Membership, api_for: ApiFor
    ) -> None:
        order: WorkOrder = WorkOrderFactory.create(
            asset=AssetFactory.create(organization=planner.organization)
        )

        answer = api_for(technician).post(
            f"{URL}{_plan(planner).pk}/apply/", {"work_order": order.pk}, format="json"
        )

        assert answer.status_code == 403


def test_who_plans_a_part_of_the_plant_uses_job_plans_and_does_not_change_them(
    planner: Membership, api_for: ApiFor, client_for: ClientFor
) -> None:
    plan = _plan(planner)
    asset = AssetFactory.create(organization=planner.organization)
    AccessScopeFactory.create(membership=planner, organization=planner.organization, asset=asset)
    Membership.objects.filter(pk=planner.pk).update(coverage=Membership.Coverage.PART)
    api, page = api_for(planner), client_for(planner)

    refused = api.patch(f"{URL}{plan.pk}/", {"title": "Mine"}, format="json")
    shown = page.get(plan.get_absolute_url())
    schedule = {"asset": asset.pk, "title": "Service", "job_plan": plan.pk, "starts_at": NOON}
    made = api.post("/api/maintenance/schedules/", schedule, format="json")

    assert refused.status_code == 403
    assert "the whole organization uses" in refused.data["detail"]
    assert plan.get_absolute_url() + "edit/" not in shown.text
    assert page.post(f"{plan.get_absolute_url()}edit/", {"title": "Mine"}).status_code == 403
    assert made.status_code == 201, made.data
