"""The page of an order: its buttons, and the parts that answer for themselves."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maintenance import urls
from maintenance.models import WorkOrder
from maintenance.services import lines
from maintenance.workflow import BY_NAME
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    DowntimeFactory,
    JobPlanFactory,
    LaborEntryFactory,
    RecommendationFactory,
    TechnicianFactory,
    UptimeEventFactory,
    WorkOrderFactory,
    WorkOrderTaskFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
WORK = {**HTMX, "HX-Target": "work-order"}


@pytest.fixture
def planning(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def order(plant: Organization) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(asset__organization=plant)
    return order


def _url(order: WorkOrder, end: str = "") -> str:
    return f"/maintenance/work-orders/{order.pk}/{end}"


def test_each_may_press_what_they_may_and_reads_why_not(
    order: WorkOrder, signed_in: Client, planning: Client, viewer: Membership, client_for: ClientFor
) -> None:
    mine, planned = signed_in.get(_url(order)).text, planning.get(_url(order)).text
    seen = client_for(viewer).get(_url(order)).text

    assert _url(order, "start/") in mine
    assert _url(order, "cancel/") not in mine
    assert "a planner does that" in mine
    assert _url(order, "cancel/") in planned
    assert "Assign an active technician first." in planned
    assert _url(order, "start/") not in seen
    assert "a technician does that" in seen


def test_every_button_leads_to_the_move_that_it_names(
    plant: Organization, planning: Client
) -> None:
    mechanic = TechnicianFactory.create(organization=plant)
    found = set()
    for status in ("draft", "approved", "scheduled", "waiting", "in_progress"):
        order = WorkOrderFactory.create(
            asset__organization=plant, technician=mechanic, status=status
        )
        page = planning.get(_url(order)).text
        buttons = re.findall(rf'hx-post="{_url(order)}(\w+)/"', page)
        found |= {name for name in buttons if name in BY_NAME}

    assert found == set(BY_NAME) - {"close"}


def test_no_two_routes_have_the_same_name() -> None:
    names = [str(pattern.name) for pattern in urls.urlpatterns]
    assert sorted(names) == sorted(set(names))


def test_waiting_asks_for_its_reason_and_shows_it(order: WorkOrder, signed_in: Client) -> None:
    empty = signed_in.post(_url(order, "wait/"), {"note": " "}, headers=WORK)
    waiting = signed_in.post(_url(order, "wait/"), {"note": "A <new> seal"}, headers=WORK)
    resumed = signed_in.post(_url(order, "resume/"), headers=WORK)

    assert empty.status_code == 422
    assert "It waits for: A &lt;new&gt; seal" in waiting.text
    assert "In progress" in resumed.text


def test_what_is_missing_is_told_before_and_the_report_is_kept(
    order: WorkOrder, planning: Client
) -> None:
    lines.add(work_order=order, asset=AssetFactory.create(organization=order.organization))

    page = planning.get(_url(order)).text
    response = planning.post(_url(order, "complete/"), {"notes": "Greased."}, headers=WORK)

    assert "Say what came of it at each asset." in page
    assert response.status_code == 409
    assert "Greased." in response.text


def test_a_critical_failure_asks_for_its_codes_beside_the_fields(
    plant: Organization, signed_in: Client
) -> None:
    order = WorkOrderFactory.create(
        asset__organization=plant, asset__criticality=5, asset__category="pump"
    )

    page = signed_in.get(_url(order)).text
    response = signed_in.post(_url(order, "complete/"), {"notes": "x"}, headers=WORK)

    assert '<option value="low output">' in page
    assert response.status_code == 422
    assert response.text.count("this was a failure: say it") == 3


def test_it_is_signed_on_the_page(plant: Organization, signed_in: Client) -> None:
    order = WorkOrderFactory.create(asset__organization=plant, needs_signature=True)

    empty = signed_in.post(_url(order, "sign/"), {"name": ""}, headers=WORK)
    signed = signed_in.post(_url(order, "sign/"), {"name": "A. Novak"}, headers=WORK)

    assert empty.status_code == 422
    assert "A. Novak" in signed.text


def test_assets_are_added_judged_and_taken_off(
    plant: Organization, order: WorkOrder, planning: Client
) -> None:
    other = AssetFactory.create(organization=plant, tag="P-9")
    part = {**HTMX, "HX-Target": "order-lines"}

    unknown = planning.post(_url(order, "assets/"), {"tag": "P-?"}, headers=part)
    added = planning.post(_url(order, "assets/"), {"tag": "p-9"}, headers=part)
    again = planning.post(_url(order, "assets/"), {"tag": "P-9"}, headers=part)
    line = order.lines.get(asset=other)
    url = f"/maintenance/work-order-lines/{line.pk}/"
    wrong = planning.post(url, {"result": "x"}, headers=part)
    judged = planning.post(url, {"result": "defect", "notes": "It drips."}, headers=part)
    removed = planning.post(f"{url}remove/", headers=part)

    assert [r.status_code for r in (unknown, added, again, wrong, judged, removed)] == [
        422,
        200,
        409,
        422,
        200,
        200,
    ]
    assert added.text.strip().startswith('<section class="card" id="order-lines"')
    assert "Open an order to repair the defect" in judged.text
    assert order.lines.count() == 1


def test_downtime_is_entered_linked_and_taken_away(order: WorkOrder, signed_in: Client) -> None:
    now = timezone.localtime()
    event = UptimeEventFactory.create(
        asset=order.asset, started_at=now - dt.timedelta(hours=5), ended_at=now
    )
    times = {
        "started_at": f"{now - dt.timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "ended_at": f"{now - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    body: dict[str, Any] = {"asset": order.asset_id, "cause": "planned", **times}

    taken = signed_in.post(_url(order, "downtime/"), body, headers=HTMX)
    linked = signed_in.post(_url(order, "downtime/link/"), {"event": event.pk}, headers=HTMX)
    row = order.downtimes.get()
    gone = signed_in.post(f"/maintenance/downtimes/{row.pk}/unlink/", headers=HTMX)
    nothing = signed_in.post(_url(order, "downtime/link/"), {"event": "0x"}, headers=HTMX)

    assert taken.status_code == 422
    assert "Choose that one instead." in taken.text
    assert "Not of this order" in linked.text
    assert "No downtime is linked" in gone.text
    assert nothing.status_code == 404


def test_orders_are_blocked_and_made_parts_by_their_numbers(
    order: WorkOrder, planning: Client
) -> None:
    other = WorkOrderFactory.create(asset=order.asset, title="Scaffold")

    unknown = planning.post(_url(order, "block/"), {"number": "WO-1"}, headers=HTMX)
    blocked = planning.post(_url(order, "block/"), {"number": other.number.lower()}, headers=HTMX)
    circle = planning.post(_url(other, "block/"), {"number": order.number}, headers=HTMX)
    block = order.blocked_by.get()
    free = planning.post(f"/maintenance/work-order-blocks/{block.pk}/remove/", headers=HTMX)
    parted = planning.post(_url(order, "parent/"), {"number": other.number}, headers=HTMX)
    alone = planning.post(_url(order, "parent/"), {"number": ""}, headers=HTMX)

    assert (unknown.status_code, circle.status_code) == (422, 409)
    assert "Scaffold" in blocked.text
    assert "stands alone" in free.text
    assert "Part of" in parted.text
    assert "stands alone" in alone.text


@pytest.mark.parametrize(
    ("end", "name", "body", "said"),
    [
        ("comments/", "comments", {"text": "word " * 2000}, "word word"),
        ("costs/", "costs", {"what": "Crane", "amount": "x"}, 'value="Crane"'),
        ("parts/", "parts", {"part": "SEAL-?", "quantity": "1"}, 'value="SEAL-?"'),
        ("time/", "labor", {"minutes": "0", "note": "Greased"}, "Greased"),
        ("downtime/", "downtime", {"cause": "failure"}, "This field is required."),
        ("assets/", "lines", {"tag": "P-?"}, "No asset has the tag P-?."),
        ("block/", "links", {"number": "WO-1"}, "No order has this number."),
        ("share-outage/", "outage", {}, "Choose the orders to plan for the same time."),
        ("job-plan/", "tasks", {"plan": "x"}, "That choice is not one of the available choices."),
    ],
)
def test_what_is_refused_without_javascript_is_told_on_the_whole_page(
    order: WorkOrder, planning: Client, end: str, name: str, body: dict[str, str], said: str
) -> None:
    WorkOrder.objects.filter(pk=order.pk).update(status="in_progress", started_at=NOON)
    JobPlanFactory.create(organization=order.organization)

    page = planning.post(_url(order, end), body)
    part = planning.post(_url(order, end), body, headers=HTMX)

    assert (page.status_code, part.status_code) == (422, 422)
    assert page.text.count('id="work-order"') == page.text.count(f'id="order-{name}"') == 1
    assert 'id="work-order"' not in part.text
    assert said in page.text
    assert said in part.text


def test_a_follow_up_leads_to_the_new_order(order: WorkOrder, planning: Client) -> None:
    response = planning.post(_url(order, "follow-up/"), follow=True)

    made = order.follow_ups.get()
    assert response.redirect_chain == [(made.get_absolute_url(), 302)]
    assert order.number in response.text
    stranger = AssetFactory.create()
    assert planning.post(_url(order, "follow-up/"), {"asset": stranger.pk}).status_code == 404


@pytest.mark.parametrize("end", ["start/", "sign/", "assets/", "downtime/", "block/", "follow-up/"])
def test_the_order_of_another_plant_does_not_exist(
    end: str, planning: Client, stranger: Membership
) -> None:
    foreign = WorkOrderFactory.create(asset__organization=stranger.organization)
    assert planning.post(_url(foreign, end)).status_code == 404


def test_a_viewer_changes_nothing(
    order: WorkOrder, viewer: Membership, client_for: ClientFor
) -> None:
    client = client_for(viewer)
    row = DowntimeFactory.create(work_order=order, asset=order.asset)
    paths = [_url(order, end) for end in ("start/", "complete/", "assets/", "block/", "downtime/")]
    paths += [
        f"/maintenance/work-order-lines/{order.lines.get().pk}/",
        f"/maintenance/downtimes/{row.pk}/unlink/",
    ]
    assert {client.post(path).status_code for path in paths} == {403}


def test_a_draft_with_a_plan_is_made_and_approved(plant: Organization, planning: Client) -> None:
    first, second = (AssetFactory.create(organization=plant) for _ in range(2))
    TechnicianFactory.create(organization=plant)
    body = {
        "asset": first.tag,
        "assets": second.tag,
        "title": "Grease",
        "maintenance_type": "preventive",
        "priority": "low",
        "due_at": (timezone.localdate() + dt.timedelta(days=3)).isoformat(),
        "is_draft": "on",
    }

    planning.post("/maintenance/work-orders/new/", body)
    made = WorkOrder.objects.get()
    approved = planning.post(_url(made, "approve/"), headers=WORK)

    assert made.lines.count() == 2
    assert made.status == "draft"
    assert "Approved" in approved.text


def test_what_hinders_completion_is_told_anew_beside_each_answer(
    order: WorkOrder, technician: Membership, signed_in: Client
) -> None:
    mechanic = TechnicianFactory.create(organization=order.organization, user=technician.user)
    WorkOrder.objects.filter(pk=order.pk).update(status="in_progress", started_at=NOON)
    task = WorkOrderTaskFactory.create(work_order=order, asset=order.asset)
    timer = LaborEntryFactory.create(
        work_order=order, asset=order.asset, technician=mechanic, minutes=None, started_at=NOON
    )

    page = signed_in.get(_url(order)).text
    refused = signed_in.post(_url(order, "complete/"), {"notes": "x"}, headers=WORK)
    url = f"/maintenance/work-order-tasks/{task.pk}/"
    answered = signed_in.post(url, {"outcome": "passed"}, headers=HTMX).text
    url = f"/maintenance/labor/{timer.pk}/stop/"
    stopped = signed_in.post(url, {"minutes": 30}, headers=HTMX).text

    assert page.index('id="order-labor"') < page.index('id="report"')
    for text in (page, refused.text):
        assert "Answer the required tasks" in text
        assert "Type how many minutes the work took" in text
    assert refused.status_code == 409
    assert 'id="order-hindrances"' in answered
    assert "Answer the required tasks" not in answered
    assert "Type how many minutes" in answered
    assert "Before it can be completed" not in stopped


def test_each_of_several_recommendations_gets_its_own_verdict(
    order: WorkOrder, signed_in: Client
) -> None:
    kept, wrong = (
        RecommendationFactory.create(
            asset=order.asset, failure_mode=mode, status="accepted", work_order=order
        )
        for mode in ("bearing wear", "leakage")
    )
    page = signed_in.get(_url(order)).text
    empty = signed_in.post(_url(order, "complete/"), {"notes": "x"}, headers=WORK)
    body = {
        "notes": "Bearing replaced.",
        f"verdict_{kept.pk}": "confirmed",
        f"found_{kept.pk}": "misalignment",
        f"verdict_{wrong.pk}": "false_alarm",
        f"found_{wrong.pk}": "",
    }
    done = signed_in.post(_url(order, "complete/"), body, headers=WORK)

    assert "Bearing wear on" in page
    assert 'name="verdict"' not in page
    assert empty.status_code == 422
    assert done.status_code == 200
    kept.refresh_from_db()
    wrong.refresh_from_db()
    assert (kept.verdict, kept.found_failure_mode) == ("confirmed", "misalignment")
    assert (wrong.verdict, wrong.found_failure_mode) == ("false_alarm", "")
    assert order.records.get().verdict == "confirmed"


def test_the_api_takes_a_verdict_for_each(
    order: WorkOrder, technician: Membership, api_for: ApiFor
) -> None:
    mine, other = (
        RecommendationFactory.create(
            asset=order.asset, failure_mode=mode, status="accepted", work_order=order
        )
        for mode in ("bearing wear", "leakage")
    )
    stranger = RecommendationFactory.create(asset=order.asset, failure_mode="noise")
    url = f"/api/maintenance/work-orders/{order.pk}/complete/"
    finding = {"recommendation": stranger.pk, "verdict": "confirmed"}

    refused = api_for(technician).post(url, {"findings": [finding]}, format="json")
    finding["recommendation"] = mine.pk
    body = {"findings": [finding], "verdict": "false_alarm"}
    done = api_for(technician).post(url, body, format="json")

    assert (refused.status_code, refused.data["code"]) == (409, "recommendation_not_served")
    assert done.status_code == 200, done.data
    for row in (mine, other):
        row.refresh_from_db()
    assert (mine.verdict, other.verdict) == ("confirmed", "false_alarm")
    assert order.records.get().verdict == "confirmed"
