from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from maintenance.models import JobPlan
from opssight.accounts.models import Membership
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    AssetFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    JobPlanTaskFactory,
    PartFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FIELDS = {
    "code": "PM-12",
    "title": "Inspect the pump",
    "maintenance_type": "inspection",
    "estimated_minutes": "30",
    "skills": "mechanical, lubrication",
}


@pytest.fixture
def client(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def plan(planner: Membership) -> JobPlan:
    return JobPlanFactory.create(organization=planner.organization, code="PM-1")


def _url(name: str, *args: Any) -> str:
    return reverse(f"maintenance:{name}", args=args)


class TestList:
    def test_shows_plans_in_use_or_those_that_are_not(self, plan: JobPlan, client: Client) -> None:
        old = JobPlanFactory.create(organization=plan.organization, code="OLD-1", is_active=False)

        used = client.get(_url("job_plans")).content.decode()
        unused = client.get(_url("job_plans"), {"show": "unused"}).content.decode()

        assert plan.code in used
        assert old.code not in used
        assert old.code in unused

    def test_finds_by_code_title_category_and_failure_mode(
        self, plan: JobPlan, client: Client
    ) -> None:
        for query, expected in (("PM-1", 1), ("grease", 1), ("xyz", 0)):
            page = client.get(_url("job_plans"), {"q": query}).context["page"]
            assert len(page.object_list) == expected, query

    def test_takes_as_few_queries_for_thirty_plans_as_for_three(
        self, plan: JobPlan, client: Client, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(30):
            JobPlanTaskFactory.create(job_plan__organization=plan.organization)
        with django_assert_max_num_queries(10 + WALLS):
            client.get(_url("job_plans"))

    def test_knows_no_plan_of_another_organization(
        self, plan: JobPlan, stranger: Membership, client_for: ClientFor
    ) -> None:
        client = client_for(stranger)

        assert plan.code not in client.get(_url("job_plans")).content.decode()
        assert client.get(plan.get_absolute_url()).status_code == 404


class TestEdit:
    def test_makes_a_plan(self, client: Client, planner: Membership) -> None:
        answer = client.post(_url("new_job_plan"), FIELDS)

        plan = JobPlan.objects.get()
        assert (answer.status_code, answer["Location"]) == (302, plan.get_absolute_url())
        assert plan.organization == planner.organization
        assert plan.skills == ["mechanical", "lubrication"]

    def test_says_that_a_code_is_taken(self, plan: JobPlan, client: Client) -> None:
        answer = client.post(_url("new_job_plan"), {**FIELDS, "code": plan.code})

        assert answer.status_code == 422
        assert "Another job plan has this code." in answer.content.decode()

    def test_changes_a_plan(self, plan: JobPlan, client: Client) -> None:
        client.post(_url("edit_job_plan", plan.pk), {**FIELDS, "code": plan.code})

        plan.refresh_from_db()
        assert plan.title == "Inspect the pump"

    def test_takes_no_labor_of_more_than_a_year(self, client: Client) -> None:
        answer = client.post(_url("new_job_plan"), {**FIELDS, "estimated_minutes": "9999999"})

        assert answer.status_code == 422

    def test_is_for_planners(self, plan: JobPlan, signed_in: Client) -> None:
        assert signed_in.get(plan.get_absolute_url()).status_code == 200
        assert signed_in.get(_url("new_job_plan")).status_code == 403
        for name in ("edit", "copy", "use", "delete"):
            assert signed_in.post(_url(f"{name}_job_plan", plan.pk)).status_code == 403
        for name in ("add_plan_task", "add_plan_part"):
            assert signed_in.post(_url(name, plan.pk)).status_code == 403


class TestTasks:
    def test_are_added_at_the_end(self, plan: JobPlan, client: Client) -> None:
        for text in ("First", "Second"):
            data = {"new-text": text, "new-kind": "check", "new-is_required": "on"}
            answer = client.post(_url("add_plan_task", plan.pk), data, headers=HTMX)
            assert answer.status_code == 200, answer.content.decode()

        assert [task.text for task in plan.tasks.all()] == ["First", "Second"]

    def test_say_what_is_wrong(self, plan: JobPlan, client: Client) -> None:
        data = {"new-text": "Vibration", "new-kind": "reading"}

        answer = client.post(_url("add_plan_task", plan.pk), data, headers=HTMX)

        assert answer.status_code == 422
        assert "A reading needs the key of a sensor." in answer.content.decode()

    def test_lose_what_their_kind_does_not_have(self, plan: JobPlan, client: Client) -> None:
        data = {"new-text": "Guard?", "new-kind": "pass_fail", "new-high": "3", "new-unit": "bar"}

        client.post(_url("add_plan_task", plan.pk), data, headers=HTMX)

        task = plan.tasks.get()
        assert (task.high, task.unit) == (None, "")

    def test_are_changed_in_their_place(self, plan: JobPlan, client: Client) -> None:
        task = JobPlanTaskFactory.create(job_plan=plan, position=4)
        url = _url("edit_plan_task", task.pk)

        form = client.get(url, headers=HTMX).content.decode()
        client.post(url, {"edit-text": "Wipe it", "edit-kind": "check"}, headers=HTMX)

        task.refresh_from_db()
        assert 'name="edit-text"' in form
        assert (task.text, task.position, task.is_required) == ("Wipe it", 4, False)

    def test_move_up_and_down(self, plan: JobPlan, client: Client) -> None:
        tasks = [JobPlanTaskFactory.create(job_plan=plan, text=text) for text in "abc"]

        for task, to, expected in (
            (tasks[2], "up", "acb"),
            (tasks[0], "down", "cab"),
            (tasks[2], "up", "cab"),
            (tasks[1], "down", "cab"),
        ):
            client.post(_url("move_plan_task", task.pk), {"to": to}, headers=HTMX)
            assert "".join(row.text for row in plan.tasks.all()) == expected

    def test_are_taken_out(self, plan: JobPlan, client: Client) -> None:
        task = JobPlanTaskFactory.create(job_plan=plan)

        answer = client.post(_url("delete_plan_task", task.pk))

        assert (answer.status_code, answer["Location"]) == (302, plan.get_absolute_url())
        assert not plan.tasks.exists()


class TestParts:
    def test_are_planned_by_number_and_planned_again_with_another_quantity(
        self, plan: JobPlan, client: Client
    ) -> None:
        PartFactory.create(organization=plan.organization, number="B-6205")

        for quantity in ("2", "1.5"):
            data = {"part": "b-6205", "quantity": quantity}
            answer = client.post(_url("add_plan_part", plan.pk), data, headers=HTMX)
            assert answer.status_code == 200

        assert str(plan.parts.get().quantity) == "1.500"

    def test_of_another_organization_do_not_exist(
        self, plan: JobPlan, stranger: Membership, client: Client
    ) -> None:
        PartFactory.create(organization=stranger.organization, number="B-6205")

        data = {"part": "B-6205", "quantity": "1"}
        answer = client.post(_url("add_plan_part", plan.pk), data, headers=HTMX)

        assert answer.status_code == 422
        assert not plan.parts.exists()

    def test_are_taken_out(self, plan: JobPlan, client: Client) -> None:
        row = JobPlanPartFactory.create(job_plan=plan)

        client.post(_url("delete_plan_part", row.pk), headers=HTMX)

        assert not plan.parts.exists()


class TestUse:
    def test_copies_a_plan(self, plan: JobPlan, client: Client) -> None:
        JobPlanTaskFactory.create(job_plan=plan, text="Wipe")

        answer = client.post(_url("copy_job_plan", plan.pk), {"code": "PM-2"})

        twin = JobPlan.objects.get(code="PM-2")
        assert answer["Location"] == twin.get_absolute_url()
        assert [task.text for task in twin.tasks.all()] == ["Wipe"]

    def test_copies_none_to_a_code_that_is_taken(self, plan: JobPlan, client: Client) -> None:
        answer = client.post(_url("copy_job_plan", plan.pk), {"code": plan.code})

        assert answer.status_code == 422
        assert JobPlan.objects.count() == 1

    def test_takes_a_plan_out_of_use_and_back(self, plan: JobPlan, client: Client) -> None:
        for use, expected in (("no", False), ("yes", True)):
            client.post(_url("use_job_plan", plan.pk), {"use": use})
            plan.refresh_from_db()
            assert plan.is_active is expected

    def test_deletes_only_what_nothing_uses(self, plan: JobPlan, client: Client) -> None:
        asset = AssetFactory.create(organization=plan.organization)
        order = WorkOrderFactory.create(asset=asset, job_plan=plan)

        refused = client.post(_url("delete_job_plan", plan.pk))
        order.delete()
        done = client.post(_url("delete_job_plan", plan.pk))

        assert refused.status_code == 409
        assert "Take it out of use instead" in refused.content.decode()
        assert (done.status_code, done["Location"]) == (302, _url("job_plans"))
        assert not JobPlan.objects.exists()
