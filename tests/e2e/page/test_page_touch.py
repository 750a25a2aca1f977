"""Fingers on the plots of a phone: a long press is the pointer, which then moves; two fingers zoom."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from helpers.page import seconds_between

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
LONG_MS = 600
HOUR_S = 3600
RANGE = """() => {
  const ask = new URLSearchParams(location.search);
  return (Date.parse(ask.get('to')) - Date.parse(ask.get('from'))) / 1000 || 0;
}"""


class Hand:
    """Fingers on a page; each place of `at` is one, in pixels from the plot's left edge."""

    def __init__(self, page: "Page") -> None:
        plot = page.locator("[data-plot]").first
        plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")
        box = plot.bounding_box()
        assert box is not None
        self._left, self._top = box["x"], box["y"] + 60
        self._page = page
        self._session = page.context.new_cdp_session(page)

    def touch(self, kind: str, at: Sequence[float] = (), down: float = 0) -> None:
        points = [{"x": self._left + place, "y": self._top + down, "id": finger} for finger, place in enumerate(at)]
        self._session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        self._page.wait_for_timeout(40)


def test_a_long_press_is_the_pointer_and_is_dragged_until_it_holds(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page(**PHONE)
    hand = Hand(page)
    hand.touch("Start", [120])
    page.wait_for_timeout(LONG_MS)
    flag = page.locator(".flag")
    soon(lambda: flag.count() == 1, 30, "a pointer")
    assert page.get_by_text("Back to live").count() == 0
    first = flag.inner_text()
    scrolled = page.evaluate("scrollY")
    for step in range(10):
        hand.touch("Move", [120 + 12 * step])
    soon(lambda: 0 < seconds_between(first, flag.inner_text()) < HOUR_S, 30, "a later second")
    assert page.evaluate("scrollY") == scrolled
    hand.touch("End")
    page.wait_for_selector(".flag.held > span")
    # who did it stands above the tab bar
    page.wait_for_selector(".who >> visible=true")


def test_two_fingers_zoom_the_tracks_and_not_the_page(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page(**PHONE)
    hand = Hand(page)
    hand.touch("Start", [160])
    hand.touch("Start", [160, 200])
    for step in range(8):
        hand.touch("Move", [160 - 8 * step, 200 + 8 * step])
    hand.touch("End")
    soon(lambda: 0 < page.evaluate(RANGE) < 600, 30, "a shorter view")
    assert page.evaluate("visualViewport.scale") == 1
