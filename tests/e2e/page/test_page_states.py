"""Each state that the page can be in, brought about for real, and its words."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from helpers.page import address, listen_to_bar, told_by_bar
from helpers.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, Route

pytestmark = pytest.mark.e2e
LIVE = "**/api/barograph/v1/live"


def _bar(page: "Page") -> str:
    return page.locator(".place").first.inner_text().replace("\u00a0", " ")


@pytest.fixture
def stopped(server: Server) -> Iterator[None]:
    """The keeper stands still for a test: it neither collects nor sends."""
    os.kill(server.process.pid, signal.SIGSTOP)
    yield
    os.kill(server.process.pid, signal.SIGCONT)


def test_a_front_that_dies_is_told_and_the_hole_is_filled(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()
    listen_to_bar(page)
    os.kill(server.front_pid, signal.SIGKILL)
    lost = "Not connected to Barograph. Trying again"
    soon(lambda: told_by_bar(page, lost), 30, "the words of a lost connection")
    # a front that takes longer to come is asked for more and more seldom
    soon(lambda: told_by_bar(page, "Connected."), 90, "the words of a connection that is back")
    soon(lambda: _bar(page) == "", 30, "the end of the words")
    page.wait_for_selector(".host[data-state=live]")


def test_try_now_cuts_the_wait_short(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()
    listen_to_bar(page)
    # the waits grow longer while nobody answers, so that there is one to cut short
    page.route(LIVE, lambda route: route.abort("connectionrefused"))
    os.kill(server.front_pid, signal.SIGKILL)
    soon(lambda: re.search(r"Trying again in 1[345] s", _bar(page)), 60, "a long wait")
    page.unroute(LIVE)
    with page.expect_request(LIVE, timeout=10_000):  # well before the wait is over
        page.get_by_role("button", name="Try now").click()
    soon(lambda: told_by_bar(page, "Connected."), 30, "the words of a connection that is back")


def test_a_silent_host_is_told_with_its_age(open_page: Callable[..., "Page"], request: pytest.FixtureRequest) -> None:
    page = open_page()
    request.getfixturevalue("stopped")
    heard = r"/^Last heard \d\d:\d\d:\d\d, \d+\u00a0s ago\.$/"
    page.wait_for_function(f"() => {heard}.test(document.querySelector('.facts')?.innerText)")
    assert page.locator(".frame.stale").count() == 1


def test_a_session_that_is_over_keeps_the_view(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    soon(lambda: page.locator("figure[data-track]").count() >= 6, 30, "the tracks")
    shown = address(page)
    page.context.clear_cookies()
    page.locator("select").select_option("1h")
    soon(lambda: "You were signed out. Sign in to go on here." in _bar(page), 30, "the words of a session over")
    assert address(page).split("?")[0] == shown.split("?")[0]
    assert page.locator("figure[data-track]").count() >= 6


def test_a_refused_query_stands_in_its_track_alone(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()

    def spoil(route: "Route", request: "Request") -> None:
        body = request.post_data or ""
        # the server itself refuses what this makes of the question
        route.continue_(post_data=body.replace("sum+by+%28mode", "sum+buy+%28mode") if "node_cpu" in body else body)

    page.route("**/api/v1/query_range", spoil)
    page.locator("select").select_option("5m")
    soon(lambda: page.locator(".failed").count() == 1, 30, "the refusal")
    cpu = page.locator("figure[aria-label='CPU']").inner_text()
    assert "Query refused: " in cpu
    assert "Query refused" not in page.locator("figure[aria-label='Memory']").inner_text()


def test_a_long_read_says_so_and_keeps_the_picture(open_page: Callable[..., "Page"]) -> None:
    page = open_page()

    def late(route: "Route", request: "Request") -> None:
        # one question of many is enough: all must have answered
        if "node_cpu" not in (request.post_data or ""):
            route.continue_()

    page.route("**/api/v1/query_range", late)
    page.locator("select").select_option("30d")
    page.wait_for_function("""() => document.querySelectorAll('.tracks.loading canvas').length >= 6
        && document.querySelector('.hint').innerText.replaceAll('\u00a0', ' ') === 'Reading 30 days.'""")
    page.unroute("**/api/v1/query_range")  # what waits goes on
    page.wait_for_selector(".tracks:not(.loading)")


def test_a_hidden_tab_is_not_subscribed_and_catches_up_when_seen(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()

    def streams() -> int:
        text = server.get("/metrics").body.decode()
        return int(
            float(next(line.split()[1] for line in text.splitlines() if line.startswith("barograph_live_clients ")))
        )

    def turn(hidden: str) -> None:
        page.evaluate(f"Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }})")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    # pages of other tests end theirs, and parts that have just come ask for one more before the old one ends
    soon(lambda: streams() == 1, 30, "the stream of this page alone")
    turn("true")
    soon(lambda: streams() == 0, 30, "the end of the stream")
    with page.expect_request("**/api/v1/query_range"):  # what was missed is asked for
        turn("false")
    soon(lambda: streams() == 1, 30, "the stream again")
    soon(lambda: page.locator(".host[data-state=live]").count() == 1, 30, "live again")


def test_sign_out_ends_the_session(open_page: Callable[..., "Page"], server: Server) -> None:
    page = open_page()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_function("() => !document.querySelector('.frame')")
    assert server.get("/api/v1/labels", token=None).status == 401
