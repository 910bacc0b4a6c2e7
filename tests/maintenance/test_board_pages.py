"""The board: which cards stand where, and what moving one does."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from maintenance.models import WorkOrder, WorkOrderTransition
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import WALLS, ClientFor

pytestmark = pytest.mark.django_db
BOARD = {"HX-Request": "true", "HX-Target": "board"}


@pytest.fixture
def planning(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


def _order(plant: Organization, **values: Any) -> WorkOrder:
    asset = values.pop("asset", None) or factories.AssetFactory.create(organization=plant)
    row: WorkOrder = factories.WorkOrderFactory.create(
        **{"asset": asset, "due_at": timezone.now() + dt.timedelta(days=5), **values}
    )
    return row


def _titles(page: str, column: str = "") -> list[str]:
    part = page
    if column:
        part = page[page.index(f'id="column-{column}"') :].split("</section>", maxsplit=1)[0]
    return re.findall(r'plan-card-title" href="[^"]*">([^<]+)<', part)


def _move(client: Client, row: WorkOrder, to: str, **data: str) -> Any:
    return client.post(
        f"/maintenance/board/{row.pk}/move/?priority=high", {"to": to, **data}, headers=BOARD
    )


def test_each_order_stands_in_the_column_of_its_status_most_urgent_first(
    plant: Organization, planning: Client
):
    now = timezone.now()
    _order(plant, title="Late", due_at=now - dt.timedelta(days=1))
    _order(plant, title="Critical", priority="critical", due_at=now + dt.timedelta(days=30))
    _order(plant, title="Unanswered", respond_by=now - dt.timedelta(hours=1))
    _order(plant, title="Begun", status="in_progress", started_at=now)
    _order(plant, title="Off", status="cancelled")
    for title, ago in (("Done", 1), ("Long done", 8)):
        factories.DoneWorkOrderFactory.create(
            asset=factories.AssetFactory.create(organization=plant),
            title=title,
            started_at=now - dt.timedelta(days=ago, hours=1),
            completed_at=now - dt.timedelta(days=ago),
        )
    _order(factories.OrganizationFactory.create(), title="Foreign")

    page = planning.get("/maintenance/board/").text

    assert _titles(page, "approved") == ["Critical", "Late", "Unanswered"]
    assert _titles(page, "in_progress") == ["Begun"]
    assert _titles(page, "completed") == ["Done"]
    assert len(_titles(page)) == 5
    assert page.count("Response missed") == 1
    assert "1 overdue" in page


def test_the_filters_of_the_address_narrow_the_cards(
    plant: Organization, signed_in: Client, technician: Membership
):
    me = factories.TechnicianFactory.create(organization=plant, user=technician.user)
    pump = factories.AssetFactory.create(organization=plant, tag="P-7")
    group = factories.AssetGroupFactory.create(organization=plant)
    factories.AssetGroupMemberFactory.create(group=group, asset=pump)
    _order(plant, title="Mine", technician=me, status="scheduled")
    _order(plant, title="Pump", asset=pump, priority="high", maintenance_type="inspection")

    def shown(query: str) -> list[str]:
        return _titles(signed_in.get(f"/maintenance/board/?{query}").text)

    assert shown("technician=me") == shown(f"technician={me.pk}") == ["Mine"]
    assert shown("technician=none") == ["Pump"]
    assert shown(f"site={pump.site_id}") == shown(f"group={group.pk}") == ["Pump"]
    assert shown("priority=high") == shown("type=inspection") == shown("q=p-7") == ["Pump"]
    assert shown("q=nothing") == []
    assert sorted(shown("technician=x&site=-1&priority=huge")) == ["Mine", "Pump"]


def test_a_card_moves_where_the_table_of_transitions_lets_it(
    plant: Organization, planning: Client, planner: Membership
):
    row = _order(plant, status="draft", priority="high")

    menu = planning.get(f"/maintenance/board/{row.pk}/moves/").text
    moved = _move(planning, row, "approved")

    assert 'name="to" value="approved"' in menu
    assert 'value="in_progress"' not in menu
    assert _titles(moved.text, "approved") == [row.title]
    assert "is approved" in moved["HX-Trigger"]
    step = WorkOrderTransition.objects.get(work_order=row)
    assert (step.from_status, step.to_status, step.by) == ("draft", "approved", planner.user)


def test_what_the_server_refuses_stays_and_says_why(plant: Organization, planning: Client):
    row = _order(plant, priority="high")

    assert "Assign an active technician first." in _move(planning, row, "scheduled").text
    for to, status in (("scheduled", 409), ("draft", 409), ("completed", 409), ("nowhere", 404)):
        assert _move(planning, row, to).status_code == status, to
    row.refresh_from_db()
    assert row.status == "approved"


def test_waiting_asks_for_the_reason_and_completing_for_the_report(
    plant: Organization, signed_in: Client
):
    row = _order(plant, priority="high", status="in_progress", started_at=timezone.now())

    asked = _move(signed_in, row, "waiting")
    waits = _move(signed_in, row, "waiting", note="A seal")
    report = _move(signed_in, row, "completed")

    assert asked.status_code == 422
    assert "What does it wait for?" in asked.text
    assert waits.status_code == 200
    assert "Waits for: A seal" in waits.text
    assert report.status_code == 409
    assert f"{row.get_absolute_url()}#report" in report.text


def test_without_htmx_a_move_leads_back_to_the_same_filters(plant: Organization, planning: Client):
    row = _order(plant, status="draft")

    response = planning.post(
        f"/maintenance/board/{row.pk}/move/?technician=none", {"to": "approved"}, follow=True
    )

    assert response.redirect_chain == [("/maintenance/board/?technician=none", 302)]
    assert "is approved." in response.text


def test_a_viewer_sees_the_board_and_is_offered_no_move(
    plant: Organization, viewer: Membership, client_for: ClientFor
):
    row = _order(plant)
    page = client_for(viewer).get("/maintenance/board/").text

    assert _titles(page) == [row.title]
    assert "card-menu" not in page
    assert _move(client_for(viewer), row, "in_progress").status_code == 403


def test_a_long_column_shows_more_with_the_same_queries(
    plant: Organization, planning: Client, django_assert_num_queries: Any
):
    asset = factories.AssetFactory.create(organization=plant)
    person = factories.TechnicianFactory.create(organization=plant)
    for _ in range(27):
        _order(plant, asset=asset, technician=person, status="scheduled")
    planning.get("/maintenance/board/")

    # The signed-in person and memberships: 3; choices of the filters: 3; figures: 1; columns: 6.
    with django_assert_num_queries(WALLS + 13):
        page = planning.get("/maintenance/board/").text
    more = planning.get(
        "/maintenance/board/?scheduled=50",
        headers={"HX-Request": "true", "HX-Target": "column-scheduled"},
    ).text

    assert len(_titles(page, "scheduled")) == 25
    assert "Show more (2 hidden)" in page
    assert "scheduled=50" in page
    assert len(_titles(more)) == 27
    assert more.strip().startswith('<section class="board-column"')
