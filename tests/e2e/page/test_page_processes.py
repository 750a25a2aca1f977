"""The Processes page over a real server: a planted hog is found and named; steps, play, groups and the address."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from barograph.model.clock import SystemClock
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogWriter
from helpers.page import address, parameters
from helpers.processes import sample
from helpers.server import Server, eventually, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
# names that would run, were they ever read as HTML; the kernel keeps 15 bytes
_HOSTILE = "<img src=q>"
_ARGUMENT = "\"><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
_HOG = """#!{python}
import os, sys, time
end = time.time() + 90
block = os.urandom(1 << 20)
while time.time() < end:
    with open(sys.argv[1], "wb") as file:
        for _ in range(40):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
os.unlink(sys.argv[1])
"""


@pytest.fixture(scope="module")
def server(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose flight recorder knows of a minute ago: it would have to run for as long to know it itself."""
    del browser
    data = tmp_path_factory.mktemp("who") / "data"
    data.mkdir(mode=0o700)
    log = ProcessLogWriter(data, ProcessLogConfig())
    now_ms = SystemClock().now_ms() // 1000 * 1000
    for second in range(-75, 0):
        log.write(sample(now_ms + second * 1000, 1))
    log.close()
    with serving(data) as started:
        yield started


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What this run's hog writes: it stands in its command, and in that of no other hog on this machine."""
    return tmp_path_factory.mktemp("hog") / "written"


@pytest.fixture(scope="module")
def storm(server: Server, written: Path) -> Iterator[int]:
    """A process that writes as much as it can, under a name that a careless page would run; gives a second of it."""
    program = written.parent / _HOSTILE
    program.write_text(_HOG.format(python=sys.executable))
    program.chmod(0o755)
    with subprocess.Popen([str(program), str(written), _ARGUMENT]) as hog:

        def seen() -> int | None:
            table = server.get("/api/barograph/v1/processes").json().get("data")
            rows = [] if table is None else table["rows"]
            wrote = [row for row in rows if row["pid"] == hog.pid and (row["write"] or 0) > 1_000_000]
            return int(table["sampled"]) if wrote else None

        at = eventually(seen, 40, "the hog in the flight recorder")
        eventually(lambda: (server.get("/api/barograph/v1/processes").json()["data"]["sampled"]) > at + 4 or None, 40)
        # what is looked at is kept: nothing need be slow for the rest of it
        hog.kill()
    yield at


@pytest.fixture
def visit(open_page: Callable[..., "Page"], server: Server) -> Callable[..., "Page"]:
    """Open the page at a second, or at what the address says, by default live."""
    place = f"/h/{server.get('/api/barograph/v1/status').json()['data']['instance']}/processes"

    def make(at: int | str = "", more: str = "", /, **options: object) -> "Page":
        if isinstance(at, str):
            return open_page(place + at, **options)
        page = open_page(f"{place}?at={at}{more}", **options)
        page.wait_for_selector("table[aria-label=Processes] tbody tr")
        return page

    return make


def _title(page: "Page") -> str:
    return page.locator("h1").inner_text()


def _at(page: "Page") -> float | None:
    """The second in the address; None where it is still as the test wrote it."""
    at = parameters(page)["at"]
    return None if at.isdigit() else datetime.fromisoformat(at).timestamp()


def test_the_hog_is_named_and_marked(visit: Callable[..., "Page"], storm: int, written: Path, tmp_path: Path) -> None:
    page = visit(storm)
    assert _title(page).startswith("Who did it, at ")
    hog = page.locator("tbody tr", has_text=str(written))
    hog.wait_for()
    # a machine that does something else besides may have busier processes, which are then told of
    if hog.evaluate("row => [...row.parentElement.children].indexOf(row)") < 2:
        page.wait_for_function(f"() => document.querySelector('.words p')?.innerText.includes({_HOSTILE!r})")
    assert _ARGUMENT in hog.inner_text()
    assert "new, +" in hog.inner_text()
    # its own history: who it is, since when, who started it
    if "opened" not in (hog.get_attribute("class") or ""):
        hog.locator("button").click()
    panel = page.locator("aside", has_text=str(written))
    panel.locator("h2", has_text=_HOSTILE).wait_for()
    assert _ARGUMENT in panel.inner_text()
    assert "Started by" in panel.inner_text()
    assert "python" in panel.inner_text() or "pytest" in panel.inner_text()
    assert page.evaluate("window.hacked") is None
    assert "Kept: the 10 busiest of each second" in page.locator(".foot").inner_text()
    page.screenshot(path=tmp_path / "processes-1440.png")


def test_what_is_opened_behind_other_tabs_is_there_once_it_is_seen(visit: Callable[..., "Page"], storm: int) -> None:
    page = visit()
    page.add_init_script("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.goto(f"{page.url.partition('?')[0]}?at={storm}")
    page.wait_for_selector("main h1:has-text('Who did it')")
    page.wait_for_timeout(500)
    page.evaluate("""() => {
        Object.defineProperty(document, 'hidden', {value: false});
        document.dispatchEvent(new Event('visibilitychange'));
    }""")
    page.wait_for_selector("table[aria-label=Processes] tbody tr")


def test_steps_move_the_instant_and_the_address(
    visit: Callable[..., "Page"], storm: int, soon: Callable[..., object]
) -> None:
    page = visit(storm)
    before = _title(page)
    page.get_by_role("button", name="One second back").click()
    page.wait_for_function(f"() => ![{before!r}, undefined].includes(document.querySelector('h1')?.innerText)")
    soon(lambda: _at(page) == storm - 1, 30, "a second before in the address")
    page.get_by_role("button", name="One second on").click()
    # the time alone: from midnight on the day stands before it
    page.wait_for_function(f"() => document.querySelector('h1')?.innerText.endsWith({before[-8:]!r})")
    soon(lambda: _at(page) == storm, 30, "the second again in the address")
    page.get_by_role("button", name="One minute back").click()
    page.wait_for_function(f"() => ![{before!r}, undefined].includes(document.querySelector('h1')?.innerText)")
    soon(lambda: _at(page) == storm - 60, 30, "a minute before in the address")


def test_a_view_around_the_held_second_is_the_same_after_a_reload(
    visit: Callable[..., "Page"], storm: int, soon: Callable[..., object]
) -> None:
    # stepping brings a second that leaves the view into its middle: that is no second that came alone
    around = f"&from={storm - 450}&to={storm + 450}"
    page = visit(storm, around)
    soon(lambda: "from" in parameters(page), 30, "the view in the address")
    page.wait_for_timeout(600)
    assert "15" in page.locator("header select").evaluate("select => select.selectedOptions[0].textContent")
    # one that did is seen from near
    page = visit(storm)
    soon(lambda: "from" in parameters(page), 30, "the view in the address")
    soon(
        lambda: "15" not in page.locator("header select").evaluate("select => select.selectedOptions[0].textContent"),
        30,
        "near",
    )


def test_it_plays_and_pauses(visit: Callable[..., "Page"], storm: int) -> None:
    # as slowly as it can: what arrives at the newest second ends by itself
    page = visit(storm - 60, "&speed=1")
    before = _title(page)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"() => ![{before!r}, undefined].includes(document.querySelector('h1')?.innerText)")
    page.get_by_role("button", name="Pause", exact=True).click()
    speed = page.locator("button.speed")
    assert speed.inner_text() == "1×"
    speed.click()
    assert speed.inner_text() == "10×"
    speed.click()
    assert speed.inner_text() == "60×"
    assert parameters(page)["speed"] == "60"


def test_groups_sorting_and_the_address(visit: Callable[..., "Page"], storm: int) -> None:
    page = visit(storm)
    page.get_by_role("button", name="CPU %").click()
    head = page.locator("th.cpu")
    assert head.get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="CPU %").click()
    assert head.get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="User", exact=True).first.click()
    # not each user has several
    several = page.locator("tbody .count", has_text="processes").first
    several.wait_for()
    assert parameters(page)["group"] == "user"
    assert parameters(page)["sort"].startswith("cpu")
    page.reload()
    several.wait_for()
    assert page.locator("th.cpu").get_attribute("aria-sort") == "ascending"
    # a group opens its processes
    page.locator("tbody .name button").first.click()
    page.wait_for_selector("button.within")
    assert parameters(page)["within"].startswith("user")


def test_a_row_opens_and_closes_its_history(visit: Callable[..., "Page"], storm: int) -> None:
    page = visit(storm)
    page.wait_for_selector("aside h2")
    page.get_by_role("button", name="Close", exact=True).click()
    page.wait_for_selector("aside", state="detached")
    assert parameters(page)["pid"] == "none"
    page.locator("tbody tr .name button").first.click()
    page.wait_for_selector("aside h2")
    assert page.locator("tr.opened").count() == 1
    opened = address(page)
    page.goto(opened)
    page.wait_for_selector("tr.opened")
    page.wait_for_selector("aside h2")


def test_live_it_follows_the_newest_second(visit: Callable[..., "Page"]) -> None:
    page = visit()
    page.wait_for_selector("table[aria-label=Processes] tbody tr")
    assert _title(page) == "Who is busy, now"
    shown = page.locator("output").inner_text()
    page.wait_for_function(f"() => ![{shown!r}, undefined].includes(document.querySelector('output')?.innerText)")
    assert page.get_by_role("button", name="One second on").is_disabled()


def test_an_instant_without_a_record_says_so(visit: Callable[..., "Page"], complaints: list[str]) -> None:
    page = visit("?at=2020-01-01T00:00:00Z")
    said = "The flight recorder has nothing of this second, nor of the minute before it."
    page.wait_for_function(f"() => document.querySelector('.words p')?.innerText === {said!r}")
    # the browser notes each 404
    assert all("404" in complaint for complaint in complaints)
    complaints.clear()


@pytest.mark.parametrize("status", [422, 500])
def test_a_request_that_fails_is_said_alone_and_tried_again(
    visit: Callable[..., "Page"], complaints: list[str], status: int
) -> None:
    page = visit("?at=2020-01-01T00:00:00Z")
    nothing = page.locator(".card", has_text="The flight recorder has nothing of this second")
    nothing.wait_for()
    problem = {"status": "error", "errorType": "execution", "error": "the log is torn"}
    page.route("**/v1/processes?*", lambda route: route.fulfill(status=status, json=problem))
    page.get_by_role("button", name="One second back").click()
    page.wait_for_selector("text=This part failed: the log is torn. The rest goes on.")
    said = page.locator("main").inner_text()
    assert "Collecting" not in said
    assert "The flight recorder has nothing" not in said
    assert page.locator(".words p").inner_text() == ""
    page.unroute("**/v1/processes?*")
    page.get_by_role("button", name="Retry").click()
    nothing.wait_for()
    page.wait_for_selector("text=This part failed", state="detached")
    # the browser notes each answer that is an error
    assert all(str(status) in complaint for complaint in complaints)
    complaints.clear()


def test_on_a_phone_rows_are_cards_and_steps_are_at_the_thumb(
    visit: Callable[..., "Page"], storm: int, tmp_path: Path
) -> None:
    page = visit(storm, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    box = page.get_by_role("button", name="One second back").bounding_box()
    assert box is not None
    assert box["y"] > 844 - 160
    assert box["height"] >= 42
    page.locator("tbody tr .name button").first.tap()
    page.wait_for_selector("aside h2")
    assert page.evaluate("window.hacked") is None
    page.screenshot(path=tmp_path / "processes-390.png")


def test_a_process_that_was_searched_for_is_opened_and_back_closes_it(visit: Callable[..., "Page"], storm: int) -> None:
    page = visit(storm, "&pid=none")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a metric").fill("python")
    page.locator("[role=group][aria-label=Processes] [role=option]").first.click()
    page.wait_for_selector("aside[aria-label='One process'] h2")
    assert parameters(page)["pid"] != "none"
    page.go_back()
    page.wait_for_selector("aside[aria-label='One process']", state="detached")
    assert parameters(page)["pid"] == "none"


def test_one_process_is_heard_and_read_as_a_table(visit: Callable[..., "Page"], storm: int, written: Path) -> None:
    page = visit(storm)
    hog = page.locator("tbody tr", has_text=str(written))
    hog.wait_for()
    if "opened" not in (hog.get_attribute("class") or ""):
        hog.locator("button").click()
    panel = page.locator("aside", has_text=str(written))
    caption = panel.locator("figcaption .aside").first
    caption.wait_for(state="attached")
    assert ": mean " in caption.inner_text()
    assert ", highest " in caption.inner_text()
    panel.locator("summary", has_text="As a table").click()
    heads = panel.locator("thead th").all_inner_texts()
    assert heads == ["Time", "CPU, of one core", "Memory", "Read", "Write"]
    assert 1 <= panel.locator("tbody tr").count() <= 60
