from pathlib import Path

import pytest

from barograph.collectors.rapl import RaplCollector, RaplConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = RaplCollector(host_in(tmp_path, "rapl"), RaplConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        f'node_rapl_package_joules_total{{index="1", path="{tmp_path}/sys/class/powercap/intel-rapl:0"}}': 2.5,
        f'node_rapl_dram_joules_total{{index="0", path="{tmp_path}/sys/class/powercap/intel-rapl:0:0"}}': 1e-06,
        f'node_rapl_dram_joules_total{{index="1", path="{tmp_path}/sys/class/powercap/intel-rapl:1:0"}}': 2e-06,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="powercap does not exist"):
        RaplCollector(host_in(tmp_path), RaplConfig()).collect(1)

    (tmp_path / "sys/class/powercap/x").mkdir(parents=True)
    with pytest.raises(NoDataError):
        RaplCollector(host_in(tmp_path), RaplConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sys/class/powercap/intel-rapl:0/energy_uj", "x\n", "energy_uj holds no number"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "rapl")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        RaplCollector(host, RaplConfig()).collect(1)


def test_zones_as_a_label(tmp_path: Path) -> None:
    batch = RaplCollector(host_in(tmp_path, "rapl"), RaplConfig(enable_zone_label=True)).collect(1)
    assert {series.get("rapl_zone") for series in batch.schema.series} == {"package", "dram"}
    assert {series.name for series in batch.schema.series} == {"node_rapl_joules_total"}
