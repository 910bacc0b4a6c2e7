"""Every page, at both widths and in both themes: clean, inside its width, and kept as a picture."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from opssight.accounts.models import Membership
from tests.browser.conftest import Pages, settle
from tests.browser.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
PAGES = {
    "dashboard": "/",
    "assets": "/assets/",
    "asset": "/assets/{pump}/",
    "anomalies": "/anomalies/",
    "anomaly": "/anomalies/{anomaly}/",
    "sensor-watched": "/anomalies/sensors/{sensor}/",
    "limits": "/anomalies/sensors/{sensor}/limits/",
    "limit-templates": "/anomalies/limit-templates/",
    "limit-template": "/anomalies/limit-templates/{template}/",
    "data-quality": "/telemetry/quality/?state=all",
    "comparisons": "/telemetry/comparisons/",
    "comparison-new": "/telemetry/comparisons/new/",
    "unmapped": "/telemetry/unmapped/",
    "signals": "/telemetry/signals/",
    "signal-new": "/telemetry/signals/new/",
    "telemetry-rules": "/telemetry/rules/",
    "risk": "/risk/",
    "recommendations": "/maintenance/recommendations/",
    "recommendation": "/maintenance/recommendations/{recommendation}/",
    "work-orders": "/maintenance/work-orders/",
    "work-order": "/maintenance/work-orders/{order}/",
    "work-order-done": "/maintenance/work-orders/{done}/",
    "work-order-new": "/maintenance/work-orders/new/",
    "work-order-people": "/maintenance/work-orders/{order}/people/",
    "work-orders-assign": "/maintenance/work-orders/assign/?order={order}",
    "work-orders-suggest": "/maintenance/work-orders/suggest/?order={order}",
    "board": "/maintenance/board/",
    "calendar": "/maintenance/calendar/",
    "calendar-month": "/maintenance/calendar/?view=month",
    "history": "/maintenance/history/",
    "notifications": "/notifications/",
    "webhooks": "/notifications/webhooks/",
    "webhook": "/notifications/webhooks/{webhook}/",
    "webhook-new": "/notifications/webhooks/new/",
    "webhook-delivery": "/notifications/webhooks/deliveries/{delivery}/",
    "admin": "/admin/",
    "admin-schedules": "/admin/maintenance/maintenanceschedule/",
    "admin-schedule": "/admin/maintenance/maintenanceschedule/{schedule}/change/",
    "admin-order": "/admin/maintenance/workorder/{order}/change/",
    "admin-sensor": "/admin/assets/sensor/{sensor}/change/",
}
ROWS = (
    "pump",
    "anomaly",
    "recommendation",
    "order",
    "done",
    "schedule",
    "sensor",
    "template",
    "webhook",
    "delivery",
)
# At once: a smooth one takes up to a second, and its promise is waited for.
SCROLL = "(top) => { scrollTo({ top, behavior: 'instant' }); }"
LOOKS = [("desk", 1440, "light"), ("desk-dark", 1440, "dark"), ("phone", 390, "light")]


@pytest.mark.parametrize(("look", "width", "theme"), LOOKS, ids=[look for look, *_ in LOOKS])
def test_every_page_is_clean(
    look: str, width: int, theme: str, page_for: Pages, admin: Membership, scene: Scene
):
    page = page_for(admin, width=width, theme=theme)
    SCREENSHOTS.mkdir(exist_ok=True)
    keys = {name: getattr(scene, name).pk for name in ROWS}
    too_wide = []
    for name, path in PAGES.items():
        page.goto(path.format(**keys))
        settle(page)
        # Charts are drawn when they come into view.
        page.evaluate(SCROLL, 1e6)
        settle(page)
        page.evaluate(SCROLL, 0)
        page.screenshot(path=SCREENSHOTS / f"{look}-{name}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            too_wide.append(name)
    assert too_wide == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_page_that_does_not_exist_says_where_to_go(
    width: int, page_for: Pages, admin: Membership
):
    page_for.expected.add(404)
    page = page_for(admin, width=width)
    page.goto("/assets/999999/")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("main").get_by_role("link").count() > 0


def test_the_sign_in_is_clean(page_for: Pages):
    SCREENSHOTS.mkdir(exist_ok=True)
    for look, width, theme in LOOKS:
        page = page_for(width=width, theme=theme)
        page.goto("/")
        expect(page.get_by_label("User name or e-mail")).to_be_visible()
        page.screenshot(path=SCREENSHOTS / f"{look}-login.png", full_page=True)
