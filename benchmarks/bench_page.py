"""The page in Debian's Chromium, without a GPU: weight, first paint, interactions, pointer, drawing, who is named.

usage: bench_page.py [--runs 5] [--presses 5] [--seconds 20] [--moves 200] [--results FOLDER]

A server of its own holds an hour of every series that the recorder shows, made of this machine's own newest values, and
goes on collecting. The budgets are those of the front end (docs/decisions/0006-front-end-build.md).
"""

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from barograph.model.clock import SystemClock
from report import Row, percentile, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.chromium import SignedIn, signed_in
from helpers.server import Server, eventually, serving
from helpers.storm import is_recorded, storm

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOUR_S = 3600
TALL: dict[str, Any] = {"viewport": {"width": 1440, "height": 2700}, "color_scheme": "dark"}
USUAL: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"}
FAMILIES = (
    "up|node_(cpu_seconds_total|pressure_.+|memory_(MemTotal|MemFree|MemAvailable|Buffers|Cached|SReclaimable|SUnreclaim|"
    "PageTables|KernelStack|SwapTotal|SwapFree|Dirty|Writeback)_bytes|disk_.+|network_(receive|transmit)_(bytes|packets|drop)"
    "_total|load.+|procs_.+|context_switches_total|intr_total|forks_total|vmstat_.+|netstat_.+|sockstat_.+|filefd_.+|"
    "nf_conntrack_.+|entropy_.+|timex_offset_seconds)"
)


def budget(name: str, figure: float, unit: str, limit: float) -> Row:
    """Return a row beside its budget."""
    return Row(name=name, figure=figure, unit=unit, reference=f"the budget, {limit:g} {unit}", ratio=figure / limit)


LOADED = """kind => performance.getEntriesByType('resource')
  .filter(entry => new URL(entry.name).pathname.endsWith('.' + kind))
  .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""


def weight(page: "Page") -> list[Row]:
    """What the page has loaded when its first chart is drawn, as it came over the wire (gzip)."""
    return [
        budget("JavaScript at start, gzip", page.evaluate(LOADED, "js") / 1000, "kB", 120),
        budget("CSS at start, gzip", page.evaluate(LOADED, "css") / 1000, "kB", 15),
    ]


def history(server: Server, seconds: int) -> int:
    """Import so many seconds before now of the series that tracks show, around their newest values; returns samples."""
    rows = eventually(lambda: server.query(f'{{job="node",__name__=~"{FAMILIES}"}}') or None, 60, "series to go on")
    rng = np.random.default_rng(1)
    end = SystemClock().now_ms() // 1000 - 30
    times = (np.arange(end - seconds, end) * 1000).tolist()
    lines = []
    for row in rows:
        newest = float(row["value"][1])
        if row["metric"]["__name__"].endswith("_total"):
            steps = rng.gamma(0.6, max(newest, 1.0) / 50_000, seconds)
            values = newest - steps[::-1].cumsum()[::-1]
        else:
            values = newest * (1 + 0.1 * np.sin(np.arange(seconds) / 90) + 0.05 * rng.standard_normal(seconds))
        if row["metric"]["__name__"] == "up":
            values = np.ones(seconds)
        lines.append(json.dumps({"metric": row["metric"], "values": values.round(4).tolist(), "timestamps": times}))
    for begin in range(0, len(lines), 100):
        _import(server, "\n".join(lines[begin : begin + 100]))
    return len(lines) * seconds


def _import(server: Server, text: str) -> None:
    request = urllib.request.Request(
        server.url + "/api/v1/import", data=text.encode(), headers={"Authorization": f"Bearer {server.token}"}
    )
    urllib.request.urlopen(request, timeout=60).read()


def starts(browser: SignedIn, runs: int) -> list[Row]:
    """Weight, first paint and first chart with data, each from an empty cache."""
    paints, charts = [], []
    weights: list[Row] = []
    for _ in range(runs):
        page = browser.open("/", **USUAL)
        page.wait_for_function("() => performance.getEntriesByName('barograph-first-chart').length > 0")
        paints.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        charts.append(page.evaluate("performance.getEntriesByName('barograph-first-chart')[0].startTime"))
        weights = weight(page)
        page.context.close()
    return [
        *weights,
        budget("first paint, loopback, median", statistics.median(paints), "ms", 1000),
        budget("first chart with data, loopback, median", statistics.median(charts), "ms", 1500),
    ]


WATCH = """() => {
  window.worst = 0;
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.worst = Math.max(window.worst, entry.duration);
  }).observe({ type: 'event', durationThreshold: 16 });
}"""


def _plot(page: "Page") -> dict[str, float]:
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None, "a plot"
    return {"left": box["x"] + 46, "width": box["width"] - 60, "y": box["y"] + 50}


def _actions(page: "Page") -> Iterator[tuple[str, Callable[[], object]]]:
    plot = _plot(page)
    iowait = page.locator("button.entry", has_text="iowait").first
    yield "hold a second", lambda: page.mouse.click(plot["left"] + 0.6 * plot["width"], plot["y"])
    yield "let go", lambda: page.keyboard.press("Escape")
    yield "pointer by key", lambda: page.keyboard.press("ArrowLeft")
    yield "isolate a series", iowait.click
    yield "reset", iowait.click
    yield "zoom by key", lambda: page.keyboard.press("+")
    yield "back to live", lambda: page.keyboard.press("0")
    yield "hold the view", lambda: page.keyboard.press("Space")
    yield "go on", lambda: page.keyboard.press("Space")
    yield "sort legends", lambda: page.keyboard.press("l")
    yield "theme", lambda: page.keyboard.press("t")


def interactions(browser: SignedIn, presses: int) -> list[Row]:
    """The longest time from an input to the next paint, of each of the page's usual actions; medians of presses."""
    page = browser.open("/", wait="figure canvas", **USUAL)
    page.wait_for_timeout(3000)
    page.evaluate(WATCH)
    all_found: dict[str, list[float]] = {}
    for _ in range(presses):
        for name, act in _actions(page):
            # a button that has the focus takes Space for itself
            page.evaluate("document.activeElement.blur(); window.worst = 0")
            act()
            page.wait_for_timeout(400)
            # what Event Timing leaves out took less than a frame
            all_found.setdefault(name, []).append(page.evaluate("window.worst") or 16.0)
    page.context.close()
    found = {name: statistics.median(times) for name, times in all_found.items()}
    worst = max(found, key=lambda name: found[name])
    return [
        budget(f"an interaction to next paint, median of {len(found)}", statistics.median(found.values()), "ms", 50),
        budget(f"the slowest interaction: {worst}", found[worst], "ms", 50),
    ]


def open_all(browser: SignedIn, span: str) -> "Page":
    """Return a page with every track that this machine has, all of them in sight."""
    page = browser.open(f"/?range={span}", wait="figure canvas", **TALL)
    more = page.get_by_role("button", name=re.compile("More tracks"))
    more.click()
    page.wait_for_selector("figure[data-track=load] canvas")
    page.wait_for_timeout(4000)
    return page


@contextmanager
def metrics(page: "Page") -> Iterator[dict[str, float]]:
    """Fill in how many milliseconds of script, style and layout a block took."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def read() -> dict[str, float]:
        return {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}

    spent: dict[str, float] = {}
    before = read()
    yield spent
    after = read()
    for name in ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration"):
        spent[name] = 1000 * (after[name] - before[name])
    session.detach()


def pointer(browser: SignedIn, moves: int) -> list[Row]:
    """Script, and style with layout, of one move of the pointer over all tracks of a held view."""
    page = open_all(browser, "15m")
    tracks = page.locator("figure[data-track] canvas").count()
    # the button of more tracks has the focus and would take Space for itself: the view would go on
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.wait_for_selector("text=Back to live")
    plot = _plot(page)
    page.wait_for_timeout(1500)
    page.mouse.move(plot["left"], plot["y"])
    with metrics(page) as spent:
        for step in range(moves):
            page.mouse.move(plot["left"] + (step * 37) % plot["width"], plot["y"] + step % 5)
    page.context.close()
    layout = (spent["LayoutDuration"] + spent["RecalcStyleDuration"]) / moves
    return [
        budget(f"pointer move over {tracks} tracks, script", spent["ScriptDuration"] / moves, "ms", 4),
        Row(name=f"pointer move over {tracks} tracks, style and layout", figure=layout, unit="ms"),
    ]


def frames(browser: SignedIn, seconds: int) -> list[Row]:
    """The main thread's work of each frame that draws, while every track shows an hour of seconds, live.

    It is the drawing itself and what Chromium does with canvases after it: without a GPU it executes there, on the same
    thread, whatever paths a canvas was told to fill and stroke.
    """
    page = open_all(browser, "1h")
    tracks = page.locator("figure[data-track] canvas").count()
    browser.browser.start_tracing(page=page, categories=["devtools.timeline", "cc"])
    page.wait_for_timeout(1000 * seconds)
    trace = json.loads(browser.browser.stop_tracing())
    page.context.close()
    found = drawing(trace["traceEvents"])
    # on a machine that others use the wall clock measures them: the thread's own time is what drawing costs
    own = [frame.script_ms + frame.canvases_ms for frame in found]
    name = f"{tracks} tracks of {HOUR_S:,} points live"
    return [
        budget(f"{name}: drawing in a frame, median", statistics.median(own), "ms", 8),
        budget(f"{name}: the same, 99 of 100 below", percentile(own, 0.99), "ms", 8),
        Row(name=f"{name}: of these script, median", figure=statistics.median(f.script_ms for f in found), unit="ms"),
        budget(
            f"{name}: the longest frame, all that the page's thread does for it",
            max(whole(trace["traceEvents"])),
            "ms",
            16,
        ),
        # on a machine that others use it is waits for a processor: the longest are of drawings that did little
        budget(f"{name}: the longest drawing by the clock on the wall", max(f.wall_ms for f in found), "ms", 16),
        Row(name=f"{name}: drawing a second", figure=sum(own) / seconds, unit="ms"),
    ]


@dataclass(frozen=True, kw_only=True)
class DrawnFrame:
    """What one frame took that drew something, ms."""

    script_ms: float
    canvases_ms: float
    wall_ms: float


def whole(events: list[dict[str, Any]]) -> list[float]:
    """Return what each frame of a trace took of the page's thread, ms: script, style, layout, paint, commit."""
    drew = {event["tid"] for event in events if event.get("name") == "FireAnimationFrame"}
    frames = [event for event in events if event.get("name") == "ProxyMain::BeginMainFrame" and event["tid"] in drew]
    return [event["tdur"] / 1000 for event in frames if "tdur" in event]


_DRAWS_MS = 0.5


def drawing(events: list[dict[str, Any]]) -> list[DrawnFrame]:
    """Return the frames of a trace whose animation callbacks drew: others are only asked when the next paint is."""
    names = ("FireAnimationFrame", "LayerTreeHost::DoUpdateLayers")
    # one that the end of the trace cuts off has no duration
    of_page = [event for event in events if event.get("name") in names and "dur" in event]
    found = []
    script: list[dict[str, Any]] = []
    for event in sorted(of_page, key=lambda event: event["ts"]):
        if event["name"] == "FireAnimationFrame":
            script.append(event)
            continue
        drew = [each for each in script if each["tid"] == event["tid"] and each.get("tdur", 0) > 1000 * _DRAWS_MS]
        script = [each for each in script if each["tid"] != event["tid"]]
        if drew:
            both = [*drew, event]
            found.append(
                DrawnFrame(
                    script_ms=sum(each["tdur"] for each in drew) / 1000,
                    canvases_ms=event.get("tdur", 0) / 1000,
                    wall_ms=sum(each["dur"] for each in both) / 1000,
                )
            )
    return found


CULPRIT = "night-backup"


def named(browser: SignedIn, server: Server, folder: Path, runs: int) -> list[Row]:
    """How long somebody looks until Who names the process that presses the disk, from opening the page on."""
    took_s = []
    with storm(folder, CULPRIT):
        eventually(lambda: is_recorded(server, CULPRIT), 60, "a second of the storm")
        for _ in range(runs):
            began_s = time.monotonic()
            page = browser.open("/?range=5m", wait=f".who tr:has-text('{CULPRIT}')", **USUAL)
            took_s.append(time.monotonic() - began_s)
            page.context.close()
    return [budget("who presses the disk is named, the longest of the looks", max(took_s), "s", 10)]


def measure(folder: Path, *, runs: int, presses: int, seconds: int, moves: int) -> list[Row]:
    """Return all rows, of a server that lives as long as they take."""
    with serving(folder / "data") as server:
        samples = history(server, HOUR_S)
        with signed_in(server) as browser:
            rows = [*starts(browser, runs), *interactions(browser, presses), *pointer(browser, moves)]
            rows += frames(browser, seconds)
            rows += named(browser, server, folder, runs)
    return [*rows, Row(name="samples that were there", figure=samples, unit="samples")]


def main() -> None:
    """Measure and report."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--presses", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--moves", type=int, default=200)
    arguments.add_argument("--results", type=Path)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(
            Path(folder), runs=chosen.runs, presses=chosen.presses, seconds=chosen.seconds, moves=chosen.moves
        )
    if chosen.results is None:
        report("page", rows)
    else:
        report("page", rows, chosen.results)


if __name__ == "__main__":
    main()
