from pathlib import Path

import pytest

from barograph.collectors.meminfo_numa import MeminfoNumaCollector, MeminfoNumaConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = MeminfoNumaCollector(host_in(tmp_path, "meminfo_numa"), MeminfoNumaConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_memory_numa_MemTotal{node="0"}': 4096,
        'node_memory_numa_Active_anon{node="0"}': 2048,
        'node_memory_numa_HugePages_Total{node="0"}': 1,
        'node_memory_numa_numa_hit_total{node="0"}': 5,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="system/node does not exist"):
        MeminfoNumaCollector(host_in(tmp_path), MeminfoNumaConfig()).collect(1)

    (tmp_path / "sys/devices/system/node/x").mkdir(parents=True)
    with pytest.raises(NoDataError):
        MeminfoNumaCollector(host_in(tmp_path), MeminfoNumaConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: x kB\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "meminfo_numa")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        MeminfoNumaCollector(host, MeminfoNumaConfig()).collect(1)
