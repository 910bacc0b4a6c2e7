"""Chromium against a live server. Every problem a page reports in its console fails the test."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from opssight.accounts.models import Membership

# Playwright's synchronous API runs an event loop in this thread, which Django takes for async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PageFor = Callable[..., Page]
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def _files_from_source() -> Iterator[None]:
    """The live server starts before the settings of a single test are set."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page_for(browser: Browser, live_server: LiveServer) -> Iterator[PageFor]:
    """Opens a page signed in as a member: page_for(planner, width=390, theme="dark")."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def keep_errors(line: ConsoleMessage) -> None:
        if line.type == "error":
            problems.append(line.text)

    def make(member: Membership, *, width: int = 1440, theme: str = "light") -> Page:
        client = Client()
        client.force_login(member.user)
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
        )
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", keep_errors)
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []
