from pathlib import Path

import pytest

from barograph.collectors.lnstat import LnstatCollector, LnstatConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def _key(name: str, cache: str, cpu: int) -> str:
    return f'node_lnstat_{name}_total{{cpu="{cpu}", subsystem="{cache}"}}'


def test_every_field_of_every_cache_by_cpu(tmp_path: Path) -> None:
    collector = LnstatCollector(host_in(tmp_path, "lnstat"), LnstatConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert len(found) == 12
    assert found[_key("entries", "arp_cache", 0)] == 3
    assert found[_key("in_hit", "rt_cache", 1)] == 255
    assert found[_key("in_slow_tot", "rt_cache", 1)] == 16
    assert collector.collect(2).schema is batch.schema
    (tmp_path / "proc/net/stat/nf_conntrack").write_text("entries new\n1 2\n")
    assert as_dict(collector.collect(3))[_key("new", "nf_conntrack", 0)] == 2
    collector.close()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    host = host_in(tmp_path, "lnstat")
    folder = tmp_path / "proc/net/stat"
    (folder / "gone").symlink_to("nowhere")
    assert len(as_dict(LnstatCollector(host, LnstatConfig()).collect(1))) == 12
    (folder / "arp_cache").write_text("entries\nodd\n")
    with pytest.raises(CollectError, match="arp_cache: a counter is not a number"):
        LnstatCollector(host, LnstatConfig()).collect(1)
    with pytest.raises(NoDataError, match="net/stat does not exist"):
        LnstatCollector(host_in(tmp_path / "none"), LnstatConfig()).collect(1)
