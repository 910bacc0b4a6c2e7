"""What people do with OpsSight, from the sign-in to the proof."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from maintenance.models import MaintenanceSchedule, Recommendation, WorkOrder
from maintenance.services import requests
from opssight.accounts.models import Membership
from tests.browser.conftest import Pages, settle
from tests.browser.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse battery staple"


def sign_in(page: Page, member: Membership) -> None:
    member.user.set_password(PASSWORD)
    member.user.save()
    page.goto("/")
    page.get_by_label("User name or e-mail").fill(member.user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#main")).to_be_visible()


def test_a_technician_does_the_work_on_a_phone(
    page_for: Pages, technician: Membership, scene: Scene
):
    page = page_for(width=390)
    sign_in(page, technician)
    page.goto("/maintenance/work-orders/?status=mine")
    page.locator("#work-order-list").get_by_role("link", name=scene.order.title).tap()

    page.get_by_role("button", name="Start work").tap()
    expect(page.locator("#work-order")).to_contain_text("In progress")
    second = page_for.tab(page.context)
    second.goto(page.url)

    page.get_by_label("False alarm").check()
    page.get_by_label("What was done").fill("Looked at the seal: dry.")
    page.get_by_label("Labor, minutes").fill("25")
    complete = page.get_by_role("button", name="Complete the work order")
    # Where a thumb reaches it, and not below the bar at the top.
    complete.evaluate("button => button.scrollIntoView({ block: 'center' })")
    complete.tap()
    expect(page.locator("#work-order")).to_contain_text("Looked at the seal: dry.")
    expect(page.locator("#work-order")).to_contain_text("False alarm")

    page.goto("/maintenance/history/")
    expect(page.locator("#history-list")).to_contain_text("Check for seal leak")

    page_for.expected.add(409)
    second.get_by_role("button", name="Complete the work order").tap()
    expect(second.get_by_role("alert").first).to_be_visible()
    expect(second.locator("#work-order")).to_contain_text("Looked at the seal: dry.")
    assert scene.order.records.get().labor_minutes == 25


def test_a_planner_turns_advice_into_work(
    page_for: Pages, planner: Membership, technician: Membership, scene: Scene
):
    page = page_for()
    sign_in(page, planner)
    page.locator("#sidebar").get_by_role("link", name="Recommendations").click()
    page.get_by_role("link", name="Bearing wear").click()
    due = timezone.localdate() + timedelta(days=2)
    page.get_by_label("Due").fill(due.isoformat())
    page.get_by_label("Technician").select_option(label=f"{technician.user} (bearings, alignment)")
    page.get_by_role("button", name="Accept and make the work order").click()

    expect(page).to_have_url(re.compile(r"/maintenance/work-orders/\d+/"))
    order = WorkOrder.objects.get(recommendation=scene.recommendation)
    expect(page.locator("main")).to_contain_text(order.number)
    assert order.technician == scene.technician
    assert timezone.localtime(order.due_at, planner.organization.zone).date() == due

    for member in (planner, technician):
        panel = page_for(member)
        panel.goto("/")
        panel.get_by_label("Notifications").first.click()
        note = panel.locator("#notification-panel").get_by_text(order.number)
        expect(note.first).to_be_visible()


def test_a_planner_dismisses_advice_with_a_reason(
    page_for: Pages, planner: Membership, scene: Scene
):
    page = page_for(planner)
    page.goto(scene.dismissible.get_absolute_url())
    page.get_by_text("Dismiss it instead").click()
    page.get_by_label("Reason").fill("Blades were cleaned yesterday.")
    page.get_by_role("button", name="Dismiss the recommendation").click()

    expect(page.locator("#decision")).to_contain_text("Blades were cleaned yesterday.")
    scene.dismissible.refresh_from_db()
    assert scene.dismissible.status == Recommendation.Status.DISMISSED


def test_an_asset_is_found_and_the_list_sorted(page_for: Pages, planner: Membership, scene: Scene):
    page = page_for(planner)
    page.goto("/assets/")
    tags = page.locator("#asset-list .asset-tag")
    expect(tags).to_have_count(2)
    page.get_by_role("link", name=re.compile("^Asset")).and_(page.locator("th a")).click()
    page.wait_for_url(re.compile("sort|order"))
    before = tags.all_inner_texts()
    page.get_by_role("link", name=re.compile("^Asset")).and_(page.locator("th a")).click()
    expect(tags.first).to_have_text(before[-1])

    search = page.get_by_label("Search tag, name or category")
    search.press_sequentially("feed pump")
    expect(tags).to_have_text(["P-101A"])
    expect(search).to_have_value("feed pump")
    expect(search).to_be_focused()
    tags.first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("P-101A")


def test_the_chart_shows_readings_anomaly_and_forecast(
    page_for: Pages, planner: Membership, scene: Scene
):
    page = page_for(planner)
    with page.expect_response(re.compile(f"sensors?/{scene.sensor.pk}")) as answered:
        page.goto(scene.pump.get_absolute_url())
        page.locator("[data-chart=series]").first.scroll_into_view_if_needed()
    expect(page.locator("[data-chart=series] canvas").first).to_be_visible()
    summary = page.locator("figure:has([data-chart=series]) .chart-summary").first
    expect(summary).to_contain_text("anomaly")
    expect(summary).to_contain_text("Forecast for")
    data = answered.value.json()
    assert len(data["points"]) > 100
    assert len(data["anomalies"]) == 1
    assert len(data["forecast"]["points"]) == 48


def test_work_is_completed_with_the_keyboard_alone(
    page_for: Pages, technician: Membership, scene: Scene
):
    page = page_for(technician)
    page.goto(scene.order.get_absolute_url())

    def tab_to(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.locator("*:focus")
            if focused.count() and name in focused.evaluate(
                "e => (e.labels?.[0] ?? e).textContent.trim()"
            ):
                return
        pytest.fail(f"The Tab key does not reach {name!r}.")

    tab_to("Start work")
    page.keyboard.press("Enter")
    expect(page.locator("#work-order")).to_contain_text("In progress")
    tab_to("Confirmed")
    page.keyboard.press("ArrowDown")
    tab_to("What was done")
    page.keyboard.type("Seal replaced.")
    tab_to("Complete the work order")
    page.keyboard.press("Enter")

    expect(page.locator("#work-order")).to_contain_text("Seal replaced.")
    assert scene.order.records.get().verdict == "false_alarm"
    focus = page.locator("*:focus")
    expect(focus).to_be_visible()


def test_a_refused_form_leads_to_its_first_error(
    page_for: Pages, technician: Membership, scene: Scene
):
    WorkOrder.objects.filter(pk=scene.order.pk).update(
        status="in_progress", started_at=timezone.now()
    )
    page = page_for(technician)
    page_for.expected.add(422)
    page.goto(scene.order.get_absolute_url())
    # What a browser without its own validation would send.
    report = page.locator("form", has=page.get_by_label("Labor, minutes"))
    report.evaluate("form => { form.noValidate = true }")
    page.get_by_label("False alarm").check()
    page.get_by_label("Labor, minutes").fill("-5")
    page.get_by_role("button", name="Complete the work order").click()

    expect(page.locator(".field-error").first).to_be_visible()
    expect(page.get_by_label("Labor, minutes")).to_be_focused()
    expect(page.get_by_label("Labor, minutes")).to_have_value("-5")
    assert not scene.order.records.exists()


def test_an_admin_changes_a_schedule(page_for: Pages, admin: Membership, scene: Scene):
    page = page_for(admin)
    page.goto("/admin/maintenance/maintenanceschedule/")
    page.get_by_role("link", name="Grease bearings").click()
    page.get_by_label("Every").fill("10")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert MaintenanceSchedule.objects.get(pk=scene.schedule.pk).every == 10


def test_an_admin_opens_a_schedule_on_a_phone(page_for: Pages, admin: Membership, scene: Scene):
    page = page_for(admin, width=390)
    page.goto(f"/admin/maintenance/maintenanceschedule/{scene.schedule.pk}/change/")

    expect(page.get_by_label("Every")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_viewer_is_offered_nothing_to_change(page_for: Pages, viewer: Membership, scene: Scene):
    page = page_for(viewer)
    for row in (scene.pump, scene.recommendation, scene.order, scene.anomaly):
        page.goto(row.get_absolute_url())
        expect(page.locator("#main")).to_be_visible()
        settle(page)
        assert page.locator("#main form[method=post]").count() == 0, row
        assert page.locator("#main button[type=submit]").count() == 0, row
    assert page.get_by_role("link", name="Admin", exact=True).count() == 0


def test_somebody_at_the_machine_reports_without_an_account(
    page_for: Pages, planner: Membership, scene: Scene
):
    point = requests.open_point(asset=scene.order.asset)
    page = page_for(width=390)
    page.goto(point.get_absolute_url())
    page.wait_for_timeout(3200)  # a person needs longer than a program
    page.get_by_label("What is wrong?").fill("It drips oil")
    page.get_by_label("The machine stands still").check()
    page.get_by_role("button", name="Send the report").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. A planner looks at it.")

    desk = page_for()
    sign_in(desk, planner)
    desk.goto("/maintenance/requests/")
    desk.get_by_role("link", name="It drips oil").click()
    desk.get_by_label("Due").fill((timezone.localdate() + timedelta(days=1)).isoformat())
    desk.get_by_role("button", name="Accept: make the work order").click()
    desk.wait_for_url("**/maintenance/work-orders/*/")
    expect(desk.get_by_role("heading", level=1)).to_have_text("It drips oil")

    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Work is planned")
