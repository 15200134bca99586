"""Chromium from Debian, driven by playwright; what a page complains about fails its test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "Tests"))

from pages.fake_server import FakeServer  # noqa: E402  (the path above comes first)

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SCREENSHOTS = REPOSITORY / ".ventanilla" / "screenshots"

#: The browser itself writes these about refused requests and cut sockets; the page handles them.
EXPECTED_COMPLAINTS = ("Failed to load resource", "WebSocket connection to")


def can_sandbox() -> bool:
    """Chromium refuses its sandbox to root, and it needs a user namespace, which some containers
    forbid to everybody."""
    if os.geteuid() == 0:
        return False
    return subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode == 0


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: install Debian's package chromium")
    with sync_playwright() as playwright:
        # playwright's own default is a browser without its sandbox.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, chromium_sandbox=can_sandbox())
        yield chromium
        chromium.close()


class Windows:
    """Opens pages as separate people (one context each) and collects what they complain about."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list = []
        self.complaints: list[str] = []

    def person(self, **options) -> Callable[[], Page]:
        """A new person; each call of the result opens one more tab of theirs."""
        settings = {"viewport": {"width": 1280, "height": 720}, "locale": "en-GB", **options}
        context = self._browser.new_context(**settings)
        context.set_default_timeout(15_000)
        self._contexts.append(context)

        def tab() -> Page:
            page = context.new_page()
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("console", self._listen)
            return page

        return tab

    def _listen(self, message) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED_COMPLAINTS):
            self.complaints.append(message.text)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    opened = Windows(browser)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture
def shot() -> Callable[[Page, str], None]:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")

    return take


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.stop()
