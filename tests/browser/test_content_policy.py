"""No page breaks its own content security policy, and no code that is slipped into one runs."""

import sys

import pytest
from django.urls import reverse
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route

from opssight.accounts.models import Membership
from tests.browser.conftest import Pages, settle
from tests.browser.scene import Scene
from tests.browser.test_pages import PAGES, ROWS
from tests.core.test_admin import MAKERS, NEVER_ADDED
from tests.security.routes import pages_without_arguments

pytestmark = pytest.mark.django_db(transaction=True)

# Each refused style or script is an event, also where the console stays silent.
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => window.refused.push(
  `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
INJECTED = """
<script>window.hacked = "script"</script>
<img src="/none" onerror="window.hacked = 'attribute'">
<svg onload="window.hacked = 'svg'"></svg>
<a id="link" href="javascript:window.hacked='link'">x</a>
<iframe srcdoc="<script>parent.hacked = 'frame'</script>"></iframe>
<base href="https://evil.example/">
</body>
"""


@pytest.fixture(autouse=True)
def _as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unfold colors JSON with styles where Pygments, which only the tests bring, is installed."""
    monkeypatch.setitem(sys.modules, "pygments", None)


ENDS_THE_VISIT = ("logout", "health", "jsi18n", "favicon", "schema", "static")


def test_no_page_breaks_its_policy(page_for: Pages, admin: Membership, scene: Scene) -> None:
    page_for.expected |= {400, 401, 403, 404, 405, 410}
    page = page_for(admin)
    page.add_init_script(WATCH)
    keys = {name: getattr(scene, name).pk for name in ROWS}
    paths = {path.format(**keys) for path in PAGES.values()} | {"/api/docs", "/api/redoc", "/none"}
    paths |= {
        path
        for path in pages_without_arguments()
        if not any(word in path for word in ENDS_THE_VISIT)
    }
    refused = {path: found for path in sorted(paths) if (found := _visit(page, path))}

    assert refused == {}
    # Chromium's word for an answer without a body, such as 405.
    page_for.problems[:] = [p for p in page_for.problems if "RESPONSE_CODE_FAILURE" not in p]


@pytest.mark.parametrize("label", sorted(MAKERS))
def test_no_form_of_the_admin_breaks_its_policy(
    label: str, page_for: Pages, admin: Membership
) -> None:
    row = MAKERS[label](admin)
    page = page_for(admin)
    page.add_init_script(WATCH)
    name = f"admin:{label.lower().replace('.', '_')}"
    paths = [reverse(f"{name}_{view}", args=[row.pk]) for view in ("change", "history")]
    paths += [reverse(f"{name}_add")] * (label not in NEVER_ADDED)
    refused = {path: found for path in paths if (found := _visit(page, path))}
    page.goto(reverse(f"{name}_changelist"))
    box = page.locator("input.action-select").first
    if box.count():
        # Choosing a row shows the bar of actions, which Alpine gives a width.
        box.check()
    refused["list"] = page.evaluate("window.refused")

    assert refused == {"list": []}


@pytest.mark.parametrize("path", ["/", "/assets/", "/admin/", "/api/docs", "/login/", "/none"])
def test_code_that_is_slipped_into_a_page_does_not_run(
    path: str, page_for: Pages, admin: Membership
) -> None:
    page = page_for(admin if path != "/login/" else None)

    def inject(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace("</body>", INJECTED)
        assert INJECTED in body
        route.fulfill(response=answer, body=body)

    page.route(f"{page_for.url}{path}", inject)
    page.goto(path)
    page.evaluate("document.getElementById('link').click()")
    page.wait_for_timeout(300)

    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.baseURI").startswith(page_for.url)
    assert any("Content Security Policy" in problem for problem in page_for.problems)
    page_for.problems.clear()


def _visit(page: Page, path: str) -> list[str]:
    try:
        page.goto(path)
    except PlaywrightError:  # an answer without a page, such as 405
        return []
    settle(page)
    found: list[str] = page.evaluate("window.refused || []")
    return found
