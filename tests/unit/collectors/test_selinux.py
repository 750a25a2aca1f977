from pathlib import Path

from barograph.collectors.selinux import SelinuxCollector, SelinuxConfig
from helpers.collectors import as_dict, host_in, lay_out


def test_what_is_there(tmp_path: Path) -> None:
    collector = SelinuxCollector(host_in(tmp_path, "selinux"), SelinuxConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_selinux_enabled": 1,
        "node_selinux_config_mode": 1,
        "node_selinux_current_mode": 0,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_without_selinux(tmp_path: Path) -> None:
    assert as_dict(SelinuxCollector(host_in(tmp_path), SelinuxConfig()).collect(1)) == {"node_selinux_enabled": 0}
    lay_out(tmp_path, {"sys/fs/selinux/enforce": "1", "etc/x": ""})
    found = as_dict(SelinuxCollector(host_in(tmp_path), SelinuxConfig()).collect(1))
    assert (found["node_selinux_current_mode"], found["node_selinux_config_mode"]) == (1, -1)
