"""Chromium against a live server. Whatever a page reports as a problem fails the test."""

import os
import re
import shutil
from collections.abc import Iterator
from time import monotonic
from weakref import WeakKeyDictionary

import pytest
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from opssight.accounts.models import Membership
from tests.browser.scene import Scene, build

# Playwright's synchronous API runs an event loop in this thread, which Django takes for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
PHONE_WIDTH = 390
CALM_LOOKS = 3
"""Looks in a row, two frames apart at least, at which a page asks for nothing."""

PATIENCE = 30.0
"""Seconds. Generous: other suites may run beside these."""

TWO_FRAMES = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
_under_way: WeakKeyDictionary[Page, set[Request]] = WeakKeyDictionary()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail(
            "These tests need Chromium, which is not on the PATH."
            " Install it (Debian: apt-get install chromium) and run make test-browser again.",
            pytrace=False,
        )
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


def settle(page: Page) -> None:
    """Wait until the page has drawn and asks for nothing more.

    Playwright's own "networkidle" waits half a second each time, minutes for the whole suite.
    """
    page.wait_for_load_state("load")
    until, calm = monotonic() + PATIENCE, 0
    while calm < CALM_LOOKS and monotonic() < until:
        page.evaluate(TWO_FRAMES)
        page.wait_for_timeout(20)
        calm = 0 if _under_way[page] else calm + 1


class Pages:
    """Opens pages: `pages(planner, width=390, theme="dark")`; without a member, signed out.

    `problems` gathers errors of the console (so also of the content security policy), failed
    requests and answers from 400 on. A story that provokes an answer names it in `expected`, one
    that cuts the network sets `cut`.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        self.expected: set[int] = set()
        self.cut = False

    def __call__(
        self, member: Membership | None = None, *, width: int = 1440, theme: str = "light"
    ) -> Page:
        phone = width <= PHONE_WIDTH
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": 844 if phone else 900},
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if theme == "dark" else "light",
        )
        if member is not None:
            self.sign_in(context, member)
        self.contexts.append(context)
        return self.tab(context)

    def sign_in(self, context: BrowserContext, member: Membership) -> None:
        client = Client()
        client.force_login(member.user)
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": self.url}])

    def tab(self, context: BrowserContext) -> Page:
        """Another tab of the same sign-in."""
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        under_way = _under_way.setdefault(page, set())
        # Playwright takes no methods of a set as they are.
        page.on("request", lambda request: under_way.add(request))  # noqa: PLW0108
        page.on("requestfinished", lambda request: under_way.discard(request))  # noqa: PLW0108
        page.on("requestfailed", lambda request: under_way.discard(request))  # noqa: PLW0108
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("console", self._console)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        return page

    def _console(self, line: ConsoleMessage) -> None:
        # Also tells of files that raise no event of a response, such as the page's icon.
        provoked = any(f"status of {status} " in line.text for status in self.expected)
        provoked |= self.cut and "net::ERR_" in line.text
        if line.type == "error" and not provoked:
            self.problems.append(f"{line.text} {line.location.get('url', '')}")

    def _failed(self, request: Request) -> None:
        # Leaving a page aborts what it still asks for.
        if request.failure != "net::ERR_ABORTED" and not self.cut:
            self.problems.append(f"{request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")


@pytest.fixture
def page_for(browser: Browser, live_server: LiveServer) -> Iterator[Pages]:
    pages = Pages(browser, live_server.url)
    yield pages
    for context in pages.contexts:
        context.close()
    # htmx says the status of an answer that a story provoked.
    provoked = re.compile(rf"Response Status Error Code ({'|'.join(map(str, pages.expected))}) ")
    said = [p for p in pages.problems if not (pages.expected and provoked.search(p))]
    assert said == []


@pytest.fixture
def scene(technician: Membership) -> Scene:
    return build(technician)
