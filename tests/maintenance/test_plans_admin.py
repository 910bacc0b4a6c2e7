from typing import Any

import pytest
from django.urls import reverse

from maintenance.models import JobPlan
from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import JobPlanFactory, JobPlanTaskFactory, PartFactory

pytestmark = pytest.mark.django_db
PLAN = {
    "code": "PM-12",
    "title": "Inspect the pump",
    "maintenance_type": "inspection",
    "estimated_minutes": "30",
    "skills": "mechanical, lubrication",
    "is_active": "on",
}


def _lists(tasks: list[dict[str, Any]], parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of the two lists below the plan, as its form sends them."""
    data: dict[str, Any] = {}
    for prefix, rows in (("tasks", tasks), ("parts", parts)):
        data |= {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
        data |= {
            f"{prefix}-{index}-{name}": value
            for index, row in enumerate(rows)
            for name, value in row.items()
        }
    return data


def test_writes_a_plan_with_tasks_and_parts(planner: Membership, client_for: ClientFor) -> None:
    part = PartFactory.create(organization=planner.organization)
    lists = _lists(
        [{"position": 1, "text": "Guard?", "kind": "pass_fail"}],
        [{"part": part.pk, "quantity": "2"}],
    )

    answer = client_for(planner).post(reverse("admin:maintenance_jobplan_add"), {**PLAN, **lists})

    assert answer.status_code == 302, answer.context["errors"]
    plan = JobPlan.objects.get()
    assert plan.organization == planner.organization
    assert plan.skills == ["mechanical", "lubrication"]
    assert [task.organization for task in plan.tasks.all()] == [planner.organization]
    assert plan.parts.get().part == part


def test_says_what_is_wrong_with_a_task(planner: Membership, client_for: ClientFor) -> None:
    lists = _lists([{"position": 1, "text": "Vibration", "kind": "reading"}], [])

    answer = client_for(planner).post(reverse("admin:maintenance_jobplan_add"), {**PLAN, **lists})

    assert answer.status_code == 200
    assert "A reading needs the key of a sensor." in answer.content.decode()
    assert not JobPlan.objects.exists()


def test_takes_no_part_of_another_organization(
    planner: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    foreign = PartFactory.create(organization=stranger.organization)
    lists = _lists([], [{"part": foreign.pk, "quantity": "2"}])

    answer = client_for(planner).post(reverse("admin:maintenance_jobplan_add"), {**PLAN, **lists})

    assert answer.status_code == 200
    assert not JobPlan.objects.exists()


def test_deletes_a_plan_with_its_tasks(planner: Membership, client_for: ClientFor) -> None:
    plan = JobPlanFactory.create(organization=planner.organization)
    JobPlanTaskFactory.create(job_plan=plan)

    client_for(planner).post(
        reverse("admin:maintenance_jobplan_delete", args=[plan.pk]), {"post": "yes"}
    )

    assert not JobPlan.objects.exists()
