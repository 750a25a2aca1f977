import shutil
import subprocess
from pathlib import Path

import pytest

from barograph.rules.ruletext import write_groups
from barograph.rules.stock.table import STOCK, stock_thresholds
from barograph.rules.thresholds import compile_thresholds


@pytest.mark.parametrize("name", STOCK)
def test_each_says_what_it_is_and_what_to_do(name: str) -> None:
    threshold = stock_thresholds()[name]
    assert threshold.enabled
    assert set(threshold.annotations) == {"summary", "description", "runbook"}
    runbook = threshold.annotations["runbook"]
    for part in ("**What it means.** ", "**What to look at.** ", "**How to quiet it.** "):
        assert part in runbook
    assert "{{ $labels.instance }}" in threshold.annotations["summary"]


def test_what_the_issue_asks_for_is_there() -> None:
    assert {
        "CpuBusy", "MemoryLow", "SwapFull", "OomKill", "DiskSpaceLow", "DiskFillingUp", "InodesLow", "InodesFillingUp",
        "FilesystemReadOnly", "DiskSaturated", "CpuPressure", "MemoryPressure", "IoPressure", "NetworkErrors",
        "ClockSkew", "UnitFailed", "CollectorDown", "StoreReadOnly", "StoreDiskLow", "Watchdog",
    } <= set(STOCK)  # fmt: skip


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "stock.yml"
    file.write_text(write_groups(compile_thresholds(list(stock_thresholds().values()))))
    answer = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    count = sum(1 + len(threshold.limits) for threshold in stock_thresholds().values())
    assert f"SUCCESS: {count} rules found" in answer.stdout
