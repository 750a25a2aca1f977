"""The benchmark and the soak of the page, short: they run, and measure what they say; figures need quiet machines."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[3]


def _load(path: Path) -> ModuleType:
    sys.path[:0] = [str(path.parent), str(ROOT / "benchmarks")]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _has_browser() -> bool:
    return importlib.util.find_spec("playwright") is not None and Path("/usr/bin/chromium").exists()


@pytest.mark.skipif(not _has_browser(), reason="there is no chromium, or no playwright, on this machine")
def test_the_benchmark_measures_every_budget(tmp_path: Path) -> None:
    rows = _load(ROOT / "benchmarks" / "bench_page.py").measure(tmp_path, runs=1, presses=1, seconds=5, moves=20)
    names = [row.name for row in rows]
    for wanted in (
        "JavaScript",
        "CSS",
        "first paint",
        "first chart",
        "interaction",
        "pointer move",
        "points live",
        "longest frame",
    ):
        assert any(wanted in name for name in names), wanted
    assert all(row.figure > 0 for row in rows if row.reference)
    # what is loaded is no matter of how busy a machine is
    assert all(row.ratio < 1 for row in rows if "at start" in row.name)
    drawn = next(row.name for row in rows if "points live" in row.name)
    assert int(drawn.split()[0]) >= 15


@pytest.mark.skipif(not _has_browser(), reason="there is no chromium, or no playwright, on this machine")
def test_the_page_does_not_grow_while_it_is_used(tmp_path: Path) -> None:
    soak = _load(ROOT / "tools" / "soak_page.py")
    readings = soak.soak(tmp_path, rounds=2, every_s=2, interval="200ms")
    assert readings[-1].heap_mb - readings[0].heap_mb < 5
    assert readings[-1].canvases == readings[0].canvases > 6
    assert readings[-1].nodes < 1.2 * readings[0].nodes
    figures = {row.name: row.figure for row in soak.rows(readings)}
    assert figures["rounds of use"] == 2
    # five a second, where the machine has the time
    assert figures["rows of samples"] == readings[-1].ticks - readings[0].ticks > 10
    assert figures["heap growth"] == readings[-1].heap_mb - readings[0].heap_mb
