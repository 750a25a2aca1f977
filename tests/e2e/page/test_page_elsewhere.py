"""States of hosts that this one is not: not collected yet, not heard for a while, or of a kernel that tells less."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from barograph.model.clock import SystemClock
from helpers.chromium import LONGEST_MS
from helpers.page import listen_to_bar, told_by_bar
from helpers.server import Server, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e
_SLOW_S = 600


@contextmanager
def _at(browser: "Browser", server: Server) -> Iterator["Page"]:
    """Open the page of a server that need not be ready."""
    try:
        link = eventually(lambda: server.login_link if (server.data / "login-link").exists() else None, 60, "a link")
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(LONGEST_MS)
        page = context.new_page()
        eventually(lambda: server.get("/-/healthy", token=None).status == 200, 30, "an answer")
        page.goto(link)
        yield page
        context.close()
    finally:
        server.kill()


def _ticks(server: Server) -> bool:
    return bool(server.get("/api/barograph/v1/status").json()["data"]["tick_ms"])


def test_before_the_first_second_names_and_axes_are_there(
    browser: "Browser", tmp_path: Path, soon: Callable[..., Any]
) -> None:
    # each tenth minute is collected: the page must be there before the next one is, on a busy machine too
    left_s = _SLOW_S - SystemClock().now_s() % _SLOW_S
    if left_s < 90:
        time.sleep(left_s)
    server = Server(tmp_path / "data", "--interval", f"{_SLOW_S}s")
    with _at(browser, server) as page:
        words = page.get_by_text("Collecting. The first second arrives now.")
        soon(lambda: words.count() > 0, 60, "the words")
        assert page.get_by_role("figure", name="CPU").count() >= 1
        assert page.locator("[data-tile]").count() == 6
        # the server's own series come each tenth second, and are no second of the host
        soon(lambda: _ticks(server), 60, "a tick")
        page.wait_for_timeout(1500)
        assert words.count() > 0
        assert page.locator(".host").get_attribute("data-state") == "starting"


PAINTED = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(Math.floor(0.8 * width), 0, Math.floor(0.2 * width), height);
  let painted = 0;
  for (let at = 3; at < data.length; at += 4) painted += data[at] > 0 ? 1 : 0;
  return painted / (data.length / 4);
}"""
"""Which part of the plot's last fifth is drawn on."""
_LINES = 0.08
"""What an axis' lines are of it at most; a hatched field is twice as much."""


def test_a_gap_that_ends_after_the_view_is_hatched_and_has_its_reason(
    browser: "Browser", tmp_path: Path, soon: Callable[..., Any]
) -> None:
    before = Server(tmp_path / "data").wait_ready()
    eventually(lambda: before.query("count_over_time(up[5s]) > 3") or None, 30, "some seconds")
    before.stop()
    time.sleep(8)
    again = Server(tmp_path / "data").wait_ready()
    with _at(browser, again) as page:
        told = "async () => (await (await fetch('/api/barograph/v1/events')).json()).data.events"

        def started_again() -> dict[str, Any] | None:
            # a busy machine has other gaps, of a tick
            return next((one for one in page.evaluate(told) if one["kind"] == "start" and one["missing"] > 0), None)

        gap = eventually(started_again, 30, "the gap")
        page.goto(f"{again.url}/?from={gap['until'] - gap['missing'] - 4:.0f}&to={gap['until'] - 2:.0f}")
        canvas = page.locator("figure[data-track=memory] canvas")
        soon(lambda: canvas.evaluate(PAINTED) > _LINES, 30, "a hatched field")
        there = "/^no data, .* to .*: Barograph was started again$/.test(document.querySelector('.hint').textContent)"

        def pointed() -> bool:
            plot = page.locator("figure[data-track=cpu] [data-plot]").bounding_box()
            assert plot is not None
            page.mouse.move(plot["x"] + plot["width"] - 40, plot["y"] + 40)
            return bool(page.evaluate(there))

        soon(pointed, 30, "the reason under the pointer")


def test_a_page_that_stays_open_over_a_restart_goes_on_and_says_why_there_is_a_gap(
    browser: "Browser", tmp_path: Path, soon: Callable[..., Any]
) -> None:
    before = Server(tmp_path / "data").wait_ready()
    address = before.url.removeprefix("http://")
    with _at(browser, before) as page:
        page.wait_for_selector(".host[data-state=live]")
        page.wait_for_timeout(5000)
        listen_to_bar(page)
        before.stop()
        lost = "Not connected to Barograph. Trying again"
        soon(lambda: told_by_bar(page, lost), 30, "the words of a lost connection")
        soon(lambda: told_by_bar(page, "Showing data until"), 30, "since when")
        time.sleep(6)
        again = Server(tmp_path / "data", "--listen", address)
        try:
            again.wait_ready()
            # for three seconds only
            soon(lambda: told_by_bar(page, "caught up"), 60, "the words of what was read")
            page.wait_for_selector(".host[data-state=live]")
            # the pointer goes back by key, second by second, over what was not heard
            reason = "() => /^no data, .* to .*: Barograph was started again$/"
            there = f"{reason}.test(document.querySelector('.hint').textContent)"

            def over_the_gap() -> bool:
                # a busy machine has other gaps, of a tick; and the reason is known a little after the gap itself
                page.keyboard.press("Escape")
                for _ in range(150):
                    page.keyboard.press("ArrowLeft")
                    page.wait_for_timeout(100)
                    if page.evaluate(there):
                        return True
                return False

            soon(over_the_gap, 90, "the gap under the pointer, and its reason")
            # and what was there before the gap is there still
            figures = page.locator("figure[data-track=cpu] .column")

            def earlier() -> bool:
                page.keyboard.press("ArrowLeft")
                return "no data" not in figures.inner_text()

            soon(earlier, 30, "figures of before")
        finally:
            again.kill()


def test_a_kernel_without_pressure_has_no_such_track_and_says_why(
    browser: "Browser", tmp_path: Path, soon: Callable[..., Any]
) -> None:
    procfs = tmp_path / "proc"
    procfs.mkdir()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() and entry.name != "pressure":
            (procfs / entry.name).symlink_to(entry)
    with _at(browser, Server(tmp_path / "data", "--path.procfs", str(procfs))) as page:
        page.wait_for_selector("figure[data-track=cpu]")
        page.get_by_role("button", name="More tracks").click()
        soon(lambda: "Pressure needs Linux 4.20 with psi=1." in page.locator("div.more").inner_text(), 30, "the words")
        assert page.locator("figure[data-track=pressure]").count() == 0
