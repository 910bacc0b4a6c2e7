"""A technician works through a checklist on a phone, and with the keyboard alone."""

import os
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from maintenance.models import JobPlan, WorkOrder
from maintenance.services import plans
from opssight.accounts.models import Membership
from tests.browser.conftest import Pages
from tests.browser.scene import Scene
from tests.factories import (
    JobPlanFactory,
    JobPlanPartFactory,
    JobPlanTaskFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
TASKS: tuple[dict[str, Any], ...] = (
    {"text": "Is the coupling guard in place?", "kind": "pass_fail", "opens_corrective": True},
    {"text": "Grease the bearings", "kind": "check"},
    {"text": "Discharge pressure", "kind": "number", "unit": "bar", "low": 4, "high": 8},
    {"text": "Vibration at the drive end", "kind": "reading"},
    {"text": "What does the oil look like?", "kind": "text", "is_required": False},
    {"text": "The nameplate", "kind": "photo", "is_required": False},
)
SHOTS = os.environ.get("SHOTS", "")


@pytest.fixture
def plan(technician: Membership, scene: Scene) -> JobPlan:
    plan: JobPlan = JobPlanFactory.create(
        organization=technician.organization,
        code="PM-12",
        title="Inspect the pump",
        skills=["mechanical"],
        permits=["hot work"],
        safety_notes="Keep clear of the coupling.",
        estimated_minutes=45,
    )
    for place, task in enumerate(TASKS, start=1):
        key = scene.sensor.key if task["kind"] == "reading" else ""
        JobPlanTaskFactory.create(job_plan=plan, position=place, sensor_key=key, **task)
    JobPlanPartFactory.create(job_plan=plan)
    return plan


@pytest.fixture
def order(scene: Scene, plan: JobPlan) -> WorkOrder:
    now = timezone.now()
    order: WorkOrder = WorkOrderFactory.create(
        asset=scene.pump,
        title="Inspect the pump",
        technician=scene.technician,
        status="in_progress",
        started_at=now,
        due_at=now,
        created_at=now,
    )
    return plans.apply(work_order=order, plan=plan, at=now)


def _task(page: Page, text: str) -> Locator:
    return page.locator(".task", has_text=text)


def _shoot(page: Page, name: str) -> None:
    """A picture for who looks at the pages; nothing in a usual run."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def _no_overflow(page: Page) -> None:
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not page.evaluate(wide)


def test_a_technician_answers_with_one_hand(
    page_for: Pages, technician: Membership, order: WorkOrder
) -> None:
    page = page_for(technician, width=390)
    page.goto(order.get_absolute_url())
    progress = page.locator("#order-tasks-progress")
    expect(progress).to_contain_text("0 of 6")
    for button in page.locator("#order-tasks .task-form > .task-buttons > .btn").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44

    _task(page, "coupling guard").get_by_role("button", name="Fail").tap()
    expect(_task(page, "coupling guard")).to_contain_text("was opened to repair it")
    expect(progress).to_contain_text("1 failed")
    _task(page, "Grease").get_by_role("button", name="Done", exact=True).tap()
    expect(progress).to_contain_text("2 of 6")
    pressure = _task(page, "Discharge pressure")
    pressure.get_by_role("spinbutton").fill("9.5")
    pressure.get_by_role("button", name="Save", exact=True).tap()
    expect(pressure).to_contain_text("Failed")
    expect(progress).to_contain_text("3 of 6")
    _no_overflow(page)
    _shoot(page, "phone-checklist")

    assert WorkOrder.objects.filter(follows=order).count() == 1


def test_the_keyboard_is_enough(
    page_for: Pages, technician: Membership, order: WorkOrder, scene: Scene
) -> None:
    page = page_for(technician, theme="dark")
    page.goto(order.get_absolute_url())
    vibration = _task(page, "Vibration")

    vibration.get_by_role("spinbutton").focus()
    page.keyboard.type("2.4")
    page.keyboard.press("Enter")
    expect(vibration).to_contain_text("Passed")
    again = vibration.get_by_role("button", name="Read again")
    expect(again).to_be_focused()
    page.keyboard.press("Tab")
    expect(vibration.get_by_role("button", name="Correct it")).to_be_focused()
    guard = _task(page, "coupling guard")
    guard.get_by_role("button", name="Pass").focus()
    page.keyboard.press("Enter")
    expect(guard.get_by_role("button", name="Pass")).to_have_attribute("aria-pressed", "true")
    expect(guard.get_by_role("button", name="Pass")).to_be_focused()
    _shoot(page, "desk-dark-checklist")

    assert scene.sensor.readings.filter(value=2.4).count() == 1


def test_what_is_wrong_is_said_at_the_task(
    page_for: Pages, technician: Membership, order: WorkOrder
) -> None:
    page = page_for(technician)
    page_for.expected.add(422)
    page.goto(order.get_absolute_url())
    pressure = _task(page, "Discharge pressure")

    pressure.get_by_role("button", name="Save", exact=True).click()

    expect(pressure.get_by_role("alert")).to_contain_text("Give a number")
    expect(pressure.get_by_role("spinbutton")).to_be_focused()
    _shoot(page, "desk-checklist")


def test_a_planner_writes_a_job_plan(page_for: Pages, planner: Membership, plan: JobPlan) -> None:
    page = page_for(planner)
    page.goto("/maintenance/job-plans/")
    _shoot(page, "desk-plans")
    page.get_by_role("link", name="Inspect the pump").click()
    page.get_by_text("Add a task").click()
    page.get_by_label("What is to be done or checked").fill("Close the isolating valve")
    page.get_by_role("button", name="Add the task").click()
    added = page.locator("#plan-tasks .task", has_text="Close the isolating valve")
    expect(added).to_contain_text("7.")
    added.get_by_role("button", name="Move up").click()
    expect(added).to_contain_text("6.")
    expect(added.get_by_role("button", name="Move up")).to_be_focused()
    _shoot(page, "desk-plan")

    phone = page_for(planner, width=390, theme="dark")
    phone.goto(plan.get_absolute_url())
    _no_overflow(phone)
    _shoot(phone, "phone-dark-plan")
    phone.goto(f"{plan.get_absolute_url()}edit/")
    _no_overflow(phone)
    _shoot(phone, "phone-dark-plan-edit")
