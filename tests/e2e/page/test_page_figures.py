"""What the page says is what the kernel says of the same second."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.server import Server, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

CORES = os.cpu_count() or 1
TICKS = os.sysconf("SC_CLK_TCK")


def _figure(page: "Page", track: str, name: str) -> float | None:
    """The legend's value; None where the page says that there is none, or is still reading."""
    text = page.locator(f"figure[aria-label='{track}'] li", has_text=name).locator(".value").inner_text()
    return None if text in ("", "no data") else float(text.replace(",", ""))


@contextmanager
def _busy(processes: int) -> Iterator[None]:
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _user_ticks() -> int:
    return int(Path("/proc/stat").read_text().split("\n", 1)[0].split()[1])


def _memory_bytes() -> dict[str, int]:
    rows = re.findall(r"^(\w+):\s+(\d+) kB$", Path("/proc/meminfo").read_text(), flags=re.M)
    return {name: int(size) * 1024 for name, size in rows}


def _at_each_second(seconds: int, read: Callable[[], int]) -> dict[int, int]:
    """Read just after each of the next whole seconds of the wall clock, as the ticker does."""
    found: dict[int, int] = {}
    for _ in range(seconds + 1):
        now_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        second = now_ns // 1_000_000_000 + 1
        time.sleep((second * 1_000_000_000 - now_ns) / 1e9)
        found[second] = read()
    return found


def _hold(page: "Page", base: str, second: int) -> None:
    at = datetime.fromtimestamp(second, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    page.goto(f"{base}?range=5m&at={at}")
    page.wait_for_selector(".flag.held > span")
    # the picture is read from the store; a second that the store does not have stays without a figure
    with contextlib.suppress(AssertionError):
        eventually(lambda: _figure(page, "CPU", "user") is not None, 15, "the figure of the second held")


def _page_and_kernel(page: "Page", base: str) -> list[tuple[float, float]]:
    """Percent of user time in some busy seconds: as the page says, and as the kernel does."""
    with _busy(1):
        ticks = _at_each_second(5, _user_ticks)
    found = []
    for second in sorted(ticks)[1:]:
        _hold(page, base, second)
        shown = _figure(page, "CPU", "user")
        # a second that the test or the server slept through is none to compare
        if shown is not None and second - 1 in ticks:
            found.append((shown, 100 * (ticks[second] - ticks[second - 1]) / TICKS / CORES))
    return found


def test_cpu_agrees_with_proc_stat_of_the_same_seconds(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()
    base = f"{server.url}/"

    def agrees() -> bool:
        found = _page_and_kernel(page, base)
        if len(found) < 4:
            return False
        # the two look some milliseconds apart, more on a busy machine; the kernel counts in hundredths of a second
        mean_off = sum(abs(shown - kernel) for shown, kernel in found) / len(found)
        return mean_off < 6 and max(shown for shown, _ in found) > 60 / CORES

    soon(agrees, 180, "the same seconds on the page as in /proc/stat")


def test_memory_agrees_with_proc_meminfo(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    factors = {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}

    def agrees() -> bool:
        # the unit is of what is drawn
        factor = factors.get(page.locator("figure[aria-label='Memory'] .unit").inner_text())
        if factor is None:
            return False
        now = _memory_bytes()
        cache = now["Cached"] + now["SReclaimable"]
        kernel = now["SUnreclaim"] + now["PageTables"] + now["KernelStack"]
        used = now["MemTotal"] - now["MemFree"] - now["Buffers"] - cache - kernel
        wanted = {"used": used, "kernel": kernel, "buffers": now["Buffers"], "cache": cache}
        room = 0.1 + 0.02 * now["MemTotal"] / factor
        figures = {name: _figure(page, "Memory", name) for name in wanted}
        return all(figures[n] is not None and abs(figures[n] - wanted[n] / factor) < room for n in wanted)  # type: ignore[operator]  # not None here

    soon(agrees, 30, "memory on the page as in /proc/meminfo")


def test_stress_is_seen(
    open_page: Callable[..., "Page"], soon: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    page = open_page()
    started = time.monotonic()
    with _busy(CORES):
        soon(lambda: (_figure(page, "CPU", "user") or 0) > 60, 30, "the busy loop on the page")
        record_property("stress_seen_after_s", round(time.monotonic() - started, 1))


def test_figures_follow_the_pointer_and_come_back(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=6h")
    soon(lambda: _figure(page, "CPU", "user") is not None, 30, "a first figure")
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    soon(lambda: "showing" in page.locator(".hint").inner_text(), 30, "the pointer's second")
    # long before this server was started: nothing is known, and nothing is what is said
    soon(lambda: _figure(page, "CPU", "user") is None, 30, "no figure")
    assert _figure(page, "Network", "in, up") is None
    page.mouse.move(box["x"] + 60, box["y"] - 60)
    soon(lambda: _figure(page, "CPU", "user") is not None, 30, "the newest figure again")
