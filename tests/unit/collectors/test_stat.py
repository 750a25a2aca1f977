from pathlib import Path

import pytest

from barograph.collectors.stat import StatCollector, StatConfig
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, families_of, host_in


def test_the_machines_counters(tmp_path: Path) -> None:
    collector = StatCollector(host_in(tmp_path, "stat"), StatConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_intr_total": 274555,
        "node_context_switches_total": 564070,
        "node_boot_time_seconds": 1795429301,
        "node_forks_total": 11712,
        "node_procs_running": 3,
        "node_procs_blocked": 1,
    }
    families = families_of(batch)
    assert families["node_forks_total"].type is MetricType.COUNTER
    assert families["node_boot_time_seconds"].type is MetricType.GAUGE
    path = tmp_path / "proc/stat"
    path.write_text(path.read_text().replace("ctxt 564070", "ctxt 99999999999"))
    again = collector.collect(2)
    assert again.schema is batch.schema
    assert as_dict(again)["node_context_switches_total"] == 99999999999
    collector.close()


def test_soft_interrupts_by_vector(tmp_path: Path) -> None:
    found = as_dict(StatCollector(host_in(tmp_path, "stat"), StatConfig(softirq=True)).collect(1))
    vectors = {name.split('"')[1]: value for name, value in found.items() if "softirqs" in name}
    assert vectors == {
        "hi": 11,
        "timer": 40478,
        "net_tx": 8,
        "net_rx": 14122,
        "block": 65273,
        "block_iopoll": 12,
        "tasklet": 56,
        "sched": 61226,
        "hrtimer": 13,
        "rcu": 46852,
    }


@pytest.mark.parametrize(
    "text", ["cpu 1 2\n", "cpu 1\nintr 5", "cpu 1\nintr 5 6\nctxt many\n", "cpu 1\nintr odd 6\nctxt 1\n"]
)
def test_what_is_no_stat_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "stat")
    (tmp_path / "proc/stat").write_text(text)
    with pytest.raises(CollectError, match="stat"):
        StatCollector(host, StatConfig()).collect(1)
