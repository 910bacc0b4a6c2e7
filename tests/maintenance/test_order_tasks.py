"""Tasks that people put on an order itself."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from assets.models import Asset
from maintenance.models import Technician, WorkOrder, WorkOrderTask
from maintenance.services import answers, completion, lines, order_tasks, plans
from maintenance.services.completion import Outcome
from maintenance.services.judging import Answer
from maintenance.services.transitions import TransitionRefused
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    JobPlanFactory,
    JobPlanTaskFactory,
    MembershipFactory,
    SensorFactory,
    TechnicianFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
TASKS = "/api/maintenance/work-order-tasks/"
PART = {"HX-Request": "true", "HX-Target": "order-tasks"}


@pytest.fixture
def pump(plant: Organization) -> Asset:
    return AssetFactory.create(organization=plant, tag="P-1")


@pytest.fixture
def order(pump: Asset, technician: Membership) -> WorkOrder:
    mechanic: Technician = TechnicianFactory.create(
        organization=pump.organization, user=technician.user
    )
    made: WorkOrder = WorkOrderFactory.create(
        asset=pump,
        technician=mechanic,
        status="in_progress",
        started_at=NOON,
        maintenance_type="preventive",
    )
    return made


def _texts(order: WorkOrder) -> list[str]:
    return list(order.tasks.order_by("line", "position").values_list("text", flat=True))


class TestServices:
    def test_an_added_task_counts_like_a_planned_one(
        self, order: WorkOrder, technician: Membership
    ) -> None:
        [task] = order_tasks.add(
            work_order=order,
            by=technician.user,
            text="Is the seal dry?",
            kind="pass_fail",
            low=3,
            opens_corrective=True,
        )
        assert (task.low, task.position, task.added_by) == (None, 1, technician.user)
        with pytest.raises(TransitionRefused, match="Is the seal dry"):
            completion.complete(
                work_order=order, by=technician.user, at=NOON, outcome=Outcome(notes="x")
            )

        failed = answers.answer(
            task=task, given=Answer(outcome="failed"), by=technician.user, at=NOON
        )
        assert failed.corrective is not None
        for change in ("change", "remove"):
            with pytest.raises(TransitionRefused, match="Take the answer back"):
                getattr(order_tasks, change)(task=task)
        answers.answer(task=task, given=Answer(outcome="open"), by=technician.user, at=NOON)
        with pytest.raises(TransitionRefused, match=failed.corrective.number):
            order_tasks.remove(task=task)
        order_tasks.change(task=task, is_required=False)
        completion.complete(work_order=order, by=technician.user, at=NOON, outcome=Outcome())
        with pytest.raises(TransitionRefused, match="already completed"):
            order_tasks.add(work_order=order, by=technician.user, text="Too late")

    def test_a_reading_needs_the_sensor_at_every_asset(
        self, order: WorkOrder, pump: Asset, technician: Membership
    ) -> None:
        other = lines.add(
            work_order=order, asset=AssetFactory.create(organization=pump.organization)
        )
        sensor = SensorFactory.create(asset=pump, key="vib", unit="mm/s")
        asked: dict[str, Any] = {"work_order": order, "by": technician.user, "text": "Vibration"}
        both = [pump.pk, other.asset_id]

        with pytest.raises(ValidationError, match=f"{other.asset.tag} has no sensor vib"):
            order_tasks.add(**asked, assets=both, kind="reading", sensor_key="vib")
        with pytest.raises(ValidationError, match="The sensor is in mm/s"):
            order_tasks.add(**asked, kind="reading", sensor_key="vib", unit="g")
        with pytest.raises(ValidationError, match="does not serve"):
            order_tasks.add(**asked, assets=[AssetFactory.create().pk])
        assert not order.tasks.exists()
        [task] = order_tasks.add(**asked, kind="reading", sensor_key="vib", high=7.1)
        assert (task.sensor, task.unit) == (sensor, "mm/s")
        changed = order_tasks.change(task=task, kind="check")
        assert (changed.sensor, changed.sensor_key, changed.high) == (None, "", None)
        assert len(order_tasks.add(**asked, assets=both, kind="text")) == 2

    def test_tasks_are_moved_within_their_asset(
        self, order: WorkOrder, technician: Membership
    ) -> None:
        made = [
            order_tasks.add(work_order=order, by=technician.user, text=text)[0] for text in "abc"
        ]

        order_tasks.shift(task=made[0], by=-1)
        assert _texts(order) == ["a", "b", "c"]
        order_tasks.move(task=made[2], place=1)
        order_tasks.shift(task=made[0], by=1)
        assert _texts(order) == ["c", "b", "a"]
        order_tasks.remove(task=made[1])
        order_tasks.move(task=made[2], place=9)
        assert _texts(order) == ["a", "c"]
        with pytest.raises(TransitionRefused, match="was removed"):
            order_tasks.shift(task=made[1], by=1)

    def test_a_job_plan_that_comes_later_stands_behind(
        self, order: WorkOrder, technician: Membership
    ) -> None:
        order_tasks.add(work_order=order, by=technician.user, text="Own")
        plan = JobPlanFactory.create(organization=order.organization)
        JobPlanTaskFactory.create(job_plan=plan, text="Planned")

        plans.apply(work_order=order, plan=plan, at=NOON)

        assert _texts(order) == ["Own", "Planned"]

    @pytest.mark.parametrize(
        ("role", "is_own_order", "adds", "changes_planned"),
        [
            (Role.PLANNER, False, True, True),
            (Role.TECHNICIAN, True, True, False),
            (Role.TECHNICIAN, False, False, False),
            (Role.VIEWER, False, False, False),
        ],
    )
    def test_planners_and_who_does_the_work_may(
        self,
        *,
        role: Role,
        is_own_order: bool,
        adds: bool,
        changes_planned: bool,
        order: WorkOrder,
    ) -> None:
        member = MembershipFactory.create(organization=order.organization, role=role)
        if is_own_order:
            order.technician = TechnicianFactory.create(
                organization=order.organization, user=member.user
            )
        planned = WorkOrderTaskFactory.create(work_order=order, asset=order.asset)
        own = WorkOrderTaskFactory.create(work_order=order, asset=order.asset, added_by=member.user)

        assert order_tasks.may_add(user=member.user, work_order=order) is adds
        assert order_tasks.may_change(user=member.user, task=planned) is changes_planned
        assert order_tasks.may_change(user=member.user, task=own) is adds


def test_the_api_adds_changes_moves_and_removes_also_many(
    order: WorkOrder, pump: Asset, technician: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    api = api_for(technician)
    planned = WorkOrderTaskFactory.create(work_order=order, asset=pump, text="Planned")
    body = {"work_order": order.pk, "text": "Clearance", "kind": "number", "unit": "mm", "low": 1}

    made = api.post(TASKS, {**body, "position": 1})
    url = f"{TASKS}{made.data['id']}/"
    wrong = api.patch(url, {"high": 0.5})
    lost = api.post(TASKS, {**body, "kind": "reading", "sensor_key": "vib"})
    bulk = api.post(
        f"{TASKS}bulk/",
        {
            "operations": [
                {"op": "create", "data": {"work_order": order.pk, "text": "Third"}},
                {"op": "update", "id": made.data["id"], "data": {"high": 4, "position": 3}},
                {"op": "delete", "id": planned.pk},
            ]
        },
        format="json",
    )

    assert made.status_code == 201, made.data
    assert (made.data["position"], made.data["added_by"]) == (1, technician.user.pk)
    assert wrong.status_code == 400
    assert lost.data["errors"][0]["pointer"] == "/sensor_key"
    assert [row["status"] for row in bulk.data["results"]] == [201, 200, 403]
    assert _texts(order) == ["Planned", "Third", "Clearance"]
    assert api.put(f"{url}answer/", {"number": 2}).status_code == 200
    answered = api.patch(url, {"text": "Another"})
    assert (answered.status_code, answered.data["code"]) == (409, "task_answered")
    assert api.delete(url).status_code == 409
    assert api.patch(url, {"position": 1}).data["position"] == 1
    assert api.patch(f"{TASKS}{planned.pk}/", {"position": 1}).status_code == 200
    assert api_for(viewer).post(TASKS, body).status_code == 403


class TestPage:
    def test_tasks_are_added_changed_moved_and_removed(
        self, order: WorkOrder, pump: Asset, signed_in: Client
    ) -> None:
        url = f"/maintenance/work-orders/{order.pk}/tasks/"
        other = lines.add(
            work_order=order, asset=AssetFactory.create(organization=pump.organization)
        )
        body = {"new-text": "Is it <clean>?", "new-kind": "check", "new-is_required": "on"}

        page = signed_in.get(f"{url}edit/")
        empty = signed_in.post(f"{url}add/", {"new-kind": "check"}, headers=PART)
        lost = signed_in.post(
            f"{url}add/", {**body, "new-kind": "reading", "new-sensor_key": "?"}, headers=PART
        )
        added = signed_in.post(f"{url}add/", body, headers=PART)
        first, second = order.tasks.order_by("line__position")
        one = f"/maintenance/work-order-tasks/{first.pk}/"
        form = signed_in.get(f"{one}edit/", headers=PART)
        changed = signed_in.post(
            f"{one}edit/", {"edit-text": "Is it dry?", "edit-kind": "check"}, headers=PART
        )
        moved = signed_in.post(f"{one}move/", {"to": "up"}, headers=PART)
        removed = signed_in.post(f"{one}remove/", follow=True)

        assert "<html" in page.text
        assert (empty.status_code, lost.status_code) == (422, 422)
        assert "has no sensor ?" in lost.text
        assert "Is it &lt;clean&gt;?" in added.text
        assert 'id="order-hindrances"' in added.text
        assert "Answer the required tasks" in added.text
        assert second.asset == other.asset
        assert 'value="Is it &lt;clean&gt;?"' in form.text
        assert "Is it dry?" in changed.text
        assert moved.status_code == 200
        assert removed.redirect_chain == [(f"{url}edit/", 302)]
        assert order.tasks.get() == second

    def test_it_is_offered_to_who_may_and_kept_from_others(
        self,
        order: WorkOrder,
        signed_in: Client,
        viewer: Membership,
        stranger: Membership,
        client_for: ClientFor,
    ) -> None:
        planned = WorkOrderTaskFactory.create(work_order=order, asset=order.asset)
        url = f"/maintenance/work-orders/{order.pk}/tasks/"
        one = f"/maintenance/work-order-tasks/{planned.pk}/"

        assert f"{url}edit/" in signed_in.get(order.get_absolute_url()).text
        assert signed_in.post(f"{one}remove/").status_code == 403
        watching, foreign = client_for(viewer), client_for(stranger)
        assert f"{url}edit/" not in watching.get(order.get_absolute_url()).text
        for path in (f"{url}add/", f"{one}edit/", f"{one}move/", f"{one}remove/"):
            assert watching.post(path).status_code == 403
            assert foreign.post(path).status_code == 404
        assert WorkOrderTask.objects.count() == 1

    def test_a_change_too_late_is_refused_in_words(
        self, order: WorkOrder, technician: Membership, signed_in: Client
    ) -> None:
        [task] = order_tasks.add(work_order=order, by=technician.user, text="Clean?")
        answers.answer(task=task, given=Answer(outcome="passed"), by=technician.user, at=NOON)
        one = f"/maintenance/work-order-tasks/{task.pk}/"
        body = {"edit-text": "Clean and dry?", "edit-kind": "check"}

        refusals = [
            signed_in.post(f"{one}edit/", body, headers=PART),
            signed_in.post(f"{one}remove/", headers=PART),
        ]

        assert {answer.status_code for answer in refusals} == {409}
        assert all("Take the answer back first" in answer.text for answer in refusals)
