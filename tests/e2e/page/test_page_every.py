"""Every page of the literal table, as people with other eyes and hands meet it: axe, keyboard, zoom, a small window."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from helpers.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

WEB = Path(__file__).parents[3] / "web"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PARTS = {"settings": ("appearance", "about", "people", "tokens", "sessions", "audit"), "alerts": ("now", "history")}
SERIOUS = ("serious", "critical")
THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
_SETTLED_MS = 300
"""After a change of the window or theme: it is drawn again in some frames."""
WALK = """() => {
  const e = document.activeElement, around = [e, e.parentElement, e.parentElement?.parentElement].filter(Boolean);
  const ring = s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none';
  e.dataset.walked = '';
  const styles = [...around.map(one => getComputedStyle(one)), getComputedStyle(e, '::after')];
  return { what: e.outerHTML.slice(0, 160), body: e === document.body, ring: styles.some(ring) };
}"""
STILL = """() => document.querySelector('.loading, .place.pale') === null
  && document.getAnimations().every(each => each.playState !== 'running')"""
"""Nothing is pale while its answer is awaited, or on its way from one look to another."""
RESTS = """async () => {
  const main = document.querySelector('main');
  for (let before = null; before !== main.innerText;) {
    before = main.innerText;
    await new Promise(done => setTimeout(done, 1000));
  }
}"""
"""What a part lists has come: its words stay as they are. The network is never idle, since the live stream is open."""
UNREACHED = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0)
  .filter(e => e.type !== 'radio' && !('walked' in e.dataset)).map(e => e.outerHTML.slice(0, 160))"""


def _addresses() -> list[str]:
    """Each page's address, of `/h/{host}` the one that leads there from `/`; parts of a page each with its own."""
    table = (WEB / "src" / "pages" / "table.ts").read_text()
    found = []
    for name, templates in re.findall(r'{ name: "(\w+)".*?at: \[(.*?)\]', table):
        first = re.findall(r'"([^"]+)"', templates)[0]
        found += [f"{first}/{part}" for part in PARTS.get(name, ())] or [first]
    return found


ADDRESSES = _addresses()


@pytest.fixture(scope="module")
def host(server: Server) -> str:
    """The name by which pages know the host."""
    return str(server.get("/api/barograph/v1/status").json()["data"]["instance"])


@pytest.fixture
def visit(open_page: Callable[..., "Page"], host: str) -> Callable[..., "Page"]:
    """Open a page of the table, and wait until it is there."""

    def make(address: str, **options: Any) -> "Page":
        page = open_page("/" if address == "/h/{host}" else address.replace("{host}", host), **options)
        page.wait_for_selector("main h1", state="attached")
        page.evaluate(RESTS) if address.startswith("/settings") else page.wait_for_timeout(1000)
        page.wait_for_function(STILL)
        return page

    return make


def test_the_table_is_read() -> None:
    assert "/h/{host}" in ADDRESSES
    assert "/settings/tokens" in ADDRESSES


@pytest.mark.parametrize("address", ADDRESSES)
def test_axe_has_no_serious_finding(visit: Callable[..., "Page"], address: str, tmp_path: Path) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run tools/build_page.py")
    page = visit(address, color_scheme="dark")
    page.evaluate(AXE.read_text())
    bad = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=theme)
        page.wait_for_timeout(_SETTLED_MS)
        page.wait_for_function(STILL)
        page.screenshot(path=tmp_path / f"{theme}.png")
        found = page.evaluate("async () => (await axe.run(document, { resultTypes: ['violations'] })).violations")
        bad += [
            f"{theme}: {one['id']}: {one['help']}: {[node['html'][:150] for node in one['nodes'][:4]]}"
            for one in found
            if one["impact"] in SERIOUS
        ]
    assert bad == []


def _walk(page: "Page") -> None:
    for _ in range(250):
        page.keyboard.press("Tab")
        step = page.evaluate(WALK)
        if step["body"]:
            return
        assert step["ring"], step["what"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_tab_alone_reaches_every_control_and_shows_where_it_is(visit: Callable[..., "Page"], address: str) -> None:
    page = visit(address)
    if page.get_by_role("button", name="Hold the view").count() > 0:
        page.keyboard.press("Space")  # held, so that nothing comes or goes meanwhile
        page.wait_for_selector("text=/\\+[1-9]/")
    page.evaluate("document.activeElement.blur()")
    # what time, or a late answer, has made possible meanwhile is reached by going round once more
    left: list[str] = []
    for _ in range(3):
        _walk(page)
        left = page.evaluate(UNREACHED)
        if not left:
            break
    assert left == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_small_windows_and_has_its_landmarks(
    visit: Callable[..., "Page"], soon: Callable[..., Any], address: str
) -> None:
    page = visit(address, viewport={"width": 320, "height": 640})
    # 720 px is what a window of 1440 px has at 200 %
    for width, height in ((320, 640), (720, 450), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(_SETTLED_MS)
        fits = "document.documentElement.scrollWidth <= innerWidth"
        soon(lambda fits=fits: page.evaluate(fits), 30, f"nothing that scrolls sideways in {width} px")
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    assert page.locator("header:not(main header)").count() == 1
    assert page.get_by_role("navigation", name="Pages").count() == 1
    assert page.locator("[aria-current=page]").count() >= 1
    assert "Barograph" in page.title()


@pytest.mark.parametrize("address", ADDRESSES)
def test_forced_colours_and_no_motion_are_fine(visit: Callable[..., "Page"], address: str) -> None:
    page = visit(address, forced_colors="active", reduced_motion="reduce")
    moving = page.evaluate("""() => document.getAnimations().filter(a => a.playState === 'running').length""")
    assert moving == 0
    assert page.locator("nav svg").first.is_visible()
