"""The recorder's tracks over a real server: what there is, how it is read, and what is said where something is not."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from barograph.model.clock import SystemClock
from helpers.page import address, go_within, has_figures, seconds_between
from helpers.server import Server, eventually, store_samples

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

STOPPED_S = 6
ALWAYS = ["cpu", "core", "memory", "disk", "network"]


def _track(page: "Page", name: str) -> "Locator":
    return page.locator(f"figure[data-track='{name}']")


def _legend(page: "Page", name: str) -> str:
    return _track(page, name).locator(".column").inner_text()


def _plot(page: "Page", track: str = "cpu") -> dict[str, float]:
    box = _track(page, track).locator(".paper").bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def _ids(page: "Page") -> list[str]:
    found: list[str] = page.eval_on_selector_all("figure[data-track]", "rows => rows.map(row => row.dataset.track)")
    return found


def _ink(page: "Page", track: str) -> int:
    """How many pixels of a track's canvas are painted."""
    painted: int = page.evaluate(
        """track => {
          const canvas = document.querySelector(`figure[data-track="${track}"] canvas`);
          if (canvas === null) return 0;
          const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let i = 3; i < bytes.length; i += 4) if (bytes[i] > 0) count += 1;
          return count;
        }""",
        track,
    )
    return painted


def test_the_tracks_of_this_host_are_there_in_their_order(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page()
    soon(lambda: [track for track in _ids(page) if track in ALWAYS] == ALWAYS, 30, "what every host has")
    soon(lambda: ("pressure" in _ids(page)) == Path("/proc/pressure/cpu").exists(), 30, "what the kernel tells")
    found = _ids(page)
    swap = next(line for line in Path("/proc/swaps").read_text().splitlines()[1:] or [""])
    if not swap:
        assert "swap" not in found


def test_per_core_has_a_row_a_core_and_says_the_busiest(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: "busiest core" in _track(page, "core").inner_text(), 30, "the busiest core")
    if (os.cpu_count() or 1) <= 32:
        soon(lambda: _track(page, "core").locator(".gutter").inner_text().startswith("0"), 30, "the first core")
    soon(lambda: _ink(page, "core") > 100, 30, "the heat map")


def test_more_tracks_are_those_of_this_machine(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=5m")
    page.get_by_role("button", name="More tracks").click()
    soon(lambda: "load" in _ids(page), 30, "more tracks")
    soon(lambda: has_figures(_track(page, "load")), 30, "figures of more tracks")
    if not any(Path("/sys/class/hwmon").glob("*/fan*_input")):
        assert "fan" not in _ids(page)
    if not Path("/sys/class/hwmon").exists() and not any(Path("/sys/class/thermal").glob("thermal_zone*")):
        assert "temperature" not in _ids(page)
        soon(lambda: "Temperature: " in page.locator("div.more").inner_text(), 30, "why there is none")
    page.get_by_role("button", name="Fewer tracks").click()
    soon(lambda: "load" not in _ids(page), 30, "fewer tracks")


def test_all_that_can_be_open_is_asked_in_one_stream(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()
    answers: list[tuple[str, int]] = []

    def answered(answer: "Response") -> None:
        if answer.url.endswith("/live"):
            answers.append((answer.request.post_data or "", answer.status))

    page.on("response", answered)
    page.goto(f"{server.url}/?open=disk,network,more")
    of_all = ("node_load15", "node_network_receive_bytes_total", "node_disk_written_bytes_total", "by+%28device%29")

    def whole() -> int | None:
        page.wait_for_timeout(50)  # while which answers are heard
        return next((status for asked, status in answers if all(part in asked for part in of_all)), None)

    assert soon(whole, 30, "the stream of all of them") == 200


def test_a_track_opens_into_one_for_each_device(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    # a second interface, as another host's samples would come in
    host = eventually(lambda: server.query("up{job='node'}") or None, 30, "a host")[0]["metric"]["instance"]
    series = f'{{job="node",instance="{host}",device="ens9"}}'
    now_ms = SystemClock().now_ms() // 1000 * 1000
    store_samples(
        server,
        [
            f"node_network_{way}_bytes_total{series} {125_000 * i} {now_ms + 1000 * (i - 30)}"
            for way in ("receive", "transmit")
            for i in range(31)
        ],
    )
    page = open_page("/?range=5m")
    chevron = page.locator("figure[aria-label='Network'] button.chevron")
    chevron.wait_for()

    def parts() -> list[str]:
        # other tracks may come meanwhile
        return [track for track in _ids(page) if track.startswith("network/")]

    assert parts() == []
    chevron.click()
    soon(lambda: len(parts()) >= 2, 30, "a sub-track for each interface")
    assert "network/ens9" in parts()
    chevron.click()
    soon(lambda: parts() == [], 30, "the sum alone")


def test_the_pointer_is_one_line_and_reads_every_legend(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=6h")
    soon(lambda: has_figures(_track(page, "cpu")), 30, "a first figure")
    box = _plot(page)
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    # before this server was started nothing is known
    soon(lambda: _legend(page, "memory").count("no data") >= 4, 30, "legends of that second")
    assert page.locator(".pointer").count() == 1
    height = page.locator(".pointer").bounding_box()
    assert height is not None
    assert height["height"] > 500


def test_hovering_a_name_lifts_it_and_a_click_isolates_it(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: _ink(page, "memory") > 500, 30, "memory")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    whole = _ink(page, "memory")
    page.get_by_role("button", name="buffers").click()
    soon(lambda: _ink(page, "memory") < whole, 30, "one series alone")
    soon(lambda: "only=memory.buffers" in address(page), 30, "the series in the address")
    page.get_by_role("button", name="kernel").click(modifiers=["Control"])
    soon(lambda: "memory.kernel" in address(page), 30, "the second series in the address")
    page.keyboard.press("Escape")
    soon(lambda: "only=" not in address(page), 30, "all series again")


def test_a_figure_of_the_legend_alone_is_drawn_alone(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    disk = _track(page, "disk")
    soon(lambda: has_figures(disk), 30, "a first figure")
    disk.get_by_role("button", name="queue").click()
    soon(lambda: disk.locator(".unit").inner_text() == "", 30, "the axis of the queue")
    page.keyboard.press("Escape")


def test_ctrl_and_wheel_zooms_at_the_pointer_and_shift_drag_moves(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    box = _plot(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_selector("text=Back to live")
    page.wait_for_url("**from=**")
    zoomed = address(page)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 120, box["y"] + 50, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_function("before => location.href !== before", arg=zoomed)


def test_legends_sort_by_value_and_dashes_draw_lines_apart(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    memory = _track(page, "memory")
    soon(lambda: has_figures(_track(page, "memory")), 30, "a first figure")
    page.keyboard.press("l")

    def falling() -> bool:
        texts = memory.locator(".value").all_inner_texts()
        if "" in texts or "no data" in texts:  # of a second that a busy machine left out
            return False
        values = [float(text.replace(",", "")) for text in texts]
        return values == sorted(values, reverse=True)

    soon(falling, 30, "the legend by value")
    page.keyboard.press("l")
    names = memory.locator(".name")
    soon(lambda: names.first.inner_text() == "used", 30, "stacking order again")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    drawn = "() => document.querySelector('figure[data-track=memory] canvas').toDataURL()"
    solid = page.evaluate(drawn)
    page.keyboard.press("d")
    soon(lambda: page.evaluate(drawn) != solid, 30, "dashes")


def test_keys_read_the_figures_aloud_of_the_track_in_focus(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    memory = _track(page, "memory")
    soon(lambda: has_figures(memory), 30, "a first figure")
    memory.focus()
    spoken = page.locator("p[aria-live=polite]").last

    def said() -> bool:
        # a second that a busy machine left out has no figures: the one before it has
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(1100)  # words wait for a second at most
        return "Memory used" in spoken.inner_text()

    soon(said, 30, "the figures of memory")
    assert "CPU user" not in spoken.inner_text()


def _gap_s(words: str) -> int:
    """How long the gap is that the hint tells of; -1 where it tells of none."""
    found = re.fullmatch(r"no data, (.+?) to (.+)", words.replace("\u00a0", " "))
    return -1 if found is None else seconds_between(found[1], found[2])


def test_seconds_that_were_not_heard_are_a_gap_across_all_tracks(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: has_figures(_track(page, "cpu")), 30, "a first figure")
    os.kill(server.process.pid, signal.SIGSTOP)
    page.wait_for_timeout(1000 * STOPPED_S)
    os.kill(server.process.pid, signal.SIGCONT)
    soon(lambda: page.locator(".host[data-state=live]").count() == 1, 30, "live again")
    page.wait_for_timeout(2500)

    def over_the_gap() -> bool:
        page.keyboard.press("Space")
        page.wait_for_selector("text=Back to live")
        for _ in range(120):
            page.keyboard.press("ArrowLeft")
            # a busy machine has other gaps, of a tick; of a second heard a part of the figures may be there
            if _gap_s(page.locator(".hint").inner_text()) >= STOPPED_S - 2:
                return True
        # it was held before a second had come that ends the gap
        page.keyboard.press("Escape")
        page.keyboard.press("Space")
        page.wait_for_selector("text=Back to live", state="detached")
        return False

    soon(over_the_gap, 60, "the gap under the pointer")
    assert _legend(page, "cpu").count("no data") == 6
    assert _legend(page, "network").count("no data") >= 2
    # held, it says so still
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => /^held at .*, no data, .* lets go$/.test(document.querySelector('.hint').textContent)"
    )


def test_a_view_held_does_not_move_while_seconds_arrive(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    page.wait_for_timeout(1500)
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)
    read = """() => [...document.querySelectorAll('figure canvas')].map(canvas => canvas.toDataURL()).join()
        + document.querySelector('.axis').innerText"""

    def stands() -> bool:
        before = page.evaluate(read)
        page.wait_for_timeout(2500)
        return bool(page.evaluate(read) == before)

    # what was asked before the hold may be answered, and drawn, after it; what arrives comes every second
    soon(stands, 30, "a view that stands still")


def test_a_short_live_view_slides_and_stands_still_for_those_who_asked(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    sliding = "() => document.querySelector('figure[data-track=cpu] canvas')?.getAnimations().length ?? 0"
    page = open_page("/?range=5m")
    assert page.evaluate(sliding) == 0
    page = open_page("/?range=90s")
    soon(lambda: page.evaluate(sliding) == 1, 30, "the slide")
    soon(lambda: "range=90s" in address(page), 30, "the range in the address")
    assert "1 min 30 s" in page.locator(".range select").inner_text().replace("\u00a0", " ")
    still = open_page("/?range=90s", reduced_motion="reduce")
    still.wait_for_timeout(1500)
    assert still.evaluate(sliding) == 0


def test_a_live_view_is_as_long_as_a_person_zoomed_it_and_reload_keeps_it(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=3m")
    page.keyboard.press("+")
    page.wait_for_selector("text=Back to live")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live", state="detached")
    soon(lambda: "range=3m" in address(page) and "from=" not in address(page), 30, "the live view in the address")
    page.reload()
    page.wait_for_selector(".host[data-state=live]")
    assert "range=3m" in address(page)


def test_what_is_expanded_open_and_a_table_stands_in_the_address(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    page.get_by_role("button", name="More tracks").click()
    soon(lambda: "open=more" in address(page), 30, "the open group in the address")
    page.mouse.move(5, 5)
    _track(page, "memory").focus()
    page.keyboard.press("v")
    soon(lambda: "tables=memory" in address(page), 30, "the table in the address")
    _track(page, "cpu").focus()
    page.keyboard.press("Enter")
    soon(lambda: "expanded=cpu" in address(page), 30, "the expanded track in the address")
    # a move to another page, back, and forward
    page.get_by_role("link", name="Alerts").first.click()
    page.wait_for_url("**/alerts")
    page.go_back()
    for state in ("expanded=cpu", "tables=memory", "open=more"):
        soon(lambda state=state: state in address(page), 30, state)
    page.wait_for_selector("figure[data-track=memory] table")
    page.go_forward()
    page.wait_for_url("**/alerts")
    page.go_back()
    page.reload()
    page.wait_for_selector("figure[data-track=memory] table")
    page.wait_for_selector("figure[data-track=load]")
    box = _track(page, "cpu").bounding_box()
    assert box is not None
    assert box["height"] > 320
    # an address with other words for the same page is followed
    go_within(page, "?range=5m")
    page.wait_for_selector("figure[data-track=memory] table", state="detached")
