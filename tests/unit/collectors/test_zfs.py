from pathlib import Path

import pytest

from barograph.collectors.zfs import ZfsCollector, ZfsConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = ZfsCollector(host_in(tmp_path, "zfs"), ZfsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_zfs_abd_first": 1,
        "node_zfs_arc_hits": 5,
        "node_zfs_arc_c_max": 1.8446744073709552e19,
        "node_zfs_arc_size": -7,
        "node_zfs_dbuf_first": 1,
        "node_zfs_dmu_tx_first": 1,
        "node_zfs_dnode_first": 1,
        "node_zfs_fm_first": 1,
        "node_zfs_vdev_cache_first": 1,
        "node_zfs_vdev_mirror_first": 1,
        "node_zfs_xuio_first": 1,
        "node_zfs_zfetch_first": 1,
        "node_zfs_zil_first": 1,
        'node_zfs_zpool_nread{zpool="tank"}': 1024,
        'node_zfs_zpool_nwritten{zpool="tank"}': 2048,
        'node_zfs_zpool_reads{zpool="tank"}': 3,
        'node_zfs_zpool_dataset_writes{dataset="tank/my  data", zpool="tank"}': 9,
        'node_zfs_zpool_state{state="online", zpool="tank"}': 0,
        'node_zfs_zpool_state{state="degraded", zpool="tank"}': 1,
        'node_zfs_zpool_state{state="faulted", zpool="tank"}': 0,
        'node_zfs_zpool_state{state="offline", zpool="tank"}': 0,
        'node_zfs_zpool_state{state="removed", zpool="tank"}': 0,
        'node_zfs_zpool_state{state="unavail", zpool="tank"}': 0,
        'node_zfs_zpool_state{state="suspended", zpool="tank"}': 0,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="spl/kstat/zfs does not exist"):
        ZfsCollector(host_in(tmp_path), ZfsConfig()).collect(1)

    (tmp_path / "proc/spl/kstat/zfs/nothing").mkdir(parents=True)
    with pytest.raises(NoDataError):
        ZfsCollector(host_in(tmp_path), ZfsConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/spl/kstat/zfs/arcstats", "name type data\nhits 4 x\n", "is no integer"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "zfs")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        ZfsCollector(host, ZfsConfig()).collect(1)
