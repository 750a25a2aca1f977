"""Debian's Chromium with a page that is signed in, for benchmarks and soaks. Tests have fixtures of their own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LONGEST_MS = 60_000
"""How long a page may take for anything before it counts as stuck: much, on a machine that does other things."""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """A browser and the session with which it may ask this server."""

    browser: "Browser"
    server: Server
    state: dict[str, Any]

    def open(self, path: str = "/", *, wait: str = ".frame", **options: Any) -> "Page":
        """Return a page of a context of its own, with nothing in its cache."""
        context = self.browser.new_context(**{"storage_state": self.state, **options})
        context.set_default_timeout(LONGEST_MS)
        page = context.new_page()
        page.goto(self.server.url + path)
        page.wait_for_selector(wait)
        return page


@contextmanager
def signed_in(server: Server, *arguments: str) -> Iterator[SignedIn]:
    """Start Chromium and sign in by the log-in link, which is good once.

    Args:
        server: Whose page it will open.
        arguments: More switches of Chromium.
    """
    from playwright.sync_api import sync_playwright  # heavy, and absent on machines without a browser

    program = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(program).exists():
        raise SystemExit("there is no chromium on this machine")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=[*ARGUMENTS, *arguments])
        context = browser.new_context()
        context.set_default_timeout(LONGEST_MS)
        page = context.new_page()
        page.goto(server.login_link)
        page.wait_for_selector(".frame")
        state = dict(context.storage_state())
        context.close()  # the page that signed in would be live beside the one that is measured
        yield SignedIn(browser=browser, server=server, state=state)
        browser.close()
