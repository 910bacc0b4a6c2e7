"""A planner gives work to people from the list, by keyboard and by touch."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from maintenance.models import WorkOrder
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.browser.conftest import Pages

pytestmark = pytest.mark.django_db(transaction=True)


def test_orders_are_chosen_counted_and_given_as_suggested(
    page_for: Pages, planner: Membership, technician: Membership, plant: Organization
):
    """All of the page by one key, one taken out again, and the proposal as it is."""
    crew = factories.TechnicianFactory.create(organization=plant, user=technician.user)
    asset = factories.AssetFactory.create(organization=plant)
    due = timezone.now() + timedelta(days=10)
    orders = [
        factories.WorkOrderFactory.create(asset=asset, title=f"Job {letter}", due_at=due)
        for letter in "ABC"
    ]
    page = page_for(planner)
    page.goto("/maintenance/work-orders/")
    suggest = page.get_by_role("button", name="Suggest…")
    expect(page.get_by_text("None chosen")).to_be_visible()
    expect(suggest).to_be_disabled()

    page.get_by_label("All on this page").press("Space")
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_label(f"Choose {orders[2].number}").press("Space")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    suggest.press("Enter")

    expect(page.get_by_text(f"Why {technician.user}:")).to_have_count(2)
    assert not WorkOrder.objects.exclude(technician=None).exists()
    page.get_by_role("button", name="Assign as chosen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 work orders assigned")
    given = WorkOrder.objects.filter(technician=crew, status="scheduled")
    assert set(given) == set(orders[:2])


def test_a_search_forgets_what_was_chosen_on_a_phone(
    page_for: Pages, planner: Membership, plant: Organization
):
    asset = factories.AssetFactory.create(organization=plant)
    for title in ("Grease", "Align"):
        factories.WorkOrderFactory.create(asset=asset, title=title)
    page = page_for(planner, width=390)
    page.goto("/maintenance/work-orders/")
    page.locator("input[name=order]").first.tap()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    expect(page.get_by_role("button", name="Assign…")).to_be_in_viewport()

    page.get_by_label("Search number, title or asset").press_sequentially("Align")

    expect(page.locator("input[name=order]")).to_have_count(1)
    expect(page.get_by_text("None chosen")).to_be_visible()
    expect(page.get_by_role("button", name="Assign…")).to_be_disabled()
