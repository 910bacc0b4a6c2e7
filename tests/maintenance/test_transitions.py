"""The table of transitions: every move by every role, and what each one needs and does."""

import datetime as dt
from typing import Any

import pytest

from maintenance import services, workflow
from maintenance.models import (
    LaborEntry,
    StockMovement,
    WorkOrder,
    WorkOrderAsset,
    WorkOrderTask,
    WorkOrderTransition,
)
from maintenance.services import course, links, transitions
from maintenance.services.guards import GUARDS
from maintenance.services.transitions import EFFECTS, TransitionRefused
from notifications.models import WebhookEvent
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import ROLE_PERMISSIONS, Permission, Role
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    LaborEntryFactory,
    MembershipFactory,
    OtherCostFactory,
    StockMovementFactory,
    TechnicianFactory,
    WebhookFactory,
    WorkOrderBlockFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
ORDERS = "/api/maintenance/work-orders"
HOUR = dt.timedelta(hours=1)
Status = WorkOrder.Status
STEPS = [(move, source) for move in workflow.MOVES for source in move.sources]


def _order(plant: Organization, status: str = "approved", **values: Any) -> WorkOrder:
    """An order as it is in this status, with all that a move from there can need."""
    begun: dict[str, Any] = {}
    if status in (Status.IN_PROGRESS, *WorkOrder.DONE):
        begun["started_at"] = NOON - HOUR
    if status in WorkOrder.DONE:
        user = MembershipFactory.create(organization=plant).user
        begun |= {"completed_at": NOON, "completed_by": user}
    begun["technician"] = TechnicianFactory.create(organization=plant)
    order: WorkOrder = WorkOrderFactory.create(
        asset__organization=plant, status=status, **{**begun, **values}
    )
    return order


def _issue(order: WorkOrder) -> StockMovement:
    """One part out of the store, for the order."""
    came = StockMovementFactory.create(part__organization=order.organization)
    out: StockMovement = StockMovementFactory.create(
        part=came.part, kind="issue", quantity=-1, work_order=order
    )
    return out


class TestTable:
    def test_each_pair_of_statuses_has_one_move_at_most(self) -> None:
        pairs = [(source, move.to) for move, source in STEPS]
        assert len(pairs) == len(set(pairs))

    def test_it_knows_the_statuses_permissions_and_needs_of_the_product(self) -> None:
        assert list(workflow.STATUSES) == Status.values
        assert {Permission(move.permission) for move in workflow.MOVES} == {
            Permission.WORK_ORDER_PLAN,
            Permission.WORK_ORDER_EXECUTE,
        }
        assert {name for move in workflow.MOVES for name in move.needs} == set(workflow.NEEDS)
        assert set(GUARDS) == set(workflow.NEEDS)
        assert set(EFFECTS) == set(workflow.BY_NAME) - {"complete"}

    def test_what_is_final_has_no_way_back(self) -> None:
        assert workflow.moves_from(Status.CLOSED) == workflow.moves_from(Status.CANCELLED) == []
        assert [move.to for move in workflow.moves_from(Status.COMPLETED)] == [Status.CLOSED]

    def test_who_may_depends_on_the_goal_alone(self) -> None:
        # So nobody gets past a permission by a change of status in between.
        for to in Status.values:
            assert len({move.permission for move in workflow.MOVES if move.to == to}) <= 1


@pytest.mark.parametrize("role", [*Role])
@pytest.mark.parametrize(
    ("move", "source"), STEPS, ids=[f"{move.name} from {source}" for move, source in STEPS]
)
def test_every_move_is_made_by_who_may_and_by_nobody_else(
    move: workflow.Move, source: str, role: Role, plant: Organization, api_for: ApiFor
) -> None:
    order = _order(plant, source)
    member = MembershipFactory.create(organization=plant, role=role)

    answer = api_for(member).post(
        f"{ORDERS}/{order.pk}/move/", {"to": move.to, "note": "A new seal"}
    )

    order.refresh_from_db()
    kept = list(order.transitions.values_list("from_status", "to_status", "by"))
    if Permission(move.permission) in ROLE_PERMISSIONS[role]:
        assert answer.status_code == 200, answer.data
        assert order.status == move.to
        assert kept == [(source, move.to, member.user_id)]
    else:
        assert answer.status_code == 403
        assert (order.status, kept) == (source, [])


@pytest.mark.parametrize("source", Status.values)
@pytest.mark.parametrize("to", Status.values)
def test_no_other_move_is_possible(
    source: str, to: str, plant: Organization, admin: Membership
) -> None:
    if workflow.move_between(source, to):
        return
    order = _order(plant, source)

    with pytest.raises(TransitionRefused) as refusal:
        transitions.move(work_order=order, to=to, by=admin.user, at=NOON, note="Any")

    assert refusal.value.code == "not_possible"
    assert "Nothing was changed" in refusal.value.message
    assert not WorkOrderTransition.objects.exists()


@pytest.mark.parametrize("name", [name for name in workflow.BY_NAME if name != "complete"])
def test_each_move_has_an_action_of_its_name(
    name: str, plant: Organization, admin: Membership, api_for: ApiFor
) -> None:
    move = workflow.BY_NAME[name]
    order = _order(plant, move.sources[0])
    api = api_for(admin)

    answer = api.post(f"{ORDERS}/{order.pk}/{name}/", {"note": "A new seal"})
    again = api.post(f"{ORDERS}/{order.pk}/{name}/", {"note": "A new seal"})

    assert (answer.status_code, answer.data["status"]) == (200, move.to)
    assert (again.status_code, again.data["code"]) == (409, "not_possible")
    assert "already" in again.data["detail"]


def test_approving_does_not_take_an_order_out_of_the_plan(
    plant: Organization, planner: Membership, api_for: ApiFor
) -> None:
    order = _order(plant, "scheduled")

    answer = api_for(planner).post(f"{ORDERS}/{order.pk}/approve/")

    assert answer.status_code == 409
    assert "unschedule" in answer.data["detail"]


class TestWhatIsMissing:
    def _refused(self, order: WorkOrder, to: str, by: Membership, note: str = "Any") -> str:
        before = order.status
        with pytest.raises(TransitionRefused) as refusal:
            transitions.move(work_order=order, to=to, by=by.user, at=NOON, note=note)
        order.refresh_from_db()
        assert order.status == before
        return refusal.value.code

    def test_a_plan_needs_an_active_technician(
        self, plant: Organization, planner: Membership
    ) -> None:
        for who in (None, TechnicianFactory.create(organization=plant, is_active=False)):
            order = _order(plant, technician=who)
            assert self._refused(order, "scheduled", planner) == "technician_missing"

    def test_waiting_needs_its_reason(self, plant: Organization, technician: Membership) -> None:
        order = _order(plant, "in_progress")
        assert self._refused(order, "waiting", technician, note=" ") == "reason_missing"

    @pytest.mark.parametrize("to", ["approved", "scheduled", "cancelled"])
    def test_what_was_begun_goes_not_back_to_the_plan(
        self, to: str, plant: Organization, planner: Membership
    ) -> None:
        order = _order(plant, "waiting", started_at=NOON - HOUR)
        assert self._refused(order, to, planner) == "started"

    @pytest.mark.parametrize("recorded", ["labor", "parts", "cost", "answer"])
    def test_recorded_work_is_not_called_off(
        self, recorded: str, plant: Organization, planner: Membership
    ) -> None:
        order = _order(plant)
        if recorded == "labor":
            LaborEntryFactory.create(work_order=order, asset=order.asset)
        elif recorded == "parts":
            _issue(order)
        elif recorded == "cost":
            OtherCostFactory.create(work_order=order, asset=order.asset)
        else:
            WorkOrderTaskFactory.create(
                work_order=order,
                asset=order.asset,
                outcome="passed",
                answered_at=NOON,
                answered_by=planner.user,
            )

        assert self._refused(order, "cancelled", planner) == "work_recorded"

    def test_parts_that_came_back_do_not_hold_it(
        self, plant: Organization, planner: Membership
    ) -> None:
        order = _order(plant)
        out = _issue(order)
        StockMovementFactory.create(part=out.part, kind="return", quantity=1, work_order=order)

        services.cancel(work_order=order, by=planner.user, at=NOON)

    @pytest.mark.parametrize("to", ["in_progress", "completed"])
    def test_a_blocked_order_is_not_begun(
        self, to: str, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant)
        block = WorkOrderBlockFactory.create(work_order=order, asset=order.asset)
        assert self._refused(order, to, technician) == "blocked"

        WorkOrder.objects.filter(pk=block.blocker.pk).update(status="cancelled")
        transitions.move(work_order=order, to=to, by=technician.user, at=NOON)

    @pytest.mark.parametrize(("to", "who"), [("completed", "technician"), ("cancelled", "planner")])
    def test_a_parent_waits_for_its_parts(
        self, to: str, who: str, plant: Organization, request: pytest.FixtureRequest
    ) -> None:
        order, member = _order(plant), request.getfixturevalue(who)
        part = WorkOrderFactory.create(asset=order.asset, parent=order)
        assert self._refused(order, to, member) == "children_open"

        WorkOrder.objects.filter(pk=part.pk).update(status="cancelled")
        transitions.move(work_order=order, to=to, by=member.user, at=NOON)

    def test_required_tasks_hold_up_completion_where_the_work_was_done(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, "in_progress")
        task = WorkOrderTaskFactory.create(work_order=order, asset=order.asset)
        assert self._refused(order, "completed", technician) == "tasks_open"

        WorkOrderTask.objects.filter(pk=task.pk).update(is_required=False)
        transitions.move(work_order=order, to="completed", by=technician.user, at=NOON)

    def test_every_reason_is_told_at_once(
        self, plant: Organization, planner: Membership, api_for: ApiFor
    ) -> None:
        order = _order(plant, "in_progress", needs_signature=True)
        WorkOrderTaskFactory.create(work_order=order, asset=order.asset, text="Check the guard")
        WorkOrderAsset.objects.create(
            organization=plant, work_order=order, asset=AssetFactory.create(organization=plant)
        )

        moves = api_for(planner).get(f"{ORDERS}/{order.pk}/transitions/").data

        assert [move["name"] for move in moves] == ["wait", "complete"]
        wait, complete = moves
        assert wait["allowed"]
        assert not complete["allowed"]
        assert {one["code"] for one in complete["reasons"]} == {
            "lines_open",
            "tasks_open",
            "signature_missing",
        }
        assert "Check the guard" in str(complete["reasons"])

    def test_the_reasons_tell_who_may_not(
        self, plant: Organization, viewer: Membership, api_for: ApiFor
    ) -> None:
        order = _order(plant)
        moves = api_for(viewer).get(f"{ORDERS}/{order.pk}/transitions/").data
        assert not any(move["permitted"] or move["allowed"] for move in moves)


class TestWhatMovesDo:
    def test_waiting_shows_its_reason_and_stops_the_timer(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, "in_progress")
        LaborEntryFactory.create(
            work_order=order, asset=order.asset, minutes=None, started_at=NOON - HOUR
        )

        waiting = transitions.move(
            work_order=order, to="waiting", by=technician.user, at=NOON, note="A new seal"
        )
        resumed = transitions.move(
            work_order=order, to="in_progress", by=technician.user, at=NOON + HOUR
        )

        assert waiting.waiting_for == "A new seal"
        assert LaborEntry.objects.get().minutes == 60
        assert (resumed.waiting_for, resumed.started_at) == ("", NOON - HOUR)

    def test_a_forgotten_timer_holds_it_in_words(
        self, plant: Organization, technician: Membership
    ) -> None:
        order = _order(plant, "in_progress")
        LaborEntryFactory.create(
            work_order=order, asset=order.asset, minutes=None, started_at=NOON - 30 * HOUR
        )

        with pytest.raises(TransitionRefused, match="Type how many minutes") as refusal:
            services.complete(
                work_order=order, by=technician.user, at=NOON, outcome=services.Outcome()
            )

        assert refusal.value.code == "timer_forgotten"

    def test_taken_out_of_the_plan_its_times_are_empty(
        self, plant: Organization, planner: Membership
    ) -> None:
        order = _order(plant, "scheduled", planned_start=NOON, planned_end=NOON + HOUR)

        moved = transitions.move(work_order=order, to="approved", by=planner.user, at=NOON)

        assert (moved.planned_start, moved.planned_end) == (None, None)

    def test_creation_is_the_first_entry_of_its_course(
        self, plant: Organization, planner: Membership
    ) -> None:
        asset = AssetFactory.create(organization=plant)
        made = services.create_work_order(
            asset=asset, title="Grease", due_at=NOON, by=planner.user, at=NOON, is_draft=True
        )
        services.generate_due_work_orders(organization_id=plant.pk, at=NOON)

        assert made.status == Status.DRAFT
        first = made.transitions.get()
        assert (first.from_status, first.to_status, first.by) == ("", "draft", planner.user)

    def test_many_are_recorded_in_one_statement(
        self, plant: Organization, django_assert_num_queries: Any
    ) -> None:
        orders = [_order(plant) for _ in range(3)]
        with django_assert_num_queries(1):
            course.record_creation(orders=orders, at=NOON)

        assert WorkOrderTransition.objects.filter(by=None).count() == 3

    @pytest.mark.parametrize(
        ("to", "event"),
        [
            ("in_progress", "work_order.started"),
            ("completed", "work_order.completed"),
            ("cancelled", "work_order.cancelled"),
        ],
    )
    def test_webhooks_are_told(
        self, to: str, event: str, plant: Organization, planner: Membership
    ) -> None:
        WebhookFactory.create(organization=plant)
        order = _order(plant)

        transitions.move(work_order=order, to=to, by=planner.user, at=NOON)

        assert WebhookEvent.objects.get().event == event


class TestLinks:
    def test_a_follow_up_goes_on_with_the_order(
        self, plant: Organization, planner: Membership, api_for: ApiFor
    ) -> None:
        order = _order(plant, "completed", maintenance_type="preventive")

        answer = api_for(planner).post(
            f"{ORDERS}/{order.pk}/follow-up/", {"due_at": "2026-03-09T08:00:00Z"}
        )

        assert answer.status_code == 201, answer.data
        assert (answer.data["follows"], answer.data["asset"]) == (order.pk, order.asset_id)
        assert answer.data["maintenance_type"] == "preventive"
        order.refresh_from_db()
        assert order.status == "completed"

    def test_a_defect_opens_a_corrective_order_for_its_asset_only(
        self, plant: Organization, planner: Membership, api_for: ApiFor
    ) -> None:
        order = _order(plant, "completed", maintenance_type="inspection")
        other = AssetFactory.create(organization=plant)
        WorkOrderAsset.objects.create(organization=plant, work_order=order, asset=other)
        api, url = api_for(planner), f"{ORDERS}/{order.pk}/follow-up/"

        made = api.post(url, {"due_at": "2026-03-09T08:00:00Z", "asset": other.pk})
        stranger = AssetFactory.create(organization=plant)
        refused = api.post(url, {"due_at": "2026-03-09T08:00:00Z", "asset": stranger.pk})

        assert (made.data["asset"], made.data["maintenance_type"]) == (other.pk, "corrective")
        assert (refused.status_code, refused.data["code"]) == (409, "asset_not_served")

    @pytest.mark.parametrize("kind", ["block", "parent"])
    def test_no_circle_of_orders(self, kind: str, plant: Organization) -> None:
        first, second, third = (_order(plant) for _ in range(3))

        def link(order: WorkOrder, other: WorkOrder) -> object:
            if kind == "block":
                return links.block(work_order=order, blocker=other)
            return links.set_parent(work_order=order, parent=other)

        link(first, second)
        link(second, third)
        for order, other in ((third, first), (second, first), (first, first)):
            with pytest.raises(TransitionRefused) as refusal:
                link(order, other)
            assert refusal.value.code == "circle"

    def test_done_orders_are_linked_no_more(self, plant: Organization) -> None:
        with pytest.raises(TransitionRefused, match="already completed"):
            links.block(work_order=_order(plant), blocker=_order(plant, "completed"))
