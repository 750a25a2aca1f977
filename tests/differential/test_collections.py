"""The expressions of published rules and dashboards, over a host's series: Prometheus and our engine agree."""

from collections.abc import Iterator

import numpy as np
import pytest

from barograph.model.labels import Labels
from differential.world import START_S, Both, Group, Question, difference, feed
from helpers.expressions import dashboard_expressions, rule_expressions
from peers import prometheus

pytestmark = pytest.mark.e2e
LENGTH_S = 900
COUNTERS = (
    "node_cpu_seconds_total", "node_disk_io_time_seconds_total", "node_disk_read_bytes_total", "node_vmstat_pgmajfault",
    "node_disk_written_bytes_total", "node_network_receive_bytes_total", "node_network_transmit_bytes_total",
    "node_network_receive_errs_total", "node_network_receive_packets_total", "node_network_transmit_errs_total",
    "node_network_transmit_packets_total", "node_disk_read_time_seconds_total", "node_disk_reads_completed_total",
    "node_disk_write_time_seconds_total", "node_disk_writes_completed_total",
    "node_disk_io_time_weighted_seconds_total",
)  # fmt: skip
GAUGES = (
    "node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", "node_memory_MemFree_bytes", "node_load1",
    "node_memory_Buffers_bytes", "node_memory_Cached_bytes", "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_filesystem_files", "node_filesystem_files_free", "node_filesystem_readonly", "node_timex_offset_seconds",
    "node_filesystem_device_error", "node_hwmon_temp_celsius", "node_systemd_unit_state", "up", "node_uname_info",
    "node_memory_SwapFree_bytes", "node_memory_SwapTotal_bytes", "node_boot_time_seconds", "node_time_seconds",
)  # fmt: skip


def host() -> list[Group]:
    """Two hosts that the expressions select, their samples five seconds apart and off whole seconds."""
    random = np.random.default_rng(11)
    times = START_S * 1000 + 5000 * np.arange(LENGTH_S // 5, dtype=np.int64) + 1_371
    labels: list[Labels] = []
    rows = []
    for instance in ("value", "other:9100"):
        place = {"job": "node", "instance": instance, "cluster": "value"}
        for name in COUNTERS + GAUGES:
            for extra in _places(name):
                labels.append(Labels.of(name, **place, **extra))
                moves = random.gamma(1.0, 20.0, len(times))
                rows.append(1e6 + np.cumsum(moves) if name in COUNTERS else np.round(1e3 * moves, 1))
    return [Group(tuple(labels), times, np.array(rows))]


def _places(name: str) -> list[dict[str, str]]:
    if "cpu" in name:
        return [{"cpu": cpu, "mode": mode} for cpu in "01" for mode in ("idle", "iowait", "steal", "user")]
    if "filesystem" in name:
        return [{"device": "/dev/sda1", "mountpoint": mount, "fstype": "ext4"} for mount in ("/", "/data")]
    if "disk" in name or "network" in name:
        return [{"device": device} for device in ("sda", "eth0")]
    return [{"state": "failed", "name": "a.service"}] if "systemd" in name else [{}]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with prometheus(tmp_path_factory.mktemp("peer")) as peer:
        if peer is None:
            pytest.skip("prometheus is not installed")
        data = host()
        feed(peer, data)
        yield Both(peer, data)


def test_published_expressions_are_answered_alike(both: Both) -> None:
    answered = 0
    found: list[str] = []
    for place, text in [*rule_expressions(), *dashboard_expressions()]:
        for question in (
            Question(text, START_S, START_S + LENGTH_S - 3, 0),
            Question(text, START_S + 600, START_S + 890, 58),
        ):
            theirs = both.theirs(question)
            answered += bool(theirs.series)
            words = difference(text, theirs, both.ours(question))
            if words:
                found.append(f"{place}: {text}\n{words}")
    assert not found, "\n\n".join(found)
    assert answered > 80
