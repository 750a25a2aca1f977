from pathlib import Path

import pytest

from barograph.collectors.dmmultipath import DmmultipathCollector, DmmultipathConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = DmmultipathCollector(host_in(tmp_path, "dmmultipath"), DmmultipathConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_dmmultipath_device_info{device="mpatha", sysfs_name="dm-0", uuid="mpath-36"}': 1,
        'node_dmmultipath_device_active{device="mpatha", sysfs_name="dm-0"}': 1,
        'node_dmmultipath_device_size_bytes{device="mpatha", sysfs_name="dm-0"}': 2048,
        'node_dmmultipath_device_paths{device="mpatha", sysfs_name="dm-0"}': 2,
        'node_dmmultipath_device_paths_active{device="mpatha", sysfs_name="dm-0"}': 1,
        'node_dmmultipath_device_paths_failed{device="mpatha", sysfs_name="dm-0"}': 1,
        'node_dmmultipath_path_state{device="mpatha", path="sda", state="running"}': 1,
        'node_dmmultipath_path_state{device="mpatha", path="sdb", state="unknown"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="block does not exist"):
        DmmultipathCollector(host_in(tmp_path), DmmultipathConfig()).collect(1)

    (tmp_path / "sys/block/sda").mkdir(parents=True)
    with pytest.raises(NoDataError):
        DmmultipathCollector(host_in(tmp_path), DmmultipathConfig()).collect(1)
