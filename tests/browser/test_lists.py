"""How lists and dialogs behave under the fingers."""

import re

import pytest
from playwright.sync_api import expect

from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.browser.conftest import Pages

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_search_keeps_what_is_typed_while_its_results_swap(
    page_for: Pages, planner: Membership, plant: Organization
):
    for tag in ("P-101A", "P-102A", "M-7"):
        factories.AssetFactory.create(organization=plant, tag=tag)
    page = page_for(planner)
    page.goto("/assets/?order=-tag")
    box = page.get_by_label("Search tag, name or category")

    box.press_sequentially("P-10", delay=120)
    expect(page.locator(".asset-tag")).to_have_text(["P-102A", "P-101A"])
    box.press_sequentially("1A", delay=120)
    expect(page.locator(".asset-tag")).to_have_text(["P-101A"])

    expect(box).to_have_value("P-101A")
    expect(box).to_be_focused()
    expect(page).to_have_url(re.compile(r"q=P-101A.*order=-tag"))


def test_a_filter_and_a_heading_work_together_and_the_way_back_too(
    page_for: Pages, planner: Membership, plant: Organization
):
    for tag, status in (("A", "standby"), ("B", "standby"), ("C", "in_service")):
        factories.AssetFactory.create(organization=plant, tag=tag, status=status)
    page = page_for(planner)
    page.goto("/assets/")

    page.get_by_label("Status").select_option("standby")
    expect(page.locator(".asset-tag")).to_have_text(["A", "B"])
    page.get_by_role("link", name="Asset", exact=True).click()
    expect(page.locator(".asset-tag")).to_have_text(["B", "A"])
    expect(page.locator("#asset-list-by-tag")).to_be_focused()
    page.get_by_label("Status").select_option("")
    expect(page.locator(".asset-tag")).to_have_text(["C", "B", "A"])

    page.go_back()
    expect(page.locator(".asset-tag")).to_have_text(["B", "A"])


def test_cancelling_asks_first(page_for: Pages, planner: Membership, plant: Organization):
    order = factories.WorkOrderFactory.create(
        asset=factories.AssetFactory.create(organization=plant)
    )
    page = page_for(planner)
    page.goto(order.get_absolute_url())

    page.get_by_role("button", name="Cancel the work order").click()
    dialog = page.locator("#confirm-dialog")
    expect(dialog).to_contain_text("A cancelled order is not opened again.")
    dialog.get_by_role("button", name="Cancel", exact=True).click()
    order.refresh_from_db()
    assert order.status == "approved"

    page.get_by_role("button", name="Cancel the work order").click()
    dialog.get_by_role("button", name="Cancel the work order").click()
    expect(page.locator("#work-order")).to_contain_text("called off")


def test_a_sensor_is_found_by_typing_where_a_name_is_mapped(
    page_for: Pages, planner: Membership, plant: Organization
):
    for tag in ("P-101A", "P-102A"):
        asset = factories.AssetFactory.create(organization=plant, tag=tag)
        factories.SensorFactory.create(asset=asset, key="vibration_de")
    name = "cpu,host=gateway-07#load"
    factories.UnknownSignalFactory.create(organization=plant, name=name)
    page = page_for(planner)
    page.goto("/telemetry/unmapped/")
    field = page.get_by_label(f"Sensor of {name}")

    with page.expect_response(lambda answer: "/telemetry/sensor-names/" in answer.url) as asked:
        field.press_sequentially("101a vib")

    assert re.search("sensor=101a(%20|[+])vib", asked.value.url)
    expect(page.locator("#sensor-names option")).to_have_count(1)
    field.fill("P-101A/vibration_de")
    page.get_by_role("row", name="gateway-07").get_by_role("button", name="Map").click()
    expect(page.get_by_role("status").first).to_contain_text("stands for P-101A/vibration_de now")
