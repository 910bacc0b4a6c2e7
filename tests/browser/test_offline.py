"""Work in a basement: without a connection nothing is lost, and nothing is done twice."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from maintenance.models import Comment, LaborEntry, WorkOrder, WorkOrderTask
from maintenance.services import answers, transitions
from maintenance.services.judging import Answer
from opssight.accounts.models import Membership
from tests.browser.conftest import Pages, settle
from tests.browser.scene import Scene
from tests.factories import WorkOrderTaskFactory

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = 390
PAGE = "/maintenance/my-work/"
IN_CHARGE = """async () => {
    const workers = navigator.serviceWorker;
    if (!workers.controller) {
        await new Promise((done) => workers.addEventListener("controllerchange", done));
    }
}"""
# What the worker sends cannot be cut from here; Firefox and Safari do without, too.
NO_BACKGROUND_SYNC = """
Object.defineProperty(ServiceWorkerRegistration.prototype, "sync", { value: undefined });
"""
KEPT = """() => new Promise((done) => {
    indexedDB.open("opssight").onsuccess = ({ target }) => {
        const keys = target.result.transaction("kept").objectStore("kept").getAllKeys();
        keys.onsuccess = () => done(keys.result);
    };
})"""


@pytest.fixture
def tasks(scene: Scene) -> dict[str, WorkOrderTask]:
    kinds: dict[str, dict[str, Any]] = {
        "guard": {"text": "Is the coupling guard in place?", "kind": "pass_fail"},
        "gap": {"text": "Clearance of the coupling", "kind": "number", "unit": "mm"},
    }
    return {
        name: WorkOrderTaskFactory.create(
            work_order=scene.order, asset=scene.pump, position=place, **values
        )
        for place, (name, values) in enumerate(kinds.items(), 1)
    }


@pytest.fixture
def phone(page_for: Pages, technician: Membership, tasks: dict[str, WorkOrderTask]) -> Page:
    """At My work, with everything stored and the service worker in charge."""
    page = page_for(technician, width=PHONE)
    page.goto(PAGE)
    page.evaluate(IN_CHARGE)
    expect(_state(page)).to_contain_text("Online")
    expect(page.get_by_role("link", name="Check for seal leak")).to_be_visible()
    settle(page)
    page_for.cut = True
    return page


def _sign_in(page: Page, pages: Pages, member: Membership) -> None:
    pages.sign_in(page.context, member)
    page.goto(PAGE)


def _state(page: Page) -> Any:
    return page.locator("#field-state")


def _open(page: Page) -> None:
    page.get_by_role("link", name="Check for seal leak").click()
    expect(page.get_by_role("heading", name="Check for seal leak")).to_be_visible()


def _pass_guard(page: Page) -> None:
    page.get_by_role("button", name="Pass", exact=True).click()
    expect(page.get_by_text("Passed (You")).to_be_visible()


def _all_sent(page: Page) -> None:
    expect(_state(page)).not_to_contain_text(re.compile("waiting|need"))
    expect(_state(page)).to_contain_text("Online")


def test_an_order_is_done_without_a_connection_and_sent_when_it_is_back(
    phone: Page, scene: Scene, tasks: dict[str, WorkOrderTask]
) -> None:
    phone.context.set_offline(True)
    # Opened anew, from the address of the order that a colleague sent.
    phone.goto(f"/maintenance/work-orders/{scene.order.pk}/")
    expect(phone.get_by_role("heading", name="Check for seal leak")).to_be_visible()
    expect(_state(phone)).to_contain_text("Offline")
    phone.get_by_role("button", name="Start work").click()
    phone.get_by_label("What was done").fill("Tightened the gland.")
    _pass_guard(phone)
    # What is typed stays while other things are done.
    expect(phone.get_by_label("What was done")).to_have_value("Tightened the gland.")
    phone.get_by_label("Answer: Clearance of the coupling").fill("4.2")
    phone.get_by_role("button", name="Save", exact=True).last.press("Enter")
    phone.get_by_label("Your comment").fill("The seal is wet.")
    phone.get_by_role("button", name="Comment", exact=True).click()
    expect(_state(phone)).to_contain_text("4 waiting")
    began = timezone.now()

    phone.reload()
    expect(_state(phone)).to_contain_text("4 waiting")
    phone.get_by_label("What was done").fill("Tightened the gland.")
    phone.get_by_role("button", name="Complete", exact=True).click()
    expect(_state(phone)).to_contain_text("5 waiting")
    phone.context.set_offline(False)
    _all_sent(phone)

    order = WorkOrder.objects.get(pk=scene.order.pk)
    assert order.status == "completed"
    assert order.started_at is not None
    assert order.started_at <= began
    assert list(order.comments.values_list("text", flat=True)) == ["The seal is wet."]
    found = dict(order.tasks.values_list("pk", "number"))
    assert found == {tasks["guard"].pk: None, tasks["gap"].pk: 4.2}


def test_an_answer_that_is_lost_after_the_server_took_it_is_not_taken_twice(
    phone: Page, page_for: Pages, scene: Scene
) -> None:
    killed: list[int] = []
    is_cut = True

    def kill(route: Route) -> None:
        answer = route.fetch()
        if is_cut:
            killed.append(answer.status)
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    phone.add_init_script(NO_BACKGROUND_SYNC)
    phone.reload()

    phone.context.route("**/api/maintenance/labor-entries/", kill)
    _open(phone)
    phone.get_by_role("button", name="Start work").click()
    phone.get_by_text("Write down time").click()
    phone.get_by_label("Minutes").fill("35")
    phone.locator("details[open]").get_by_role("button", name="Save").click()
    expect(_state(phone)).to_contain_text("Offline since")
    assert set(killed) == {201}
    expect(_state(phone)).to_contain_text("1 waiting")

    is_cut = False
    phone.reload()
    _all_sent(phone)

    assert LaborEntry.objects.get().minutes == 35


def test_what_the_server_refuses_is_kept_and_shown_with_what_to_do(
    phone: Page, page_for: Pages, scene: Scene, planner: Membership
) -> None:
    page_for.expected |= {409}
    phone.context.set_offline(True)
    _open(phone)
    phone.get_by_role("button", name="Start work").click()
    _pass_guard(phone)
    transitions.cancel(work_order=scene.order, by=planner.user, at=timezone.now())
    phone.context.set_offline(False)

    expect(_state(phone)).to_contain_text("1 needs you")
    _state(phone).get_by_role("link", name="Show").click()
    expect(phone.get_by_text("cancelled cannot become in progress")).to_be_visible()
    expect(phone.get_by_text("Waits for the one above it.")).to_be_visible()
    for left in (1, 0):
        phone.get_by_role("button", name="Delete").first.click()
        phone.get_by_role("dialog").get_by_role("button", name="Delete").click()
        if left:
            expect(phone.get_by_role("button", name="Delete")).to_have_count(1)
    expect(phone.get_by_text("Everything is sent.")).to_be_visible()


def test_two_answers_to_one_task_stand_side_by_side_and_the_other_is_kept_in_a_comment(
    phone: Page,
    page_for: Pages,
    scene: Scene,
    tasks: dict[str, WorkOrderTask],
    planner: Membership,
) -> None:
    page_for.expected |= {409}
    _open(phone)
    phone.get_by_role("button", name="Start work").click()
    expect(phone.get_by_role("button", name="Pass", exact=True)).to_be_visible()
    _all_sent(phone)
    phone.context.set_offline(True)
    phone.get_by_label("Answer: Clearance of the coupling").fill("4.6")
    phone.get_by_role("button", name="Save", exact=True).last.press("Enter")
    expect(_state(phone)).to_contain_text("1 waiting")
    answers.answer(task=tasks["gap"], given=Answer(number=4.2), by=planner.user, at=timezone.now())
    phone.context.set_offline(False)

    expect(_state(phone)).to_contain_text("1 needs you")
    _state(phone).get_by_role("link", name="Show").click()
    expect(phone.get_by_text("4.6 mm", exact=True)).to_be_visible()
    expect(phone.get_by_text("4.2 mm", exact=True)).to_be_visible()
    phone.get_by_role("button", name="Use mine").click()
    _all_sent(phone)

    tasks["gap"].refresh_from_db()
    assert tasks["gap"].number == 4.6
    assert "replaces what planner found: 4.2 mm" in Comment.objects.get().text


def test_nobody_else_sees_on_the_phone_what_was_stored_and_what_waits_is_not_lost(
    phone: Page, page_for: Pages, technician: Membership, planner: Membership
) -> None:
    phone.context.set_offline(True)
    _open(phone)
    phone.get_by_label("Your comment").fill("Only mine.")
    phone.get_by_role("button", name="Comment", exact=True).click()
    expect(_state(phone)).to_contain_text("1 waiting")
    phone.route("**/api/**", lambda route: route.abort())
    phone.context.set_offline(False)
    phone.get_by_role("button", name="Sign out").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(phone.get_by_label("Password")).to_be_visible()
    settle(phone)
    phone.context.set_offline(True)
    phone.goto(PAGE)
    expect(phone.get_by_role("heading", name="No connection")).to_be_visible()
    assert "stored" not in phone.evaluate(KEPT)

    phone.unroute_all()
    phone.context.set_offline(False)
    _sign_in(phone, page_for, planner)
    expect(_state(phone)).to_contain_text("0 orders, stored")
    expect(_state(phone)).not_to_contain_text("waiting")
    _sign_in(phone, page_for, technician)
    expect(phone.get_by_role("link", name="Check for seal leak")).to_be_visible()
    _all_sent(phone)
    assert Comment.objects.get().text == "Only mine."
