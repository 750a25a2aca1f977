from pathlib import Path

import pytest

from barograph.collectors.xfs import XfsCollector, XfsConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = XfsCollector(host_in(tmp_path, "xfs"), XfsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_xfs_extent_allocation_extents_allocated_total{device="sda1"}': 1,
        'node_xfs_extent_allocation_blocks_allocated_total{device="sda1"}': 2,
        'node_xfs_extent_allocation_extents_freed_total{device="sda1"}': 3,
        'node_xfs_extent_allocation_blocks_freed_total{device="sda1"}': 4,
        'node_xfs_allocation_btree_lookups_total{device="sda1"}': 5,
        'node_xfs_allocation_btree_compares_total{device="sda1"}': 6,
        'node_xfs_allocation_btree_records_inserted_total{device="sda1"}': 7,
        'node_xfs_allocation_btree_records_deleted_total{device="sda1"}': 8,
        'node_xfs_block_mapping_reads_total{device="sda1"}': 1,
        'node_xfs_block_mapping_writes_total{device="sda1"}': 2,
        'node_xfs_block_mapping_unmaps_total{device="sda1"}': 3,
        'node_xfs_block_mapping_extent_list_insertions_total{device="sda1"}': 4,
        'node_xfs_block_mapping_extent_list_deletions_total{device="sda1"}': 5,
        'node_xfs_block_mapping_extent_list_lookups_total{device="sda1"}': 6,
        'node_xfs_block_mapping_extent_list_compares_total{device="sda1"}': 7,
        'node_xfs_block_map_btree_lookups_total{device="sda1"}': 1,
        'node_xfs_block_map_btree_compares_total{device="sda1"}': 2,
        'node_xfs_block_map_btree_records_inserted_total{device="sda1"}': 3,
        'node_xfs_block_map_btree_records_deleted_total{device="sda1"}': 4,
        'node_xfs_directory_operation_lookup_total{device="sda1"}': 1,
        'node_xfs_directory_operation_create_total{device="sda1"}': 2,
        'node_xfs_directory_operation_remove_total{device="sda1"}': 3,
        'node_xfs_directory_operation_getdents_total{device="sda1"}': 4,
        'node_xfs_inode_operation_attempts_total{device="sda1"}': 1,
        'node_xfs_inode_operation_found_total{device="sda1"}': 2,
        'node_xfs_inode_operation_recycled_total{device="sda1"}': 3,
        'node_xfs_inode_operation_missed_total{device="sda1"}': 4,
        'node_xfs_inode_operation_duplicates_total{device="sda1"}': 5,
        'node_xfs_inode_operation_reclaims_total{device="sda1"}': 6,
        'node_xfs_inode_operation_attribute_changes_total{device="sda1"}': 7,
        'node_xfs_write_calls_total{device="sda1"}': 9,
        'node_xfs_read_calls_total{device="sda1"}': 10,
        'node_xfs_vnode_active_total{device="sda1"}': 1,
        'node_xfs_vnode_allocate_total{device="sda1"}': 2,
        'node_xfs_vnode_get_total{device="sda1"}': 3,
        'node_xfs_vnode_hold_total{device="sda1"}': 4,
        'node_xfs_vnode_release_total{device="sda1"}': 5,
        'node_xfs_vnode_reclaim_total{device="sda1"}': 6,
        'node_xfs_vnode_remove_total{device="sda1"}': 7,
        'node_xfs_write_calls_total{device="sdb1"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="fs/xfs does not exist"):
        XfsCollector(host_in(tmp_path), XfsConfig()).collect(1)

    (tmp_path / "sys/fs/xfs/sdb1").mkdir(parents=True)
    with pytest.raises(NoDataError):
        XfsCollector(host_in(tmp_path), XfsConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sys/fs/xfs/sda1/stats/stats", "rw x 1\n", "sda1/stats/stats is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "xfs")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        XfsCollector(host, XfsConfig()).collect(1)
