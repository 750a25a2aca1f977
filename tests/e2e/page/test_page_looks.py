"""How the page looks: both themes, a phone, nothing that scrolls sideways, nothing that jumps. Keeps pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
SHIFTS = """() => new Promise(done => {
  const add = list => done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0));
  new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(0), 500);
})"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_page_follows_the_system_theme(open_page: Callable[..., "Page"], theme: str, tmp_path: Path) -> None:
    page = open_page(color_scheme=theme)
    assert page.locator("html").get_attribute("data-theme") == theme
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"dark": "rgb(12, 15, 19)", "light": "rgb(243, 242, 238)"}[theme]
    page.screenshot(path=tmp_path / f"overview-{theme}.png")


def test_a_chosen_theme_is_kept(open_page: Callable[..., "Page"]) -> None:
    page = open_page(color_scheme="dark")
    theme = page.get_by_role("button", name="Theme")
    theme.click()
    theme.click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.reload()
    page.wait_for_selector(".frame")
    assert page.locator("html").get_attribute("data-theme") == "light"


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_in_one_direction(open_page: Callable[..., "Page"], width: int, tmp_path: Path) -> None:
    page = open_page(**{**PHONE, "viewport": {"width": width, "height": 844}})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("figure canvas").nth(5).wait_for()
    small = page.evaluate("""() => [...document.querySelectorAll('button, a, select')]
        .filter(e => e.offsetParent !== null && getComputedStyle(e).visibility === 'visible')
        .map(e => [e.textContent.trim(), e.getBoundingClientRect().height]).filter(([, height]) => height < 44)""")
    assert small == []
    page.screenshot(path=tmp_path / f"phone-{width}.png", full_page=True)


def test_a_tap_holds_a_second_and_another_lets_go(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page(**PHONE)
    plot = page.locator("[data-plot]").first
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")  # clear of what is sticky
    page.evaluate("scrollBy(0, 200)")  # and of the sheet that tells who
    box = plot.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 200, box["y"] + 60)
    page.wait_for_selector(".flag.held > span")

    def let_go() -> bool:
        # a machine that takes long between the finger's coming and going has made it a long press, which holds again
        page.wait_for_timeout(1000)  # two in no time would be a double-click, which goes back too
        page.touchscreen.tap(box["x"] + 200, box["y"] + 60)
        page.wait_for_timeout(500)
        return page.locator(".flag.held > span").count() == 0

    soon(let_go, 30, "the second let go")


def test_nothing_shifts_while_data_arrives(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.wait_for_timeout(2500)
    assert page.evaluate(SHIFTS) < 0.001


def test_every_figure_has_a_caption(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.wait_for_function(
        "() => (all => all.length >= 6 && all.every(c => c.textContent.includes(', 15')))"
        "([...document.querySelectorAll('figcaption')])"
    )
    captions = page.locator("figcaption").all_text_contents()
    assert [text.split(",")[0] for text in captions][:6] == [
        "CPU",
        "Per core",
        "Pressure",
        "Memory",
        "Disk I/O",
        "Network",
    ]
