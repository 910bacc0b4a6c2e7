"""A chart is looked at closer: by keys, by buttons, and back to the whole."""

import datetime as dt
import math
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from assets.services.readings import ingest
from opssight.accounts.models import Membership
from tests.browser.conftest import Pages, settle
from tests.browser.test_pages import SCREENSHOTS
from tests.factories import AssetFactory, ComparisonFactory, ComparisonLineFactory, SensorFactory

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize(("look", "width"), [("desk", 1440), ("phone", 390)])
def test_zooming_asks_for_finer_readings(look: str, width: int, page_for: Pages, admin: Membership):
    asset = AssetFactory.create(organization=admin.organization, tag="P-7", name="Feed pump")
    sensor = SensorFactory.create(asset=asset, key="flow", quantity="flow", unit="m³/h")
    now = timezone.now().replace(second=0, microsecond=0)
    minutes = [m for m in range(7 * 1440) if not 4000 < m < 4300]
    ingest(
        rows=[
            (sensor.pk, now - m * MINUTE, 40 + 5 * math.sin(m / 230) + (m * 7919 % 13) / 4)
            for m in minutes
        ]
    )
    page = page_for(admin, width=width)
    page.goto(f"/assets/{asset.pk}/")
    chart = page.locator("[data-chart=series]").first
    said = page.locator(".chart-range").first
    expect(said).to_contain_text("means of 6.72 minutes")
    page.screenshot(path=SCREENSHOTS / f"{look}-chart-whole.png")

    chart.focus()
    with page.expect_request(re.compile(r"[?&]from=\d+&to=\d+")):
        for _ in range(4):
            page.keyboard.press("+")
    expect(said).to_contain_text("single readings")
    page.screenshot(path=SCREENSHOTS / f"{look}-chart-zoomed.png")
    before = said.text_content()
    page.keyboard.press("ArrowLeft")
    expect(said).not_to_contain_text("Loading")
    expect(said).not_to_have_text(before or "")
    page.get_by_text("As a table").first.click()
    expect(page.locator(".chart-table caption").first).to_contain_text("points")

    page.get_by_role("button", name="Show the whole time").first.click()
    expect(said).to_contain_text("means of 6.72 minutes")
    if width < 500:
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("look", "width", "theme"), [("desk-dark", 1440, "dark"), ("phone", 390, "light")]
)
def test_lines_of_a_comparison_are_drawn_around_their_events(
    look: str, width: int, theme: str, page_for: Pages, admin: Membership
):
    now = timezone.now().replace(second=0, microsecond=0)
    row = ComparisonFactory.create(
        organization=admin.organization,
        created_by=admin.user,
        name="Hours before a failure",
        align="event",
        minutes_before=600,
        minutes_after=120,
    )
    for number in (1, 2, 3):
        asset = AssetFactory.create(organization=admin.organization, tag=f"P-{number}")
        sensor = SensorFactory.create(asset=asset, key="vibration_de", unit="mm/s")
        event = now - number * dt.timedelta(days=3)
        ingest(
            rows=[
                (sensor.pk, event + m * MINUTE, number + math.exp(m / 90) + math.sin(m * number))
                for m in range(-700, 200)
                if not -300 < m < -240
            ]
        )
        ComparisonLineFactory.create(
            comparison=row, sensor=sensor, anchor_at=event, anchor_label="Failure: bearing"
        )
    page = page_for(admin, width=width, theme=theme)
    for name, path in (
        ("comparisons", ""),
        ("comparison-new", "new/"),
        ("comparison", f"{row.pk}/"),
    ):
        page.goto(f"/telemetry/comparisons/{path}")
        settle(page)
        if name == "comparison":
            expect(page.locator(".chart-summary")).to_contain_text("3 lines: P-1 vibration_de")
            expect(page.locator(".chart-range")).to_have_text("−10 h to +2 h")
            page.locator("[data-chart=lines]").focus()
            with page.expect_request(re.compile(r"[?&]from=-\d+&to=-?\d+")):
                page.keyboard.press("+")
            expect(page.locator(".chart-range")).to_have_text("−7 h to −1 h")
            page.keyboard.press("0")
            expect(page.locator(".chart-range")).to_have_text("−10 h to +2 h")
        page.screenshot(path=SCREENSHOTS / f"{look}-{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
