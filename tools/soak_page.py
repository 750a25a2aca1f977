"""Leaves the page open for twelve hours, as people do, and looks whether it grows. `make soak S=page`.

usage: soak_page.py [--rounds 720] [--every 60] [--interval 1s] [--results FOLDER]

Every track is open and live; each round also uses the page: another range, a held second, a zoom, back to live. The heap
is measured after a forced collection. Its figures stand in docs/performance.md.
With `--every 0 --interval 100ms` as many rounds of use, and more rows than twelve hours have at one a second, take an
hour and a half.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "benchmarks")]
from helpers.chromium import signed_in  # noqa: E402  the path is set one line above
from helpers.server import Server, serving  # noqa: E402
from report import Row, report  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_GROWTH_MB = 20.0
TELL = 20
"""Rounds after which the heap is told."""
VIEW = {"width": 1440, "height": 2700}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the page holds at an instant, after a collection."""

    heap_mb: float
    nodes: float
    listeners: float
    canvases: int
    at_s: float
    ticks: float


def read(page: "Page", server: Server) -> Reading:
    """Collect garbage and measure."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    found = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return Reading(
        heap_mb=found["JSHeapUsedSize"] / 1e6,
        nodes=found["Nodes"],
        listeners=found["JSEventListeners"],
        canvases=page.locator("canvas").count(),
        at_s=time.monotonic(),
        ticks=server.value("barograph_ticks_total") or 0.0,
    )


def use(page: "Page") -> None:
    """What somebody does who looks now and then, ending where it began."""
    plot = page.locator("[data-plot]").first.bounding_box()
    assert plot is not None, "a plot"
    x, y = plot["x"] + 300, plot["y"] + 60
    page.locator("select").first.select_option("1h")
    page.wait_for_timeout(1500)
    page.mouse.move(x, y)
    page.mouse.click(x + 200, y)
    page.keyboard.press("Escape")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 150, y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(1500)
    page.locator("select").first.select_option("15m")
    page.keyboard.press("0")
    page.mouse.move(5, 5)
    page.wait_for_timeout(1500)


def soak(folder: Path, *, rounds: int, every_s: float, interval: str) -> list[Reading]:
    """Return a reading after warming up, and one after each round."""
    config = folder / "barograph.yml"
    config.write_text(f"collectors: {{interval: {interval}}}\n")
    with (
        serving(folder / "data", "--config", str(config)) as server,
        signed_in(server, "--js-flags=--expose-gc") as browser,
    ):
        page = browser.open("/", wait="figure canvas", viewport=VIEW)
        page.get_by_role("button", name="More tracks").click()
        page.wait_for_selector("figure[data-track=load] canvas")
        page.wait_for_timeout(5000)
        use(page)
        readings = [read(page, server)]
        try:
            for done in range(1, rounds + 1):
                page.wait_for_timeout(1000 * every_s)
                use(page)
                readings.append(read(page, server))
                if done % TELL == 0:
                    print(f"{done} rounds: {readings[-1].heap_mb:.2f} MB", file=sys.stderr, flush=True)
        except (KeyboardInterrupt, Exception) as end:
            # hours of readings are not thrown away with the last
            print(f"ended after {len(readings) - 1} rounds, which are reported: {end!r}", file=sys.stderr)
        return readings


def rows(readings: Sequence[Reading]) -> list[Row]:
    """Return the figures: what was there at first, and what came."""
    first, last = readings[0], readings[-1]
    growth = last.heap_mb - first.heap_mb
    limit = f"the budget, {MOST_GROWTH_MB:g} MB"
    return [
        Row(name="open for", figure=(last.at_s - first.at_s) / 60, unit="min"),
        Row(name="rows of samples", figure=last.ticks - first.ticks, unit="rows"),
        Row(name="rounds of use", figure=len(readings) - 1, unit="rounds"),
        Row(name="heap at first", figure=first.heap_mb, unit="MB"),
        Row(name="heap growth", figure=growth, unit="MB", reference=limit, ratio=growth / MOST_GROWTH_MB),
        Row(name="highest heap between", figure=max(reading.heap_mb for reading in readings), unit="MB"),
        Row(name="DOM nodes more", figure=last.nodes - first.nodes, unit="nodes"),
        Row(name="listeners more", figure=last.listeners - first.listeners, unit="listeners"),
        Row(
            name="canvases",
            figure=last.canvases,
            unit="canvases",
            reference="at first",
            ratio=last.canvases / first.canvases,
        ),
    ]


def main() -> int:
    """Soak, report, and fail where the page grew or the rounds were not all done."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--rounds", type=int, default=720)
    arguments.add_argument("--every", type=float, default=60.0, help="seconds between two rounds")
    arguments.add_argument("--interval", default="1s", help="of the collectors: how often a row comes")
    arguments.add_argument("--results", type=Path)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        readings = soak(Path(folder), rounds=chosen.rounds, every_s=chosen.every, interval=chosen.interval)
    found = rows(readings)
    if chosen.results is None:
        report("page_open", found)
    else:
        report("page_open", found, chosen.results)
    grown = readings[-1].heap_mb - readings[0].heap_mb >= MOST_GROWTH_MB
    ended_early = len(readings) <= chosen.rounds
    return 1 if grown or ended_early or readings[-1].canvases != readings[0].canvases else 0


if __name__ == "__main__":
    sys.exit(main())
