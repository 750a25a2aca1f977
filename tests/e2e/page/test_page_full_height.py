"""A track at full height over a real server: its figures, its queries, and what is taken along of it."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.page import has_figures

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]


def _track(page: "Page", name: str) -> "Locator":
    return page.locator(f"figure[data-track='{name}']")


def _height(track: "Locator") -> float:
    box = track.locator(".paper").bounding_box()
    assert box is not None
    return box["height"]


def test_a_track_is_a_table_with_v_and_a_file(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=15m")
    disk = _track(page, "disk")
    soon(lambda: has_figures(disk), 30, "a first figure")
    disk.focus()
    page.keyboard.press("v")
    page.wait_for_selector("figure[data-track=disk] table")
    assert disk.locator("thead").inner_text().split()[:2] == ["Time", "read,"]
    with page.expect_download() as saving:
        disk.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saving.value.path()).read_text())))
    assert list(rows[0]) == ["time", "disk.read", "disk.write", "disk.await", "disk.queue"]
    assert any(row["disk.read"] != "" for row in rows)
    assert any(row["disk.read"] == "" for row in rows), "what was not heard is empty"
    page.keyboard.press("v")
    page.wait_for_selector("figure[data-track=disk] canvas")


@pytest.mark.parametrize("track", ["cpu", "disk", "network", "memory", "pressure"])
def test_a_track_is_taken_along_as_an_alert(
    open_page: Callable[..., "Page"], soon: Callable[..., Any], tmp_path: Path, track: str
) -> None:
    page = open_page(f"/?range=5m&expanded={track}")
    shown = _track(page, track)
    shown.locator("summary", has_text="As an alert").click()
    soon(lambda: shown.locator(".draft").count() == 1, 30, "the draft")
    file = tmp_path / "barograph.yml"
    file.write_text(shown.locator(".draft").inner_text())
    command = [sys.executable, "-m", "barograph", "rules", "show", "--config", str(file)]
    rules = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rules.returncode == 0, rules.stderr + file.read_text()
    assert "High" in rules.stdout


def test_a_draft_that_failed_says_so_and_is_tried_again(
    open_page: Callable[..., "Page"], complaints: list[str]
) -> None:
    page = open_page("/?range=5m&expanded=cpu")
    shown = _track(page, "cpu")
    problem = {"status": "error", "errorType": "internal", "error": "the disk is gone"}
    page.route("**/api/v1/query", lambda route: route.fulfill(status=500, json=problem))
    draft = shown.locator("summary", has_text="As an alert")
    draft.click()
    failed = shown.locator("text=This part failed: the disk is gone. The rest goes on.")
    failed.wait_for()
    assert shown.locator(".draft").count() == 0, "a failure is no text for the configuration"
    page.unroute("**/api/v1/query")
    shown.get_by_role("button", name="Retry").click()
    shown.locator(".draft").wait_for()
    assert failed.count() == 0
    complaints.clear()  # the browser notes each answer that is an error


def test_a_track_at_full_height_has_statistics_queries_and_a_picture(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    cpu = _track(page, "cpu")
    cpu.focus()
    before = _height(cpu)
    page.keyboard.press("Enter")
    page.wait_for_selector("figure[data-track=cpu] .expanded")
    soon(lambda: _height(cpu) > before, 30, "full height")
    assert cpu.locator(".expanded thead").inner_text().split()[-4:] == ["max", "max", "at", "last"]
    cpu.locator("summary", has_text="quer").click()
    assert "node_cpu_seconds_total" in cpu.locator("code").first.inner_text()
    with page.expect_download() as saving:
        cpu.get_by_role("button", name="PNG").click()
    assert Path(saving.value.path()).read_bytes().startswith(b"\x89PNG")
    cpu.get_by_role("button", name="Table", exact=True).click()
    cpu.get_by_role("button", name="Chart", exact=True).wait_for()
    assert cpu.get_by_role("button", name="PNG").count() == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("figure[data-track=cpu] .expanded", state="detached")


def test_per_core_at_full_height_has_a_row_a_core_and_a_table(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m&expanded=core")
    core = _track(page, "core")
    cores = len(re.findall(r"^cpu\d", Path("/proc/stat").read_text(), flags=re.M))
    soon(lambda: core.locator(".expanded tbody tr").count() == cores, 30, "the statistics")
    names = core.locator(".expanded tbody th").all_inner_texts()
    assert names == [f"core {number}" for number in range(len(names))]
    with page.expect_download() as saving:
        core.get_by_role("button", name="CSV").click()
    header = Path(saving.value.path()).read_text().splitlines()[0]
    assert header == ",".join(["time", *(f"core.{number}" for number in range(len(names)))])
    core.focus()
    page.keyboard.press("v")
    core.locator("thead", has_text="core 0, %").wait_for()


def test_a_track_comes_to_full_height_by_its_button(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=5m", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    button = page.get_by_role("button", name="Disk I/O at full height")
    box = button.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    button.tap()
    page.wait_for_selector("figure[data-track=disk] .expanded")
    button.tap()
    page.wait_for_selector("figure[data-track=disk] .expanded", state="detached")


_ROOM = """() => [...document.querySelectorAll("figure h3")].map((head) => {
  const words = document.createRange();
  words.selectNodeContents(head.querySelector(".unit"));
  return head.querySelector(".tall").getBoundingClientRect().left - words.getBoundingClientRect().right;
})"""


def test_the_button_stands_beside_the_words_of_its_track(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=5m", viewport={"width": 1440, "height": 900})
    rooms = page.evaluate(_ROOM)
    assert len(rooms) >= 6
    assert min(rooms) >= 0


def test_a_figure_that_is_alone_leaves_the_others_their_unit(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m&tables=disk&expanded=disk")
    disk = _track(page, "disk")
    disk.locator("button.entry", has_text="await").click()
    page.keyboard.press("v")
    soon(lambda: disk.locator(".unit").inner_text() == "ms", 30, "the axis in ms")
    page.keyboard.press("v")
    disk.locator("thead", has_text="read, MB/s").wait_for()
