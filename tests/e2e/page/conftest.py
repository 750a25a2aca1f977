"""A real server, a real Chromium, and a page that is signed in; what the browser complains of is collected."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.chromium import ARGUMENTS, LONGEST_MS
from helpers.server import Server, eventually, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
STATIC = Path(__file__).parents[3] / "src" / "barograph" / "web" / "static"
WHOLE = """() => document.querySelectorAll('figure[data-track]').length >= 6
    && document.querySelectorAll('[data-tile]').length === 6"""
"""The Overview has what it always has: its code and its series come after the frame."""
# a request that the test itself made fail is no complaint of the page
EXPECTED = ("net::ERR_CONNECTION_REFUSED", "net::ERR_EMPTY_RESPONSE", "net::ERR_INCOMPLETE_CHUNKED_ENCODING")


# a module at a time: Playwright's loop stays in this thread while it runs, and other tests have loops of their own
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("the Python package playwright is not installed")
    if not Path(CHROMIUM).exists():
        pytest.skip("there is no chromium on this machine")
    if not (STATIC / "index.html").exists():
        pytest.skip("the page is not built: run tools/build_page.py")
    from playwright.sync_api import sync_playwright  # heavy, and absent on machines without a browser

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def server(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    del browser  # where there is none, nothing need be started
    with serving(tmp_path_factory.mktemp("page") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def sign_in(
    browser: "Browser", server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., "BrowserContext"]:
    """Make a context with the session that the log-in link opens; the link is good once, its session for all."""
    state = tmp_path_factory.mktemp("session") / "state.json"

    def make(**options: object) -> "BrowserContext":
        if state.exists():
            options = {"storage_state": str(state), **options}
        context = browser.new_context(**options)  # type: ignore[arg-type]  # keyword arguments, passed on
        context.set_default_timeout(LONGEST_MS)
        if "storage_state" in options:
            return context
        page = context.new_page()
        page.goto(server.login_link)
        page.wait_for_selector("text=Recorder")
        context.storage_state(path=str(state))
        page.close()
        return context

    return make


@pytest.fixture
def complaints() -> list[str]:
    """What the browser said of the page: requests that failed, and what the content security policy stopped."""
    return []


@pytest.fixture
def mistakes() -> Iterator[list[str]]:
    """Errors of the page's scripts: whatever a test does to it, there are none."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def open_page(
    sign_in: Callable[..., "BrowserContext"], server: Server, complaints: list[str], mistakes: list[str]
) -> Iterator[Callable[..., "Page"]]:
    contexts: list[BrowserContext] = []

    def make(path: str = "/", **options: object) -> "Page":
        context = sign_in(**{"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.on("console", lambda message: complaints.append(_said(message)) if message.type == "error" else None)
        page.goto(server.url + path)
        page.wait_for_selector(".host[data-state=live]")
        if path.partition("?")[0] == "/":
            page.wait_for_function(WHOLE)
        return page

    yield make
    for context in contexts:
        context.close()


def _said(message: "ConsoleMessage") -> str:
    return f"{message.text} ({message.location.get('url', '')})"


def unexpected(complaints: list[str]) -> list[str]:
    """The complaints that are none of the test's own making."""
    return [said for said in complaints if not any(known in said for known in EXPECTED)]


@pytest.fixture
def calm(complaints: list[str]) -> Iterator[None]:
    """The test ends without an unexpected complaint of the browser."""
    yield
    assert unexpected(complaints) == []


@pytest.fixture
def soon() -> Callable[..., object]:
    """Ask until the answer is true."""
    return eventually
