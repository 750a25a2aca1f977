"""Parts of the page alone: those that fail say so, fingers reach all of them, forced colours hide none."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
SMALL = """() => [...document.querySelectorAll('main button, main a, main select, main [role=option]')]
    .filter(e => e.offsetParent !== null && getComputedStyle(e).visibility === 'visible')
    .map(e => [e.textContent.trim(), e.getBoundingClientRect()])
    .filter(([, box]) => Math.min(box.width, box.height) < 44).map(([text]) => text)"""
_PARTS = {
    "Today": ("aside .card", "/events?"),
    "Filesystems": ("#filesystems", "label_replace(node_filesystem_avail_bytes"),
    "Facts": (".facts", "node_uname_info"),
}


@pytest.mark.parametrize("part", ["Today", "Filesystems", "Facts"])
def test_a_part_that_fails_says_so_and_is_tried_again(
    open_page: Callable[..., "Page"], complaints: list[str], part: str
) -> None:
    where, asked = _PARTS[part]
    page = open_page("/?range=5m")
    problem = {"status": "error", "errorType": "internal", "error": "the disk is gone"}

    def answer(route: "Route") -> None:
        text = unquote_plus(route.request.url + (route.request.post_data or ""))
        route.fulfill(status=500, json=problem) if asked in text else route.fallback()

    page.route("**/api/**", answer)
    page.reload()
    told = page.locator(where, has_text="This part failed: the disk is gone. The rest goes on.").first
    told.wait_for()
    assert told.get_by_role("button", name="Copy details").count() == 1
    # what is asked again by itself meanwhile is answered after the click, else there may be nothing to click on
    page.route("**/api/**", lambda _route: None)
    told.get_by_role("button", name="Retry").click()
    page.unroute("**/api/**")  # what waits goes on
    page.wait_for_selector(f"{where} >> text=This part failed", state="detached")
    complaints.clear()  # the browser notes each answer that is an error


def test_colours_that_are_forced_leave_pointer_and_bars(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=5m", forced_colors="active")

    def differ(mark: str) -> None:
        colours = page.locator(mark).first.evaluate(
            """shown => {
                const probe = document.body.appendChild(document.createElement('p'));
                probe.style.background = 'Canvas';
                const ground = getComputedStyle(probe).backgroundColor;
                probe.remove();
                return [getComputedStyle(shown).backgroundColor, ground];
            }"""
        )
        assert colours[0] != colours[1], mark

    differ(".who .bar")
    differ("#filesystems .used")
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    differ(".frame .pointer")


def test_a_finger_reaches_all_of_explore(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore?q=node_load1&q=node_load5", **PHONE)
    page.wait_for_selector("tbody tr:has-text('node_load5')")
    page.get_by_role("button", name="Run").first.tap()
    page.get_by_role("button", name="History").tap()
    page.wait_for_selector(".past button")
    assert page.evaluate(SMALL) == []
    page.get_by_role("textbox", name="Query A").fill("node_load")
    page.wait_for_selector("[role=option]")
    assert page.evaluate(SMALL) == []


def test_a_phone_on_its_side_shows_tracks_only(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/", **{**PHONE, "viewport": {"width": 844, "height": 390}})
    assert page.locator("figure[data-track=cpu]").is_visible()
    for part in (".strip", ".head", ".tiles", "aside", ".below"):
        assert not page.locator(f".overview {part}").first.is_visible(), part
    assert page.evaluate("document.documentElement.scrollWidth") == 844


def test_a_phone_says_what_it_reads(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/", **PHONE)
    page.route("**/api/v1/query_range", lambda _route: None)
    page.locator("label select").first.select_option("30d")
    page.locator(".hint", has_text="Reading 30").wait_for(state="visible")
    page.unroute("**/api/v1/query_range")  # what waits goes on
    page.locator(".hint", has_text="Reading 30").wait_for(state="hidden")
