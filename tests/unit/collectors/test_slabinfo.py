from pathlib import Path

import pytest

from barograph.collectors.slabinfo import SlabinfoCollector, SlabinfoConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = SlabinfoCollector(host_in(tmp_path, "slabinfo"), SlabinfoConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_slabinfo_active_objects{slab="kmalloc-64"}': 1,
        'node_slabinfo_objects{slab="kmalloc-64"}': 2,
        'node_slabinfo_object_size_bytes{slab="kmalloc-64"}': 64,
        'node_slabinfo_objects_per_slab{slab="kmalloc-64"}': 4,
        'node_slabinfo_pages_per_slab{slab="kmalloc-64"}': 5,
        'node_slabinfo_active_objects{slab="dentry"}': 6,
        'node_slabinfo_objects{slab="dentry"}': 7,
        'node_slabinfo_object_size_bytes{slab="dentry"}': 192,
        'node_slabinfo_objects_per_slab{slab="dentry"}': 8,
        'node_slabinfo_pages_per_slab{slab="dentry"}': 9,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="slabinfo does not exist"):
        SlabinfoCollector(host_in(tmp_path), SlabinfoConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/slabinfo", "dentry x 1 1 1 1\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "slabinfo")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        SlabinfoCollector(host, SlabinfoConfig()).collect(1)


def test_filters(tmp_path: Path) -> None:
    only = SlabinfoCollector(host_in(tmp_path, "slabinfo"), SlabinfoConfig(slabs_include="^dentry$"))
    assert {series.get("slab") for series in only.collect(1).schema.series} == {"dentry"}
