"""A planner gives work to people from the list of orders, and on the page of one."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maintenance.models import Technician, WorkOrder
from opssight.accounts.models import Membership, Organization
from tests.factories import TechnicianFactory, WorkOrderFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LIST = reverse("maintenance:work_orders")
ASSIGN = reverse("maintenance:assign_orders")
SUGGEST = reverse("maintenance:suggest_orders")
RESCHEDULE = reverse("maintenance:reschedule_orders")


@pytest.fixture
def crew(plant: Organization, technician: Membership) -> Technician:
    made: Technician = TechnicianFactory.create(
        organization=plant, user=technician.user, skills=["welding"]
    )
    return made


@pytest.fixture
def orders(plant: Organization) -> list[WorkOrder]:
    """Two that are open, and one that is not any more."""
    due = {"due_at": timezone.now() + 10 * DAY}
    return [
        WorkOrderFactory.create(asset__organization=plant, title="Weld it", **due),
        WorkOrderFactory.create(asset__organization=plant, skills=["rigging"], **due),
        WorkOrderFactory.create(asset__organization=plant, status="cancelled", **due),
    ]


@pytest.fixture
def page(client: Client, planner: Membership) -> Client:
    client.force_login(planner.user)
    return client


def test_orders_are_chosen_in_the_list_by_planners_alone(
    page: Client, orders: list[WorkOrder], technician: Membership
) -> None:
    shown = page.get(f"{LIST}?status=all").text
    assert re.findall(r'name="order"\s+value="(\d+)"', shown) == [str(o.pk) for o in orders[:2]]
    assert SUGGEST in shown

    page.force_login(technician.user)
    assert 'name="order"' not in page.get(LIST).text
    assert page.get(ASSIGN, {"order": orders[0].pk}).status_code == 403


def test_many_are_given_to_one_and_each_result_is_shown(
    page: Client, orders: list[WorkOrder], crew: Technician
) -> None:
    ids = [order.pk for order in orders]
    assert "3 chosen" in page.get(ASSIGN, {"order": ids}).text

    answer = page.post(ASSIGN, {"order": ids, "technician": crew.pk})

    assert answer.status_code == 200
    assert "2 of 3 work orders assigned" in answer.text
    assert "Nothing was changed: the work order is already cancelled." in answer.text
    assert set(WorkOrder.objects.values_list("status", flat=True)) == {"scheduled", "cancelled"}
    # Nobody is a button of its own: an empty choice takes nothing from anybody.
    assert page.post(ASSIGN, {"order": ids, "technician": ""}).status_code == 422
    answer = page.post(ASSIGN, {"order": ids, "nobody": "1"})
    assert "2 of 3 work orders given to nobody" in answer.text
    assert not WorkOrder.objects.exclude(technician=None).exists()


def test_none_chosen_leads_back_to_the_list(page: Client, orders: list[WorkOrder]) -> None:
    """So does what is no number, and an order of somebody else."""
    foreign = WorkOrderFactory.create()
    answer = page.get(SUGGEST, {"order": ["x", 10**30, foreign.pk]}, follow=True)

    assert answer.redirect_chain[-1][0] == LIST
    assert "Choose the work orders in the list first." in answer.text


def test_many_are_moved_by_days_or_to_a_date(page: Client, orders: list[WorkOrder]) -> None:
    body = {"order": [order.pk for order in orders]}
    both = page.post(RESCHEDULE, {**body, "days": 2, "due_at": "2199-01-01"})
    assert both.status_code == 422

    answer = page.post(RESCHEDULE, {**body, "days": 2})

    assert "2 of 3 work orders moved" in answer.text
    first = WorkOrder.objects.get(pk=orders[0].pk)
    assert first.due_at == orders[0].due_at + 2 * DAY
    refused = page.post(RESCHEDULE, {"order": orders[2].pk, "days": 2})
    assert refused.status_code == 409


class TestSuggest:
    def test_a_proposal_is_shown_changed_line_by_line_and_applied(
        self, page: Client, orders: list[WorkOrder], crew: Technician
    ) -> None:
        """Who fits is chosen already, who does not is named with the reason; nothing happens."""
        first, second, _ = orders
        ids = [order.pk for order in orders]
        shown = page.get(SUGGEST, {"order": ids}).text
        assert f"Why {crew}:" in shown
        assert "Nobody who has what it needs is free" in shown
        assert "Lacks rigging" in shown
        assert "The work order is cancelled already." in shown
        assert not WorkOrder.objects.exclude(technician=None).exists()

        choice = re.search(rf'value="({crew.pk}_\d+_\d+)"\s+selected', shown)
        state = re.search(rf'name="{first.pk}-state"\s+value="([^"]+)"', shown)
        assert choice
        assert state
        line = {f"{first.pk}-choice": choice[1], f"{first.pk}-state": state[1]}
        twice = page.post(SUGGEST, {"order": ids, **line, f"{second.pk}-choice": choice[1]})
        assert twice.status_code == 422
        assert "two works at the same time" in twice.text

        answer = page.post(SUGGEST, {"order": ids, **line, f"{second.pk}-choice": ""})

        assert "1 of 1 work order assigned" in answer.text
        first.refresh_from_db()
        assert (first.technician, first.status) == (crew, "scheduled")
        late = page.post(SUGGEST, {"order": ids, **line})
        assert late.status_code == 409
        assert "changed in the meantime" in late.text

    @pytest.mark.parametrize("choice", ["", "1", "a_b_c", "1_5_4", f"1_1_{10**40}", "99_1_2"])
    def test_a_choice_that_was_not_offered_is_refused(
        self, page: Client, orders: list[WorkOrder], choice: str
    ) -> None:
        pk = orders[0].pk
        answer = page.post(SUGGEST, {"order": pk, f"{pk}-choice": choice})
        assert answer.status_code == 422


class TestPageOfTheOrder:
    def test_says_who_could_and_takes_who_shall(
        self, page: Client, orders: list[WorkOrder], crew: Technician
    ) -> None:
        order = orders[0]
        url = reverse("maintenance:order_people", args=[order.pk])
        assert "Who could do it?" in page.get(order.get_absolute_url()).text
        fragment = page.get(url, headers={"HX-Request": "true"}).text
        assert fragment.strip().startswith("<section") or "order-people" in fragment
        assert "of 40 h booked" in page.get(url).text
        state = re.search(r'name="state" value="([^"]+)"', fragment)
        assert state

        wrong = page.post(url, {"technician": crew.pk, "planned_end": "2026-12-01T08:00"})
        assert wrong.status_code == 422
        body = {"technician": crew.pk, "planned_start": "2026-12-01T08:00", "state": state[1]}
        assert page.post(url, body).status_code == 302

        order.refresh_from_db()
        assert (order.technician, order.status) == (crew, "scheduled")
        assert order.planned_end is not None
        late = page.post(url, body)
        assert late.status_code == 409
        assert "changed in the meantime" in late.text

    def test_a_technician_sees_no_form_and_may_not_assign(
        self, client: Client, orders: list[WorkOrder], technician: Membership
    ) -> None:
        client.force_login(technician.user)
        assert "Who could do it?" not in client.get(orders[0].get_absolute_url()).text
        url = reverse("maintenance:order_people", args=[orders[0].pk])
        assert client.post(url, {"technician": ""}).status_code == 403
