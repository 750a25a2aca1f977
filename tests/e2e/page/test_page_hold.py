"""Holding, zooming, moving: by pointer and by key, and the address that gives the same view again."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import pytest

from barograph.model.clock import SystemClock
from helpers.page import address, go_within, parameters
from helpers.server import Server, until_heard

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]


COUNT_DRAWINGS = """() => {
    window.drawn = 0;
    const { clearRect } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas.closest("[data-plot]")) window.drawn += 1;
        clearRect.apply(this, box);
    };
}"""


def _control(page: "Page") -> str:
    return page.get_by_role("group", name="Live or held").inner_text().replace("\u00a0", " ")


def _flag(page: "Page") -> str:
    """Return the second that the flag says, without its day: from midnight on that is told too."""
    return page.locator(".flag").inner_text().rpartition(", ")[2]


def _since(page: "Page") -> int:
    """Return how many seconds have arrived since the hold, as the control says it."""
    text = _control(page).partition("+")[2]
    return sum(int(number) * {"s": 1, "min": 60}[unit] for number, unit in re.findall(r"(\d+) (s|min)\b", text))


def _drawn_until(page: "Page", soon: Callable[..., Any], seconds: int) -> int:
    """Return how many drawings there were while so many seconds arrived."""
    end = _since(page) + seconds
    page.evaluate("drawn = 0")
    soon(lambda: _since(page) >= end, 30, "what arrives meanwhile")
    return int(page.evaluate("drawn"))


def _x(page: "Page", share: float) -> float:
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None
    return box["x"] + 46 + share * (box["width"] - 60)


def _y(page: "Page") -> float:
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None
    return box["y"] + 60


def test_the_address_names_the_host_and_the_range(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    soon(lambda: urlparse(address(page)).path.startswith("/h/"), 30, "the host in the address")
    assert parameters(page) == {"range": "15m"}
    assert "Live" in _control(page)


def test_a_click_holds_the_second_and_escape_lets_go(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page()
    page.mouse.click(_x(page, 0.9), _y(page))
    page.wait_for_selector(".flag.held > span")
    soon(lambda: "at" in parameters(page), 30, "the second held in the address")
    assert "Held" in _control(page)
    assert "Back to live" in _control(page)
    held = _flag(page)
    soon(lambda: _since(page) >= 2, 30, "the counter of what arrived since")
    assert _flag(page) == held
    page.keyboard.press("Escape")
    soon(lambda: "Live" in _control(page) and "Held" not in _control(page), 30, "live again")
    soon(lambda: "at" not in parameters(page), 30, "the address of the live view")


def test_a_drag_zooms_all_tracks_and_a_double_click_goes_back(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page()
    page.mouse.move(_x(page, 0.5), _y(page))
    page.mouse.down()
    page.mouse.move(_x(page, 0.7), _y(page), steps=4)
    page.mouse.up()
    page.wait_for_selector("text=Back to live")
    soon(lambda: {"from", "to"} <= set(parameters(page)), 30, "the view in the address")
    zoomed = parameters(page)
    page.mouse.move(_x(page, 0.4), _y(page))
    page.mouse.down()
    page.mouse.move(_x(page, 0.6), _y(page), steps=4)
    page.mouse.up()
    page.wait_for_function("before => !location.search.includes(before)", arg=zoomed["from"])
    page.mouse.dblclick(_x(page, 0.5), _y(page))
    page.wait_for_function("before => location.search.includes(before)", arg=zoomed["from"])
    page.mouse.dblclick(_x(page, 0.5), _y(page))
    page.wait_for_selector("text=Back to live", state="detached")


def test_keys_hold_move_zoom_and_come_back(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live", state="detached")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_selector("text=Back to live")
    page.keyboard.press("0")
    page.wait_for_selector("text=Back to live", state="detached")
    page.keyboard.press("+")
    page.wait_for_selector("text=Back to live")
    page.keyboard.press("0")
    page.keyboard.press("ArrowLeft")
    first = page.locator(".flag").inner_text()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("said => ![said, undefined].includes(document.querySelector('.flag')?.innerText)", arg=first)
    page.wait_for_function("() => document.querySelector('[aria-live=polite]')?.textContent.includes('CPU')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".flag.held > span")
    page.keyboard.press("?")
    page.wait_for_selector("text=back to live, 15 min")


def test_only_keys_are_read_out(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    spoken = "document.querySelector('.frame > [aria-live=polite]').textContent"
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => {spoken}.includes('CPU')")
    said = page.evaluate(spoken)
    page.mouse.move(_x(page, 0.95), _y(page))
    page.wait_for_function("() => document.querySelector('.hint').textContent.startsWith('showing')")
    page.mouse.move(_x(page, 0.9), _y(page))
    flag = page.locator(".flag").inner_text()
    page.wait_for_function("before => document.querySelector('.flag').innerText !== before", arg=flag)
    page.wait_for_timeout(1500)  # words wait for a second at most
    assert page.evaluate(spoken) == said


def test_p_goes_to_the_second_under_the_pointer(open_page: Callable[..., "Page"], server: Server) -> None:
    # of a second before the first there is no record, which the browser would complain of
    until_heard(server, 20)
    page = open_page()
    page.mouse.move(_x(page, 0.99), _y(page))
    page.wait_for_selector(".flag > span")
    page.keyboard.press("p")
    page.wait_for_selector("text=Who did it, at")
    assert "at" in parameters(page)


def test_a_key_never_fires_while_a_choice_is_made(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.locator("select").focus()
    page.keyboard.press("t")
    page.keyboard.press("+")
    assert "Live" in _control(page)


def test_a_reload_gives_the_same_view(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    page.get_by_role("button", name="iowait").click()
    page.mouse.click(_x(page, 0.8), _y(page))
    page.wait_for_selector(".flag.held > span")
    soon(lambda: "at" in parameters(page), 30, "the second held in the address")
    shown, flag = address(page), _flag(page)
    page.reload()
    page.wait_for_selector(".flag.held > span")
    assert address(page) == shown
    assert _flag(page) == flag
    assert page.get_by_role("button", name="iowait").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize(
    ("code", "tag"),
    [("5m", "1 s · raw"), ("6h", "30 s · mean, min to max"), ("30d", "1 h · mean, min to max of 1 min")],
)
def test_the_tag_says_what_is_drawn(
    open_page: Callable[..., "Page"], soon: Callable[..., Any], code: str, tag: str
) -> None:
    page = open_page()
    page.locator("select").select_option(code)
    page.wait_for_function(
        "wanted => document.querySelector('.tag').innerText.replaceAll('\\u00a0', ' ') === wanted", arg=tag
    )
    soon(lambda: parameters(page).get("range") == code, 30, "the range in the address")


def test_a_held_view_draws_nothing_of_what_arrives(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    page.evaluate(COUNT_DRAWINGS)
    soon(lambda: page.evaluate("drawn") > 3, 30, "tracks that are drawn while live")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    soon(lambda: _since(page) > 0, 30, "what has arrived since")
    # what was asked for before the hold may be answered, and drawn, after it; what arrives comes every second
    soon(lambda: _drawn_until(page, soon, 3) == 0, 30, "three seconds without a drawing")
    page.keyboard.press("Space")
    soon(lambda: page.evaluate("drawn") > 3, 30, "tracks that are drawn again")


def test_a_short_view_of_another_day_says_which(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=5m&at=2026-03-03T03:20:15Z", timezone_id="UTC")
    page.wait_for_selector("text=held at 3 Mar, 03:20:15")
    assert "Held 3 Mar, 03:20:15" in _control(page)
    assert page.locator(".axis .zone").inner_text() == "3 Mar, UTC"
    assert page.locator(".axis .flag").inner_text() == "3 Mar, 03:20:15 held"
    page.wait_for_selector(".who :text('at 3 Mar, 03:20:15')")


def test_on_a_phone_the_control_says_the_day(open_page: Callable[..., "Page"]) -> None:
    page = open_page(
        "/?range=5m&at=2026-03-03T03:20:15Z", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page.wait_for_selector("text=Held 3 Mar")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_held_view_fills_as_far_as_it_was_to_come(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()
    # that end must come after the page shows the view: one that is there need not be opened, which may take long
    now_s = int(SystemClock().now_s())
    window = [datetime.fromtimestamp(now_s + s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for s in (-60, 25)]
    go_within(page, f"?range=15m&from={window[0]}&to={window[1]}")
    page.wait_for_selector("text=Back to live")
    page.evaluate(COUNT_DRAWINGS)
    soon(lambda: page.evaluate("drawn") > 3, 30, "tracks that are drawn while some of the view is to come")
    figure = page.locator("figure[data-track=cpu] .value").first
    soon(lambda: figure.inner_text() not in ("", "no data"), 30, "a figure of the newest second")
    page.wait_for_function("end => Date.now() > Date.parse(end) + 3000", arg=window[1])
    soon(lambda: _drawn_until(page, soon, 2) == 0, 30, "two seconds without a drawing")
    # a busy machine may have left out the second at which the view ends, or the one before: a rate needs both
    heard = server.query("irate(node_cpu_seconds_total[2s])", time=window[1])
    assert figure.inner_text() != "no data" or heard == []
