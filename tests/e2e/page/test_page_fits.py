"""What is said has room to be read: tiles, the host's name, tables, at the widths where it is tight."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

LONGEST = "highest mean 13.7\u00a0MB/s at 29\u00a0Nov, 20:34"
CUT = """([selector, text]) => [...document.querySelectorAll(selector)].filter(place => {
  if (text !== '') place.textContent = text;
  return place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight + 1;
}).length"""

APART = """() => {
  const box = place => place.getBoundingClientRect();
  const flag = box(document.querySelector('figure .flag span'));
  return [...document.querySelectorAll('figure .mark:not(.flag) span')]
    .every(mark => box(mark).right < flag.left || box(mark).left > flag.right);
}"""


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_a_tile_says_its_peak_with_its_instant(open_page: Callable[..., "Page"], width: int) -> None:
    page = open_page(viewport={"width": width, "height": 900})
    page.keyboard.press("Space")  # held, so that nothing writes there meanwhile
    page.wait_for_selector("text=Back to live")
    assert page.evaluate(CUT, [".meaning", LONGEST]) == 0
    # and it does not lie on the sparkline
    low = "tile.querySelector('svg').getBoundingClientRect().top"
    end = "tile.querySelector('.meaning').getBoundingClientRect().bottom"
    assert page.locator("[data-tile]").first.evaluate(f"tile => {end} <= {low} + 1")


def test_the_name_of_the_host_is_whole_beside_the_search_field(open_page: Callable[..., "Page"]) -> None:
    page = open_page(viewport={"width": 844, "height": 390}, has_touch=True, is_mobile=True)
    assert page.evaluate(CUT, [".host .name", "atlas-db-01"]) == 0
    assert page.locator("header .search").is_visible()


def test_the_name_of_the_host_begins_in_the_narrowest_bar_and_is_its_title(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=30d", viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    name = page.locator(".host .name")
    page.wait_for_selector(f".host[title='{name.inner_text()}: live']")  # on a busy machine it is silent at times
    width = "place => { place.textContent = 'atlas-db-01'; return place.clientWidth; }"
    assert name.evaluate(width) >= 30
    assert page.locator("header .search").is_visible()
    page.get_by_role("button", name="Hold the view").click()
    page.wait_for_selector("text=Held")
    assert name.evaluate(width) >= 30
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320


def test_the_last_row_of_a_table_comes_out_from_under_its_button(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    page.locator("figure[data-track=cpu]").focus()
    page.keyboard.press("v")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    table = page.get_by_role("region", name="CPU as a table")
    button = page.locator("figure[data-track=cpu]").get_by_role("button", name="CSV")

    def out() -> bool:
        # what was asked before the hold may be answered, and be a row more, after it
        table.evaluate("table => table.scrollTo(0, table.scrollHeight)")
        below = button.evaluate("button => button.getBoundingClientRect().top")
        return bool(table.locator("tr").last.evaluate("row => row.getBoundingClientRect().bottom") <= below)

    soon(out, 30, "the whole of the last row")


def test_what_becomes_of_a_disk_is_in_sight_on_the_narrowest(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    soon(lambda: page.locator("#filesystems td.rate").count() > 0, 30, "a filesystem")
    assert page.evaluate("() => document.querySelector('#filesystems td.rate').getBoundingClientRect().right") <= 320
    assert page.evaluate(CUT, ["#filesystems td.rate", ""]) == 0


def test_explore_says_itself_how_finely_it_draws(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore?q=vector(1)&range=24h")
    page.wait_for_selector("text=a point every 2\u00a0min")
    # the resolution of tracks, with their extremes, is none of its chart's
    assert page.locator("header .tag").count() == 0


@pytest.mark.parametrize("touch", [True, False])
def test_all_of_the_rail_is_reached_in_a_low_window(open_page: Callable[..., "Page"], touch: bool) -> None:
    page = open_page(viewport={"width": 844, "height": 390}, has_touch=touch, is_mobile=touch)
    last = page.get_by_role("button", name="Sign out")
    last.evaluate("button => button.scrollIntoView({ block: 'nearest' })")
    box = last.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 391
    # a held view leaves search no room for its key
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    search = page.locator("header .search")
    assert search.evaluate("field => field.scrollWidth <= field.clientWidth + 1")


def test_the_pointer_moves_nothing_in_explore(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/explore?q=node_load1")
    heads = page.locator(".wide thead > tr > *")
    page.wait_for_selector("tbody tr:has-text('node_load1')")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    lefts = "heads => heads.map(head => Math.round(head.getBoundingClientRect().right))"

    def moves_nothing() -> bool:
        # what was asked for with the hold may be answered between two looks, and figures be wider
        page.mouse.move(5, 5)
        page.wait_for_selector("figure .flag", state="detached")
        before = heads.evaluate_all(lefts)
        chart = page.locator("figure .paper").bounding_box()
        assert chart is not None
        page.mouse.move(chart["x"] + 300, chart["y"] + 80)
        page.wait_for_selector("figure .flag")
        return bool(heads.evaluate_all(lefts) == before)

    soon(moves_nothing, 30, "a table that stands still under the pointer")
    # and no label of the axis looks out from under the flag
    assert page.evaluate(APART)
