from pathlib import Path

import pytest

from barograph.collectors.meminfo import MeminfoCollector, MeminfoConfig, metric_name
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, families_of, host_in


def test_every_field_in_bytes(tmp_path: Path) -> None:
    collector = MeminfoCollector(host_in(tmp_path, "meminfo"), MeminfoConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_memory_MemTotal_bytes": 24684084 * 1024,
        "node_memory_MemFree_bytes": 24213452 * 1024,
        "node_memory_MemAvailable_bytes": 24306040 * 1024,
        "node_memory_Active_anon_bytes": 1568 * 1024,
        "node_memory_HugePages_Total": 2,
        "node_memory_Hugepagesize_bytes": 2048 * 1024,
        "node_memory_DirectMap4k_bytes": 28672 * 1024,
    }
    assert {family.type for family in families_of(batch).values()} == {MetricType.GAUGE}


def test_a_sample_reads_new_values_into_the_same_schema(tmp_path: Path) -> None:
    collector = MeminfoCollector(host_in(tmp_path, "meminfo"), MeminfoConfig())
    schema = collector.collect(1).schema
    path = tmp_path / "proc/meminfo"
    path.write_text(path.read_text().replace("24213452", "       7"))
    batch = collector.collect(2)
    assert batch.schema is schema
    assert as_dict(batch)["node_memory_MemFree_bytes"] == 7 * 1024
    path.write_text(path.read_text() + "Zswap: 3 kB\nZswap: 4 kB\n")
    wider = collector.collect(3)
    assert wider.schema is not schema
    assert as_dict(wider)["node_memory_Zswap_bytes"] == 3 * 1024
    collector.close()


def test_what_is_no_meminfo_is_refused(tmp_path: Path) -> None:
    host = host_in(tmp_path, "meminfo")
    (tmp_path / "proc/meminfo").write_text("odd\n")
    with pytest.raises(CollectError, match="no field"):
        MeminfoCollector(host, MeminfoConfig()).collect(1)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1 kB\n")
    collector = MeminfoCollector(host, MeminfoConfig())
    collector.collect(1)
    (tmp_path / "proc/meminfo").write_text("MemTotal: x kB\n")
    with pytest.raises(CollectError, match="not a number"):
        collector.collect(2)


def test_names_are_those_of_node_exporter() -> None:
    assert metric_name("Inactive(file):", in_bytes=True) == "node_memory_Inactive_file_bytes"
    assert metric_name("HugePages_Rsvd:", in_bytes=False) == "node_memory_HugePages_Rsvd"
