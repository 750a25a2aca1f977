# ruff: noqa: E501  a series stands in one line
from pathlib import Path

import pytest

from barograph.collectors.bcache import BcacheCollector, BcacheConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = BcacheCollector(host_in(tmp_path, "bcache"), BcacheConfig(priority_stats=True))
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_bcache_average_key_size_sectors{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_bcache_btree_cache_size_bytes{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2548,
        'node_bcache_cache_available_percent{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_bcache_congested{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_bcache_root_usage_percent{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2,
        'node_bcache_tree_depth{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 3,
        'node_bcache_active_journal_entries{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4,
        'node_bcache_btree_nodes{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 5,
        'node_bcache_btree_read_average_duration_seconds{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1.305e-06,
        'node_bcache_cache_read_races_total{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 6,
        'node_bcache_bypassed_bytes_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1150976,
        'node_bcache_cache_hits_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_bcache_cache_misses_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_bcache_cache_bypass_hits_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2,
        'node_bcache_cache_bypass_misses_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 3,
        'node_bcache_cache_miss_collisions_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4,
        'node_bcache_cache_readaheads_total{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 5,
        'node_bcache_dirty_data_bytes{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_bcache_writeback_rate{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4096,
        'node_bcache_dirty_target_bytes{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1073741824,
        'node_bcache_writeback_rate_proportional_term{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2548,
        'node_bcache_writeback_rate_integral_term{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_bcache_writeback_change{backing_device="bdev0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': -1024,
        'node_bcache_io_errors{cache_device="cache0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 0,
        'node_bcache_metadata_written_bytes_total{cache_device="cache0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1024,
        'node_bcache_written_bytes_total{cache_device="cache0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 512,
        'node_bcache_priority_stats_unused_percent{cache_device="cache0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 99,
        'node_bcache_priority_stats_metadata_percent{cache_device="cache0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="fs/bcache does not exist"):
        BcacheCollector(host_in(tmp_path), BcacheConfig()).collect(1)

    (tmp_path / "sys/fs/bcache/x").mkdir(parents=True)
    with pytest.raises(NoDataError):
        BcacheCollector(host_in(tmp_path), BcacheConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        (
            "sys/fs/bcache/1b4e28ba-2fa1-11d2-883f-0016d3cca427/average_key_size",
            "x\n",
            "is not as the kernel writes it",
        ),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "bcache")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        BcacheCollector(host, BcacheConfig()).collect(1)


def test_what_costs_is_shown_only_where_asked_for(tmp_path: Path) -> None:
    found = as_dict(BcacheCollector(host_in(tmp_path, "bcache"), BcacheConfig()).collect(1))
    assert not any("priority" in series for series in found)
