"""The pages of the store."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from maintenance.models import Part, StockMovement
from maintenance.services import store
from maintenance.views.answers import stay
from opssight.accounts.models import Membership, Organization
from tests.conftest import WALLS, ClientFor
from tests.factories import (
    NOON,
    JobPlanPartFactory,
    PartFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
# The session, the user, the memberships, the count, the rows.
QUERIES_OF_THE_LIST = 5


@pytest.fixture
def keeper(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def part(plant: Organization) -> Part:
    return PartFactory.create(organization=plant, number="SP-1", min_level=5)


def _page(part: Part) -> str:
    return reverse("maintenance:part", args=[part.pk])


def test_what_is_low_comes_first(keeper: Client, plant: Organization) -> None:
    PartFactory.create(organization=plant, number="A-1", name="Belt")
    PartFactory.create(organization=plant, number="B-1", name="Filter", min_level=20)

    page = keeper.get(reverse("maintenance:store")).content.decode()

    assert page.index("Filter") < page.index("Belt")
    assert "Low" in page


def test_the_list_shows_low_parts_alone_when_asked(keeper: Client, plant: Organization) -> None:
    PartFactory.create(organization=plant, name="Belt")
    PartFactory.create(organization=plant, name="Filter", min_level=20)

    page = keeper.get(reverse("maintenance:store"), {"show": "low"}).content.decode()

    assert "Filter" in page
    assert "Belt" not in page


@pytest.mark.parametrize(("query", "found"), [("sp-77", 1), ("seal", 1), ("zzz", 0)])
def test_a_search_finds_number_and_name(
    query: str, found: int, keeper: Client, plant: Organization
) -> None:
    PartFactory.create(organization=plant, number="SP-77", name="Mechanical seal")

    page = keeper.get(reverse("maintenance:store"), {"q": query}).content.decode()

    assert int("SP-77" in page) == found


def test_the_list_takes_the_same_queries_however_long(
    keeper: Client, plant: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        PartFactory.create_batch(10, organization=plant)
        with django_assert_num_queries(WALLS + QUERIES_OF_THE_LIST):
            keeper.get(reverse("maintenance:store"))


def test_a_part_shows_where_it_is_kept_planned_and_moved(
    keeper: Client, plant: Organization, part: Part, planner: Membership
) -> None:
    order = WorkOrderFactory.create(asset__organization=plant)
    JobPlanPartFactory.create(job_plan__organization=plant, job_plan__code="PM-7", part=part)
    store.reserve(work_order=order, part=part, quantity=Decimal(12), at=NOON)
    store.receive(
        part=part, quantity=Decimal(1), by=planner.user, at=NOON, note="From the supplier"
    )

    page = keeper.get(_page(part)).content.decode()

    assert order.number in page
    assert "1 of them missing" in page
    assert "PM-7" in page
    assert "From the supplier" in page


def test_a_delivery_is_booked_on_the_page(keeper: Client, part: Part) -> None:
    url = reverse("maintenance:receive_part", args=[part.pk])

    answer = keeper.post(url, {"quantity": "2.5", "unit_cost": "", "note": ""}, **HTMX)  # type: ignore[arg-type]

    part.refresh_from_db()
    assert answer.status_code == 200
    assert part.on_hand == Decimal("12.5")
    assert StockMovement.objects.filter(part=part).count() == 2


def test_without_javascript_a_booking_leads_back_to_the_part(keeper: Client, part: Part) -> None:
    url = reverse("maintenance:count_part", args=[part.pk])

    answer = keeper.post(url, {"counted": "3"})

    part.refresh_from_db()
    assert answer["Location"] == _page(part)
    assert part.on_hand == 3


def test_what_is_wrong_is_said_at_its_field(keeper: Client, part: Part) -> None:
    url = reverse("maintenance:receive_part", args=[part.pk])

    answer = keeper.post(url, {"quantity": "-1"}, **HTMX)  # type: ignore[arg-type]

    assert answer.status_code == 422
    assert "greater than or equal to 0.001" in answer.content.decode()


def test_a_part_is_added_and_changed(keeper: Client, plant: Organization) -> None:
    values = {
        "number": "N-1",
        "name": "V-belt",
        "unit": "pcs",
        "bin": "A3",
        "min_level": "2",
        "unit_cost": "9.50",
        "is_active": "on",
    }
    keeper.post(reverse("maintenance:new_part"), values)
    part = Part.objects.get(organization=plant)

    keeper.post(reverse("maintenance:edit_part", args=[part.pk]), {**values, "bin": "B4"})

    part.refresh_from_db()
    assert (part.number, part.bin) == ("N-1", "B4")
    assert part.on_hand == 0


def test_a_number_is_given_once(keeper: Client, part: Part) -> None:
    values = {"number": part.number, "name": "x", "unit": "pcs", "min_level": "0", "unit_cost": 0}

    answer = keeper.post(reverse("maintenance:new_part"), values)

    assert answer.status_code == 422
    assert "Another part has this number." in answer.content.decode()


@pytest.mark.parametrize("name", ["edit_part", "receive_part", "count_part"])
def test_a_technician_sees_the_store_and_changes_nothing(
    name: str, technician: Membership, client_for: ClientFor, part: Part
) -> None:
    client = client_for(technician)

    assert client.get(_page(part)).status_code == 200
    assert client.post(reverse(f"maintenance:{name}", args=[part.pk])).status_code == 403
    assert client.get(reverse("maintenance:new_part")).status_code == 403


def test_a_part_of_another_plant_does_not_exist(
    stranger: Membership, client_for: ClientFor, part: Part
) -> None:
    client = client_for(stranger)

    assert client.get(_page(part)).status_code == 404
    assert part.number not in client.get(reverse("maintenance:store")).content.decode()


def test_without_javascript_no_page_is_made_to_be_thrown_away(rf: RequestFactory) -> None:
    def page() -> HttpResponse:
        raise AssertionError("A redirect needs no page.")

    request: Any = rf.post("/")
    request.htmx = False
    request._messages = CookieStorage(request)

    assert stay(request, PartFactory.create(), page, "Done.").status_code == 302
