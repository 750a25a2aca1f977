"""The recorder's tracks over a real server: what there is, how it is read, and what is said where something is not."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from barograph.model.clock import SystemClock
from helpers.server import Server, serving, store_samples

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

ALWAYS = ["cpu", "core", "memory", "disk", "network"]


def _track(page: "Page", name: str) -> "Locator":
    return page.locator(f"figure[data-track='{name}']")


def _address(page: "Page") -> str:
    # page.url is of the last event that was heard, and the page writes its address after the paint
    return str(page.evaluate("location.href"))


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


def test_the_tracks_of_this_host_are_there_in_their_order(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    found = _ids(page)
    assert [track for track in found if track in ALWAYS] == ALWAYS
    assert ("pressure" in found) == Path("/proc/pressure/cpu").exists()
    swap = next(line for line in Path("/proc/swaps").read_text().splitlines()[1:] or [""])
    if not swap:
        assert "swap" not in found


def test_per_core_has_a_row_a_core_and_says_the_busiest(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: "busiest core" in _track(page, "core").inner_text(), 10, "the busiest core")
    if (os.cpu_count() or 1) <= 32:
        soon(lambda: _track(page, "core").locator(".gutter").inner_text().startswith("0"), 10, "the first core")
    soon(lambda: _ink(page, "core") > 100, 10, "the heat map")


def test_more_tracks_are_those_of_this_machine(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=5m")
    page.get_by_role("button", name="More tracks").click()
    soon(lambda: "load" in _ids(page), 10, "more tracks")
    soon(lambda: "no data" not in _legend(page, "load"), 10, "figures of more tracks")
    if not any(Path("/sys/class/hwmon").glob("*/fan*_input")):
        assert "fan" not in _ids(page)
    if not Path("/sys/class/hwmon").exists() and not any(Path("/sys/class/thermal").glob("thermal_zone*")):
        assert "temperature" not in _ids(page)
        assert "Temperature: " in page.locator("div.more").inner_text()
    page.get_by_role("button", name="Fewer tracks").click()
    soon(lambda: "load" not in _ids(page), 5, "fewer tracks")


def test_a_track_opens_into_one_for_each_device(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    # a second interface, as another host's samples would come in
    host = server.query("up{job='node'}")[0]["metric"]["instance"]
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
    count = len(_ids(page))
    chevron.click()
    soon(lambda: len(_ids(page)) >= count + 2, 10, "a sub-track for each interface")
    assert "network/ens9" in _ids(page)
    chevron.click()
    soon(lambda: len(_ids(page)) == count, 5, "the sum alone")


def test_the_pointer_is_one_line_and_reads_every_legend(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: "no data" not in _legend(page, "cpu"), 10, "a first figure")
    box = _plot(page)
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    # before this server was started nothing is known
    soon(lambda: _legend(page, "memory").count("no data") >= 4, 5, "legends of that second")
    assert page.locator(".pointer").count() == 1
    height = page.locator(".pointer").bounding_box()
    assert height is not None
    assert height["height"] > 500


def test_hovering_a_name_lifts_it_and_a_click_isolates_it(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: _ink(page, "memory") > 500, 10, "memory")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    whole = _ink(page, "memory")
    page.get_by_role("button", name="buffers").click()
    soon(lambda: _ink(page, "memory") < whole, 5, "one series alone")
    soon(lambda: "only=memory.buffers" in _address(page), 5, "the series in the address")
    page.get_by_role("button", name="kernel").click(modifiers=["Control"])
    soon(lambda: "memory.kernel" in _address(page), 5, "the second series in the address")
    page.keyboard.press("Escape")
    soon(lambda: "only=" not in _address(page), 5, "all series again")


def test_a_figure_of_the_legend_alone_is_drawn_alone(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    disk = _track(page, "disk")
    soon(lambda: "no data" not in disk.locator("li").nth(0).inner_text(), 10, "a first figure")
    disk.get_by_role("button", name="queue").click()
    soon(lambda: disk.locator(".unit").inner_text() == "", 5, "the axis of the queue")
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
    zoomed = page.url
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
    soon(lambda: "no data" not in _legend(page, "memory"), 10, "a first figure")
    page.keyboard.press("l")

    def falling() -> bool:
        values = [float(text.replace(",", "")) for text in memory.locator(".value").all_inner_texts()]
        return values == sorted(values, reverse=True)

    soon(falling, 5, "the legend by value")
    page.keyboard.press("l")
    names = memory.locator(".name")
    soon(lambda: names.first.inner_text() == "used", 5, "stacking order again")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    drawn = "() => document.querySelector('figure[data-track=memory] canvas').toDataURL()"
    solid = page.evaluate(drawn)
    page.keyboard.press("d")
    soon(lambda: page.evaluate(drawn) != solid, 5, "dashes")


def test_keys_read_the_figures_aloud_of_the_track_in_focus(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=5m")
    _track(page, "memory").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[aria-live=polite]')].some(e => /Memory used/.test(e.textContent))"
    )
    assert "CPU user" not in page.locator("p[aria-live=polite]").last.inner_text()


def test_seconds_that_were_not_heard_are_a_gap_across_all_tracks(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    soon(lambda: "no data" not in _legend(page, "cpu"), 10, "a first figure")
    os.kill(server.process.pid, signal.SIGSTOP)
    page.wait_for_timeout(4200)
    os.kill(server.process.pid, signal.SIGCONT)
    soon(lambda: page.locator(".host[data-state=live]").count() == 1, 15, "live again")
    page.wait_for_timeout(2500)
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    found = None
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
        words = page.locator(".hint").inner_text().replace("\u00a0", " ")
        if words.startswith("no data, "):
            found = words
            break
    assert found is not None
    assert " to " in found
    assert _legend(page, "cpu").count("no data") == 6
    assert _legend(page, "network").count("no data") >= 2
    # held, it says so still
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => /^held at .*, no data, .* lets go$/.test(document.querySelector('.hint').textContent)"
    )


def test_a_view_held_does_not_move_while_seconds_arrive(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/?range=5m")
    page.wait_for_timeout(1500)
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)
    read = """() => [...document.querySelectorAll('figure canvas')].map(canvas => canvas.toDataURL()).join()
        + document.querySelector('.axis').innerText"""
    before = page.evaluate(read)
    page.wait_for_timeout(2500)
    assert page.evaluate(read) == before


def test_a_short_live_view_slides_and_stands_still_for_those_who_asked(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    sliding = "() => document.querySelector('figure[data-track=cpu] canvas')?.getAnimations().length ?? 0"
    page = open_page("/?range=5m")
    assert page.evaluate(sliding) == 0
    page = open_page("/?range=90s")
    soon(lambda: page.evaluate(sliding) == 1, 10, "the slide")
    soon(lambda: "range=90s" in _address(page), 5, "the range in the address")
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
    soon(lambda: "range=3m" in _address(page) and "from=" not in _address(page), 5, "the live view in the address")
    page.reload()
    page.wait_for_selector(".host[data-state=live]")
    assert "range=3m" in page.url


def test_what_is_expanded_open_and_a_table_stands_in_the_address(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/?range=5m")
    page.get_by_role("button", name="More tracks").click()
    soon(lambda: "open=more" in _address(page), 5, "the open group in the address")
    page.mouse.move(5, 5)
    _track(page, "memory").focus()
    page.keyboard.press("v")
    soon(lambda: "tables=memory" in _address(page), 5, "the table in the address")
    _track(page, "cpu").focus()
    page.keyboard.press("Enter")
    soon(lambda: "expanded=cpu" in _address(page), 5, "the expanded track in the address")
    # a move to another page, back, and forward
    page.get_by_role("link", name="Alerts").first.click()
    page.wait_for_url("**/alerts")
    page.go_back()
    for state in ("expanded=cpu", "tables=memory", "open=more"):
        soon(lambda state=state: state in _address(page), 5, state)
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
    page.evaluate(
        "history.pushState(null, '', location.pathname + '?range=5m'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    page.wait_for_selector("figure[data-track=memory] table", state="detached")


RULES = """groups:
  - name: now
    interval: 1s
    rules:
      - alert: SomethingRuns
        expr: rate(node_pressure_cpu_waiting_seconds_total[5s]) >= 0
        labels: {severity: warning}
        annotations: {summary: "CPU pressure high"}
"""


THRESHOLD = """thresholds:
  MemoryLow: {warning: {above: 0.1, clear: 0.1}, for: 0s, interval: 1s}
"""


@pytest.fixture(scope="module")
def other_server(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server over a proc file system of which a part can be spoiled, with a rule that fires; and that part."""
    del browser
    if not Path("/proc/pressure/cpu").exists():
        pytest.skip("this kernel has no pressure")
    folder = tmp_path_factory.mktemp("other")
    proc = folder / "proc"
    (proc / "pressure").mkdir(parents=True)
    for entry in Path("/proc").iterdir():
        if entry.name != "pressure" and not entry.name.isdigit():
            (proc / entry.name).symlink_to(entry)
    for name in ("cpu", "io", "memory"):
        (proc / "pressure" / name).write_text(Path(f"/proc/pressure/{name}").read_text())
    (folder / "rules.yml").write_text(RULES)
    config = folder / "barograph.yml"
    config.write_text(f"rule_files: [{folder / 'rules.yml'}]\npaths: {{procfs: {proc}}}\n" + THRESHOLD)
    with serving(folder / "data", "--config", str(config)) as started:
        yield started, proc / "pressure"


@pytest.fixture
def other_page(browser: "Browser", other_server: tuple[Server, Path]) -> Iterator["Page"]:
    server, _ = other_server
    state = server.data.parent / "state.json"
    options: dict[str, Any] = {"viewport": {"width": 1440, "height": 1100}}
    context = browser.new_context(**options, storage_state=str(state) if state.exists() else None)
    page = context.new_page()
    page.goto(server.url + "/" if state.exists() else server.login_link)
    page.wait_for_selector(".host[data-state=live]")
    context.storage_state(path=str(state))
    yield page
    context.close()


def test_an_alert_is_drawn_where_it_happened_with_its_limit(
    other_page: "Page", other_server: tuple[Server, Path], soon: Callable[..., Any]
) -> None:
    server, _ = other_server
    soon(lambda: server.get("/api/barograph/v1/alerts").json()["data"]["total"] > 0 or None, 30, "an alert")
    page = other_page
    page.goto(server.url + "/?range=5m")
    pressure = _track(page, "pressure")
    soon(lambda: "CPU pressure high" in pressure.inner_text(), 30, "the alert on its track")
    soon(lambda: "limit 0 %" in pressure.inner_text().replace("\u00a0", " "), 5, "the limit")
    assert "CPU pressure high" not in _track(page, "cpu").inner_text()
    # whatever is drawn below them, words have a ground of their own
    for words in (".region", ".limit"):
        ground = pressure.locator(words).first.evaluate("words => getComputedStyle(words).backgroundColor")
        assert float(ground.rstrip(")").split("/")[1]) > 0.8, ground
    # one of the stock alerts, which compare what another rule records
    memory = _track(page, "memory")
    soon(lambda: "Memory nearly full" in memory.inner_text(), 40, "the stock alert on its track")
    assert f" on {page.url.split('/h/')[1].split('?')[0]}" not in memory.inner_text()
    assert page.locator(".frame .legend", has_text="alert").count() == 1


def test_a_collector_that_fails_is_told_in_its_track(
    other_page: "Page", other_server: tuple[Server, Path], soon: Callable[..., Any]
) -> None:
    _, spoilt = other_server
    for name in ("cpu", "io", "memory"):
        # in place: the collector holds the file open, as it does the kernel's
        (spoilt / name).write_text("some nonsense\n")
    pressure = _track(other_page, "pressure")
    soon(lambda: "This part failed: " in pressure.inner_text(), 40, "the words of a collector that fails")
    assert "The rest goes on." in pressure.inner_text()
    assert "This part failed" not in _track(other_page, "cpu").inner_text()
