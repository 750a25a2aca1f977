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

from helpers.server import eventually

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
        eventually(lambda: _figure(page, "CPU", "user") is not None, 5, "the figure of the second held")


def test_cpu_agrees_with_proc_stat_of_the_same_seconds(open_page: Callable[..., "Page"]) -> None:
    page = open_page()
    base = page.url.split("?")[0]
    with _busy(1):
        ticks = _at_each_second(5, _user_ticks)
    seconds = sorted(ticks)[1:]
    kernel = {s: 100 * (ticks[s] - ticks[s - 1]) / TICKS / CORES for s in seconds}
    shown: dict[int, float] = {}
    for second in seconds:
        _hold(page, base, second)
        value = _figure(page, "CPU", "user")
        if value is not None:
            shown[second] = value
    assert len(shown) >= len(seconds) - 1
    # the two readers look some milliseconds apart, and the kernel counts in hundredths of a second
    mean_off = sum(abs(shown[s] - kernel[s]) for s in shown) / len(shown)
    assert mean_off < 6, (shown, kernel)
    assert max(shown.values()) > 60 / CORES


def test_memory_agrees_with_proc_meminfo(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page()
    unit = page.locator("figure[aria-label='Memory'] .unit").inner_text()
    factor = {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}[unit]

    def agrees() -> bool:
        now = _memory_bytes()
        cache = now["Cached"] + now["SReclaimable"]
        kernel = now["SUnreclaim"] + now["PageTables"] + now["KernelStack"]
        used = now["MemTotal"] - now["MemFree"] - now["Buffers"] - cache - kernel
        wanted = {"used": used, "kernel": kernel, "buffers": now["Buffers"], "cache": cache}
        room = 0.1 + 0.02 * now["MemTotal"] / factor
        figures = {name: _figure(page, "Memory", name) for name in wanted}
        return all(figures[n] is not None and abs(figures[n] - wanted[n] / factor) < room for n in wanted)  # type: ignore[operator]  # not None here

    soon(agrees, 10, "memory on the page as in /proc/meminfo")


def test_stress_is_seen(
    open_page: Callable[..., "Page"], soon: Callable[..., Any], record_property: Callable[[str, object], None]
) -> None:
    page = open_page()
    started = time.monotonic()
    with _busy(CORES):
        soon(lambda: (_figure(page, "CPU", "user") or 0) > 60, 15, "the busy loop on the page")
        record_property("stress_seen_after_s", round(time.monotonic() - started, 1))


def test_figures_follow_the_pointer_and_come_back(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=5m")
    soon(lambda: _figure(page, "CPU", "user") is not None, 10, "a first figure")
    box = page.locator("[data-plot]").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    soon(lambda: "showing" in page.locator(".hint").inner_text(), 5, "the pointer's second")
    # long before this server was started: nothing is known, and nothing is what is said
    assert _figure(page, "CPU", "user") is None
    assert _figure(page, "Network", "in, up") is None
    page.mouse.move(box["x"] + 60, box["y"] - 60)
    soon(lambda: _figure(page, "CPU", "user") is not None, 5, "the newest figure again")
