"""Each stock alert fires on what it is about, at the severity it says, clears again; none fires on a healthy host."""

from typing import Any

import pytest
import yaml

from barograph.rules.group import RuleFile
from barograph.rules.stock.table import STOCK, stock_thresholds
from barograph.rules.thresholds import compile_thresholds
from barograph.rules.trial.running import run_trial
from helpers.clock import FakeClock
from helpers.rule_tests import read_text

FS = '{device="/dev/sda1",fstype="ext4",mountpoint="/"}'
NET = '{device="eth0"}'
IDLE = {
    # two processors that do next to nothing
    'node_cpu_seconds_total{cpu="0",mode="idle"}': "0+9.9x{n}",
    'node_cpu_seconds_total{cpu="1",mode="idle"}': "0+9.8x{n}",
    'node_cpu_seconds_total{cpu="0",mode="user"}': "0+0.1x{n}",
    'node_cpu_seconds_total{cpu="1",mode="user"}': "0+0.1x{n}",
    'node_cpu_seconds_total{cpu="0",mode="iowait"}': "0+0.01x{n}",
    'node_cpu_seconds_total{cpu="1",mode="iowait"}': "0+0x{n}",
    'node_cpu_seconds_total{cpu="0",mode="steal"}': "0+0x{n}",
    'node_cpu_seconds_total{cpu="1",mode="steal"}': "0+0x{n}",
    "node_pressure_cpu_waiting_seconds_total": "0+0.05x{n}",
    "node_pressure_io_waiting_seconds_total": "0+0.02x{n}",
    "node_pressure_memory_waiting_seconds_total": "0x{n}",
    "node_memory_MemAvailable_bytes": "12e9-1e3x{n}",
    "node_memory_MemTotal_bytes": "16e9x{n}",
    "node_memory_SwapFree_bytes": "2e9x{n}",
    "node_memory_SwapTotal_bytes": "2e9x{n}",
    "node_vmstat_pswpin": "100x{n}",
    "node_vmstat_pswpout": "100x{n}",
    "node_vmstat_oom_kill": "3x{n}",
    f"node_filesystem_avail_bytes{FS}": "40e9-1e5x{n}",
    f"node_filesystem_size_bytes{FS}": "100e9x{n}",
    f"node_filesystem_files{FS}": "6e6x{n}",
    f"node_filesystem_files_free{FS}": "5e6x{n}",
    f"node_filesystem_readonly{FS}": "0x{n}",
    # read-only from the beginning, and full, as such images are
    'node_filesystem_readonly{device="/dev/loop0",fstype="ext4",mountpoint="/image"}': "1x{n}",
    'node_filesystem_avail_bytes{device="/dev/loop0",fstype="ext4",mountpoint="/image"}': "0x{n}",
    'node_filesystem_size_bytes{device="/dev/loop0",fstype="ext4",mountpoint="/image"}': "1e9x{n}",
    'node_disk_io_time_weighted_seconds_total{device="sda"}': "0+0.1x{n}",
    f"node_network_receive_errs_total{NET}": "7x{n}",
    f"node_network_transmit_errs_total{NET}": "0x{n}",
    f"node_network_receive_packets_total{NET}": "0+30x{n}",
    f"node_network_transmit_packets_total{NET}": "0+30x{n}",
    "node_timex_offset_seconds": "0.0001x{n}",
    "node_timex_sync_status": "1x{n}",
    'node_systemd_unit_state{name="a.service",state="failed"}': "0x{n}",
    'node_systemd_unit_state{name="a.service",state="active"}': "1x{n}",
    'up{job="node"}': "1x{n}",
    'up{job="barograph"}': "1x{n}",
    'barograph_collector_success{collector="cpu"}': "1x{n}",
    'barograph_collector_success{collector="zfs",reason="absent"}': "0x{n}",
    'barograph_collector_success{collector="perf",reason="denied"}': "0x{n}",
    "barograph_store_read_only": "0x{n}",
    "barograph_store_low_space": "0x{n}",
    "barograph_ticks_total": "0+10x{n}",
    "barograph_ticks_missed_total": "2x{n}",
    "barograph_rule_evaluation_failures_total": "0x{n}",
}
"""A healthy host: series, and a value each ten seconds."""
BUSY_CPU = {key: "0+0.1x{n}" if '"idle"' in key else "0+9.9x{n}" for key in IDLE if "cpu_seconds" in key}
FIRES: dict[str, tuple[str, dict[str, str]]] = {
    "CpuBusy": ("critical", {**BUSY_CPU, **{key: "0x{n}" for key in BUSY_CPU if "iowait" in key or "steal" in key}}),
    "CpuPressure": ("critical", {"node_pressure_cpu_waiting_seconds_total": "0+9.9x{n}"}),
    "MemoryLow": ("critical", {"node_memory_MemAvailable_bytes": "0.3e9x{n}"}),
    "MemoryPressure": ("warning", {"node_pressure_memory_waiting_seconds_total": "0+2x{n}"}),
    "SwapFull": ("warning", {"node_memory_SwapFree_bytes": "0.3e9x{n}"}),
    "SwapThrashing": ("warning", {"node_vmstat_pswpin": "0+20000x{n}"}),
    "OomKill": ("warning", {"node_vmstat_oom_kill": "3+1x{n}"}),
    "DiskSpaceLow": ("critical", {f"node_filesystem_avail_bytes{FS}": "1e9x{n}"}),
    "DiskFillingUp": ("critical", {f"node_filesystem_avail_bytes{FS}": "40e9-14e6x{n}"}),
    "InodesLow": ("warning", {f"node_filesystem_files_free{FS}": "0.5e6x{n}"}),
    "InodesFillingUp": ("critical", {f"node_filesystem_files_free{FS}": "2.4e6-850x{n}"}),
    "FilesystemReadOnly": ("critical", {f"node_filesystem_readonly{FS}": "0x100 1x{n}"}),
    "DiskSaturated": ("warning", {'node_disk_io_time_weighted_seconds_total{device="sda"}': "0+300x{n}"}),
    "IoPressure": ("warning", {"node_pressure_io_waiting_seconds_total": "0+6x{n}"}),
    "NetworkErrors": ("warning", {f"node_network_receive_errs_total{NET}": "0+2x{n}"}),
    "ClockSkew": ("warning", {"node_timex_offset_seconds": "-0.1x{n}"}),
    "ClockNotSynchronised": ("warning", {"node_timex_sync_status": "1x100 0x{n}"}),
    "UnitFailed": ("warning", {'node_systemd_unit_state{name="a.service",state="failed"}': "1x{n}"}),
    "HostDown": ("critical", {'up{job="node"}': "0x{n}"}),
    "TargetDown": ("warning", {'up{job="mysql"}': "0x{n}"}),
    "CollectorDown": ("warning", {'barograph_collector_success{collector="cpu",reason="error"}': "0x{n}"}),
    "StoreReadOnly": ("critical", {"barograph_store_read_only": "1x{n}"}),
    "StoreDiskLow": ("warning", {"barograph_store_low_space": "1x{n}"}),
    "Watchdog": ("warning", {"barograph_ticks_missed_total": "0+3x{n}"}),
    "RulesFailing": ("warning", {"barograph_rule_evaluation_failures_total": "0+1x{n}"}),
}
EIGHT_HOURS = 2880
RULES = [RuleFile(name="stock", groups=compile_thresholds(list(stock_thresholds().values())))]


def run(series: dict[str, str], count: int, exprs: list[dict[str, Any]], names: list[str] | None = None) -> list[str]:
    """Run the stock rules over series of so many points, each ten seconds; return what is not as expected."""
    text = yaml.safe_dump(
        {
            "evaluation_interval": "10s" if count < 1000 else "1m",
            "tests": [
                {
                    "input_series": [{"series": s, "values": v.format(n=count)} for s, v in series.items()],
                    "interval": "10s",
                    "promql_expr_test": exprs,
                }
            ],
        }
    )
    trial = read_text(text)
    chosen = [
        RuleFile(name=file.name, groups=tuple(g for g in file.groups if names is None or g.name in names))
        for file in RULES
    ]
    return run_trial(trial, chosen, FakeClock(), trial.groups[0])


def test_each_stock_alert_is_tried() -> None:
    assert set(FIRES) == set(STOCK)


@pytest.mark.parametrize("minutes", [5, 70])
def test_nothing_even_pends_on_a_healthy_idle_host(minutes: int) -> None:
    expr = {"expr": "max_over_time(ALERTS[2h]) or absent(up)", "eval_time": f"{minutes}m", "exp_samples": []}
    assert run(IDLE, minutes * 6, [expr]) == []


@pytest.mark.parametrize("name", sorted(FIRES))
def test_it_fires_and_nothing_else_of_its_kind(name: str) -> None:
    severity, changed = FIRES[name]
    long = name in ("DiskFillingUp", "InodesFillingUp")
    count = EIGHT_HOURS if long else 400
    end = "7h55m" if long else "66m"
    expr = {
        "expr": f'count by (alertname) (ALERTS{{alertstate="firing",severity="{severity}"}})',
        "eval_time": end,
        "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1}],
    }
    assert run({**IDLE, **changed}, count, [expr], [name]) == []


def test_it_clears_below_its_second_value_only() -> None:
    series = {**IDLE, f"node_filesystem_avail_bytes{FS}": "9e9x100 12e9x100 14e9x100"}
    count = 'count(ALERTS{alertstate="firing",severity="warning"}) or vector(0)'
    exprs = [
        {"expr": count, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for at, value in (("1m", 0), ("16m", 1), ("30m", 1), ("45m", 0))
    ]
    assert run(series, 300, exprs, ["DiskSpaceLow"]) == []


def test_a_file_system_stays_read_only_and_recovers() -> None:
    series = {**IDLE, f"node_filesystem_readonly{FS}": "0x30 1x500 0x30"}
    count = 'count(ALERTS{alertstate="firing"}) or vector(0)'
    exprs = [
        {"expr": count, "eval_time": at, "exp_samples": [{"labels": "{}", "value": value}]}
        for at, value in (("4m", 0), ("6m", 1), ("80m", 1), ("91m", 0))
    ]
    assert run(series, 560, exprs, ["FilesystemReadOnly"]) == []
