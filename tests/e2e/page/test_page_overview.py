"""The Overview around the recorder: a storm names who made it, events, disks and services in words, hostile names."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.page import address
from helpers.server import Server, eventually, newest_second, store_samples, until_heard
from helpers.storm import is_recorded, storm

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
DAY_S = 86_400
GB = 10**9
REST_S = 0.07
"""Where the pointer stays for so long, it is asked who it was."""
HOSTILE_MOUNT = '/"><img src=x onerror="window.hit=1">'
HOSTILE_SERVICE = '/system.slice/<svg onload="window.hit=1">.service'
HOSTILE_NAME = "<b onclick=hit>"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@pytest.fixture(scope="module")
def planted(server: Server) -> None:
    """A disk that fills by 2 GB a day, and a mount point with a hostile name, in the host's own series."""
    host, now_s = newest_second(server)
    lines = []
    for mount, last, per_day in (("/plan", 19, 2), (HOSTILE_MOUNT, 60, 0)):
        labels = f'device="{_escaped(mount)}",fstype="ext4",instance="{host}",job="node",mountpoint="{_escaped(mount)}"'
        hours = [now_s // 3600 * 3600 - hour * 3600 - 60 for hour in range(170)]
        for at_s in (*reversed(hours), now_s):
            free = last * GB + per_day * GB * (now_s - at_s) / DAY_S
            lines.append(f"node_filesystem_avail_bytes{{{labels}}} {free:.0f} {at_s * 1000}")
            lines.append(f"node_filesystem_size_bytes{{{labels}}} {100 * GB} {at_s * 1000}")
    store_samples(server, lines)


# of its own: by the time that the first test is over these would be idle
@pytest.fixture(scope="module")
def services(server: Server) -> None:
    """Two that are busy, one with a hostile name."""
    host, now_s = newest_second(server)
    lines = []
    for second in range(20, -1, -1):
        for name, share in ((HOSTILE_SERVICE, 0.4), ("/system.slice/shop.service", 0.2)):
            labels = f'id="{_escaped(name)}",instance="{host}",job="node"'
            at_ms = (now_s - second) * 1000
            lines.append(f'container_cpu_usage_seconds_total{{cpu="total",{labels}}} {share * (20 - second)} {at_ms}')
            lines.append(f"container_memory_working_set_bytes{{{labels}}} {2**30} {at_ms}")
    store_samples(server, lines)


def _said(page: "Page") -> str:
    return page.locator(".sentence").inner_text().replace("\u00a0", " ")


def _text(page: "Page", selector: str) -> str:
    return page.locator(selector).inner_text().replace("\u00a0", " ")


def test_who_follows_the_pointer_and_says_of_which_second(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: "now" in _text(page, ".who header"), 30, "who it is now")
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 22, box["y"] + 40)
    soon(lambda: "at " in _text(page, ".who header"), 30, "the second of Who")
    asked: list[str] = []
    # of Who alone: on a busy machine the sentence asks too, who it was
    asks = re.compile("v1/processes.*limit=")
    page.on("request", lambda request: asked.append(request.url) if asks.search(request.url) else None)
    began = time.monotonic()
    for step in range(60):
        page.mouse.move(box["x"] + box["width"] - 22 - step, box["y"] + 40)
    took_s = time.monotonic() - began
    page.wait_for_timeout(600)
    # one question at a time, two for each place that rests; on a busy machine the pointer rests between two moves
    assert len(asked) <= 2 * (took_s / REST_S + 2), took_s


def test_today_tells_that_it_was_started_and_goes_there(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    row = page.get_by_role("button", name="Barograph was started").last
    row.click()
    page.wait_for_selector(".flag.held > span")
    page.wait_for_url("**at=**")


def test_tiles_lead_to_their_tracks(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    page.wait_for_selector("[data-tile]")
    assert page.locator("[data-tile]").count() == 6
    page.locator("[data-tile=network]").click()
    page.wait_for_function("() => document.activeElement?.getAttribute('aria-label') === 'Network'")
    page.locator("[data-tile=space]").click()
    page.wait_for_function("() => document.activeElement?.id === 'filesystems'")


def test_the_day_strip_moves_the_view(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    window = page.get_by_role("slider")
    window.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("text=Back to live")
    soon(lambda: not (window.get_attribute("aria-valuetext") or "now").endswith("now"), 30, "an end that is told")
    page.keyboard.press("End")
    page.wait_for_selector("text=Back to live", state="detached")
    strip = page.locator(".strip .plot").bounding_box()
    assert strip is not None
    page.mouse.click(strip["x"] + strip["width"] / 2, strip["y"] + 20)
    page.wait_for_selector("text=Back to live")
    page.wait_for_url("**from=**")
    before = address(page)
    page.mouse.move(strip["x"] + strip["width"] / 2, strip["y"] + 20)
    page.mouse.down()
    page.mouse.move(strip["x"] + strip["width"] / 3, strip["y"] + 20, steps=3)
    page.mouse.up()
    page.wait_for_function("before => location.href !== before", arg=before)
    page.mouse.dblclick(strip["x"] + strip["width"] / 3, strip["y"] + 20)
    page.wait_for_selector("text=Back to live", state="detached")


@pytest.mark.usefixtures("planted")
def test_disks_say_when_they_are_full_and_from_what(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    soon(lambda: "full in 9 days" in _text(page, "#filesystems"), 30, "the forecast")
    assert "trend from 7 days" in _text(page, "#filesystems")
    # of this machine's own disk, which may be collected after the page has asked; it asks again after 30 s
    soon(lambda: "too little history" in _text(page, "#filesystems"), 90, "the words of a disk that is not known")
    # how the rate is said gives way to what happened meanwhile, where two lines have no room for both
    soon(lambda: "Disk /plan fills in 9 days" in _said(page), 60, "the danger in the sentence")
    page.get_by_role("link", name="Disk /plan fills").click()
    page.wait_for_function("() => document.activeElement?.id === 'filesystems'")
    assert page.locator("[data-tile=space][data-trouble=warning]").count() == 1


@pytest.mark.usefixtures("planted", "services")
def test_hostile_names_are_text(
    open_page: Callable[..., "Page"], server: Server, tmp_path: Path, soon: Callable[..., Any]
) -> None:
    del server
    with storm(tmp_path, HOSTILE_NAME, "<script>window.hit=1</script>"):
        page = open_page("/?range=5m")
        # the service first: it is busy for some seconds only
        soon(lambda: 'onload="window.hit=1"' in page.locator("text=<svg onload").inner_text(), 30, "the service")
        soon(lambda: HOSTILE_MOUNT in page.locator("#filesystems").inner_text(), 30, "the mount point")
        soon(lambda: page.locator(".who td", has_text=HOSTILE_NAME).count() == 1, 30, "the process")
    assert page.evaluate("window.hit") is None
    assert page.locator("#page img, #page script, #page b[onclick], #page svg[onload]").count() == 0


@pytest.mark.usefixtures("planted", "services")
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("phone", [False, True])
def test_it_looks_right_in_both_themes(
    open_page: Callable[..., "Page"], theme: str, phone: bool, tmp_path: Path
) -> None:
    options = PHONE if phone else {}
    page = open_page(color_scheme=theme, **options)
    width = 390 if phone else 1440
    page.wait_for_selector("#filesystems tbody tr")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.card')].filter(c => c.scrollWidth > c.clientWidth).length"
    )
    assert cut == 0
    page.screenshot(path=tmp_path / f"overview-{theme}-{width}.png", full_page=True)
    keep = os.environ.get("KEEP_PICTURES")
    if keep:
        page.screenshot(path=Path(keep) / f"overview-{theme}-{width}.png", full_page=True)


def test_on_a_phone_who_is_a_sheet_while_a_second_is_held(
    open_page: Callable[..., "Page"], server: Server, tmp_path: Path
) -> None:
    until_heard(server, 20)  # there was somebody in the second that is tapped
    page = open_page(**PHONE)
    assert page.locator(".who.sheet").count() == 0
    order = page.evaluate("""() => ['.strip', '.sentence', '.tiles', '[aria-label=Recorder]', '#filesystems']
        .map(s => document.querySelector(s).getBoundingClientRect().top)""")
    assert order == sorted(order)
    plot = page.locator("[data-plot]").first
    plot.evaluate("plot => plot.scrollIntoView({ block: 'center' })")  # clear of what is sticky
    box = plot.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] - 18, box["y"] + 40)
    page.wait_for_selector(".who.sheet table")
    back = page.get_by_role("button", name="Back to live").bounding_box()
    assert back is not None
    assert back["x"] + back["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.screenshot(path=tmp_path / "sheet.png")
    page.get_by_role("button", name="Let go").tap()
    page.wait_for_selector(".who.sheet", state="detached")


def test_a_silent_host_has_no_verdict_of_now(open_page: Callable[..., "Page"], server: Server) -> None:
    page = open_page()
    os.kill(server.process.pid, 19)  # SIGSTOP: it neither collects nor sends
    try:
        eventually(lambda: _said(page).startswith("No data for "), 60, "the verdict of silence")
        # what pressed the CPU earlier may be said still, figures of now may not
        assert re.search(r"CPU\s\d", _said(page)) is None
        assert _text(page, "[data-tile=cpu] .meaning").endswith(" ago")
        assert page.locator(".tiles.stale").count() == 1
    finally:
        os.kill(server.process.pid, 18)
    eventually(lambda: not _said(page).startswith("No data"), 60, "the verdict of now")


def test_a_storm_is_named_to_whoever_looks(
    open_page: Callable[..., "Page"], server: Server, tmp_path: Path, soon: Callable[..., Any]
) -> None:
    # what rises must rise above something: some calm comes before, which the tests above have mostly waited for
    until_heard(server, 45)
    with storm(tmp_path, "night-backup"):
        soon(lambda: is_recorded(server, "night-backup"), 30, "the storm in the flight recorder")
        page = open_page("/?range=5m")
        soon(lambda: page.locator(".who tr", has_text="night-backup").count() == 1, 30, "the culprit in Who")
        # a page that was just opened has its sentence at once; the storm needs some seconds to be one
        page.reload()
        soon(lambda: "night-backup has pressed the disk since" in _said(page), 60, "the culprit in the sentence")
        page.screenshot(path=tmp_path / "storm.png", full_page=True)
    # afterwards too, for whoever looks then
    page.reload()
    soon(lambda: "night-backup" in _said(page) and "pressed the disk" in _said(page), 30, "the culprit afterwards")
