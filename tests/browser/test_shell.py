import re

import pytest
from playwright.sync_api import expect

from opssight.accounts.models import Membership
from tests.browser.conftest import Pages
from tests.factories import NotificationFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_bell_shows_how_many_are_unread_and_opens_the_list(
    page_for: Pages, planner: Membership
):
    NotificationFactory.create_batch(
        2, organization=planner.organization, recipient=planner.user, subject="P-101A is hot"
    )
    page = page_for(planner)
    page.goto("/notifications/")
    badge = page.locator(".topbar-badge")
    expect(badge).to_have_text("2")
    expect(badge.locator("span")).to_be_visible()

    page.get_by_label("Notifications").first.click()
    panel = page.locator("#notification-panel")
    expect(panel.get_by_text("P-101A is hot")).to_have_count(2)

    panel.get_by_role("button", name="Mark all as read").click()
    expect(badge).to_have_text("")


def test_the_theme_is_kept_on_the_next_page(page_for: Pages, planner: Membership):
    page = page_for(planner)
    page.goto("/")
    page.get_by_label("Switch between light and dark").click()
    page.reload()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_drawer_opens_on_a_phone_and_leads_on(page_for: Pages, planner: Membership):
    page = page_for(planner, width=390)
    page.goto("/")
    page.get_by_role("button", name="Menu").click()
    page.locator("#sidebar").get_by_role("link", name="Recommendations").click()

    expect(page).to_have_url(re.compile("/maintenance/recommendations"))


def test_the_first_stop_of_the_tab_key_leads_to_the_content(page_for: Pages, planner: Membership):
    page = page_for(planner)
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"
