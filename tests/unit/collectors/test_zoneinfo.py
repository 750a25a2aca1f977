from pathlib import Path

import pytest

from barograph.collectors.zoneinfo import ZoneinfoCollector, ZoneinfoConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = ZoneinfoCollector(host_in(tmp_path, "zoneinfo"), ZoneinfoConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_zoneinfo_nr_inactive_anon_pages{node="0", zone="DMA"}': 5,
        'node_zoneinfo_min_pages{node="0", zone="DMA"}': 8,
        'node_zoneinfo_high_pages{node="0", zone="DMA"}': 14,
        'node_zoneinfo_protection_0{node="0", zone="DMA"}': 0,
        'node_zoneinfo_protection_1{node="0", zone="DMA"}': 2039,
        'node_zoneinfo_numa_hit_total{node="0", zone="DMA"}': 7,
        'node_zoneinfo_low_pages{node="0", zone="DMA"}': 1,
        'node_zoneinfo_managed_pages{node="0", zone="DMA"}': 2,
        'node_zoneinfo_scanned_pages{node="0", zone="DMA"}': 4,
        'node_zoneinfo_present_pages{node="0", zone="DMA"}': 5,
        'node_zoneinfo_spanned_pages{node="0", zone="DMA"}': 6,
        'node_zoneinfo_nr_active_anon_pages{node="0", zone="DMA"}': 7,
        'node_zoneinfo_nr_active_file_pages{node="0", zone="DMA"}': 8,
        'node_zoneinfo_nr_anon_pages{node="0", zone="DMA"}': 9,
        'node_zoneinfo_nr_anon_transparent_hugepages{node="0", zone="DMA"}': 10,
        'node_zoneinfo_nr_dirty_pages{node="0", zone="DMA"}': 11,
        'node_zoneinfo_nr_file_pages{node="0", zone="DMA"}': 12,
        'node_zoneinfo_nr_free_pages{node="0", zone="DMA"}': 13,
        'node_zoneinfo_nr_inactive_file_pages{node="0", zone="DMA"}': 15,
        'node_zoneinfo_nr_isolated_anon_pages{node="0", zone="DMA"}': 16,
        'node_zoneinfo_nr_isolated_file_pages{node="0", zone="DMA"}': 17,
        'node_zoneinfo_nr_kernel_stacks{node="0", zone="DMA"}': 18,
        'node_zoneinfo_nr_mapped_pages{node="0", zone="DMA"}': 19,
        'node_zoneinfo_nr_shmem_pages{node="0", zone="DMA"}': 20,
        'node_zoneinfo_nr_slab_reclaimable_pages{node="0", zone="DMA"}': 21,
        'node_zoneinfo_nr_slab_unreclaimable_pages{node="0", zone="DMA"}': 22,
        'node_zoneinfo_nr_unevictable_pages{node="0", zone="DMA"}': 23,
        'node_zoneinfo_nr_writeback_pages{node="0", zone="DMA"}': 24,
        'node_zoneinfo_nr_dirtied_total{node="0", zone="DMA"}': 25,
        'node_zoneinfo_nr_written_total{node="0", zone="DMA"}': 26,
        'node_zoneinfo_numa_foreign_total{node="0", zone="DMA"}': 27,
        'node_zoneinfo_numa_interleave_total{node="0", zone="DMA"}': 29,
        'node_zoneinfo_numa_local_total{node="0", zone="DMA"}': 30,
        'node_zoneinfo_numa_miss_total{node="0", zone="DMA"}': 31,
        'node_zoneinfo_numa_other_total{node="0", zone="DMA"}': 32,
        'node_zoneinfo_min_pages{node="1", zone="Normal"}': 9,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="zoneinfo does not exist"):
        ZoneinfoCollector(host_in(tmp_path), ZoneinfoConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/zoneinfo", "Node 0, zone DMA\n min x\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "zoneinfo")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        ZoneinfoCollector(host, ZoneinfoConfig()).collect(1)
