"""Work is moved on the board and planned in the calendar, by mouse, keyboard and finger."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from maintenance.models import WorkOrder
from opssight.accounts.models import Membership
from tests import factories
from tests.browser.conftest import Pages
from tests.browser.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def _loose(scene: Scene) -> WorkOrder:
    order: WorkOrder = factories.WorkOrderFactory.create(
        asset=scene.fan,
        title="Balance the rotor",
        due_at=timezone.now() + timedelta(hours=1),
        created_at=timezone.now(),
    )
    return order


def _drag(page: Page, item: str, zone: str) -> None:
    page.locator(item).drag_to(page.locator(zone), target_position={"x": 20, "y": 12})


def test_a_card_is_dragged_and_what_is_refused_goes_back(
    page_for: Pages, planner: Membership, scene: Scene
):
    order = _loose(scene)
    page = page_for(planner)
    page_for.expected.add(409)
    page.goto("/maintenance/board/")
    card = f"#card-{order.pk}"

    _drag(page, card, "#column-scheduled")
    expect(page.locator("#board").get_by_role("alert")).to_contain_text(
        "Assign an active technician"
    )
    expect(page.locator(f"#column-approved {card}")).to_be_visible()

    _drag(page, card, "#column-in_progress")
    expect(page.locator(f"#column-in_progress {card}")).to_be_visible()
    expect(page.locator(".toast-note").first).to_contain_text("was started")
    order.refresh_from_db()
    assert order.status == "in_progress"


def test_a_card_is_moved_with_the_keyboard_and_on_a_phone(
    page_for: Pages, planner: Membership, scene: Scene
):
    order = _loose(scene)
    page = page_for(planner, width=390)
    page.goto("/maintenance/board/?technician=none")
    page.get_by_role("link", name="Approved 1").tap()
    page.locator(f"#card-{order.pk} summary").focus()
    page.keyboard.press("Enter")
    waits = page.get_by_label("What it waits for")
    waits.fill("A crane")
    waits.press("Enter")

    expect(page.locator(f"#column-waiting #card-{order.pk}")).to_contain_text("A crane")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_order_is_planned_by_the_dialog_and_then_by_dragging(
    page_for: Pages, planner: Membership, scene: Scene
):
    order = _loose(scene)
    page = page_for(planner)
    page.goto("/maintenance/calendar/?view=day")
    tomorrow = timezone.localdate() + timedelta(days=1)
    block = page.locator(f"[data-item='{order.pk}']")
    block.get_by_role("link", name="Plan").click()
    dialog = page.get_by_role("dialog", name="Plan a work order")
    dialog.get_by_label("Technician").select_option(str(scene.technician.pk))
    dialog.get_by_label("Day").fill(tomorrow.isoformat())
    dialog.get_by_label("Begin").fill("09:30")
    dialog.get_by_role("button", name="Plan it").click()
    expect(dialog).to_be_hidden()
    order.refresh_from_db()
    assert order.technician == scene.technician
    assert order.planned_start is not None

    page.goto(f"/maintenance/calendar/?day={tomorrow}")
    lane = f"""[data-zone*='"technician": ""'][data-zone*='{tomorrow}']"""
    _drag(page, f"[data-item='{order.pk}']", lane)
    expect(page.locator(".toast-note").first).to_contain_text("is nobody's now")
    freed = WorkOrder.objects.get(pk=order.pk)
    assert freed.technician is None
    assert freed.planned_start is None
