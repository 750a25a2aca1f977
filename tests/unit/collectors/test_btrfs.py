# ruff: noqa: E501  a series stands in one line
from pathlib import Path

import pytest

from barograph.collectors.btrfs import BtrfsCollector, BtrfsConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = BtrfsCollector(host_in(tmp_path, "btrfs"), BtrfsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_btrfs_info{label="home", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_btrfs_global_rsv_size_bytes{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 16,
        'node_btrfs_device_size_bytes{device="sda", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4096,
        'node_btrfs_device_size_bytes{device="sdb", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4096,
        'node_btrfs_reserved_bytes{block_group_type="data", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_btrfs_used_bytes{block_group_type="data", mode="raid1c3", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 5,
        'node_btrfs_size_bytes{block_group_type="data", mode="raid1c3", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 7,
        'node_btrfs_allocation_ratio{block_group_type="data", mode="raid1c3", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 3,
        'node_btrfs_used_bytes{block_group_type="metadata", mode="raid5", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_btrfs_allocation_ratio{block_group_type="metadata", mode="raid5", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2,
        'node_btrfs_used_bytes{block_group_type="metadata", mode="raid6", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_btrfs_commits_total{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4,
        'node_btrfs_last_commit_seconds{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0.005,
        'node_btrfs_max_commit_seconds{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0.006,
        'node_btrfs_commit_seconds_total{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0.007,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="fs/btrfs does not exist"):
        BtrfsCollector(host_in(tmp_path), BtrfsConfig()).collect(1)

    (tmp_path / "sys/fs/btrfs/features").mkdir(parents=True)
    with pytest.raises(NoDataError):
        BtrfsCollector(host_in(tmp_path), BtrfsConfig()).collect(1)
