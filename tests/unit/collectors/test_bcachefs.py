# ruff: noqa: E501  a series stands in one line
from pathlib import Path

import pytest

from barograph.collectors.bcachefs import BcachefsCollector, BcachefsConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = BcachefsCollector(host_in(tmp_path, "bcachefs"), BcachefsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_bcachefs_info{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_bcachefs_btree_cache_size_bytes{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1536,
        'node_bcachefs_compression_compressed_bytes{algorithm="lz4", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1048576,
        'node_bcachefs_compression_uncompressed_bytes{algorithm="lz4", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2097152,
        'node_bcachefs_errors_total{error_type="bset_bad_csum", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2,
        'node_bcachefs_btree_writes_total{type="initial", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 3,
        'node_bcachefs_btree_write_average_size_bytes{type="initial", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 110592,
        'node_bcachefs_data_read_total{uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4831838208,
        'node_bcachefs_device_info{device="0", label="ssd", state="[rw] ro", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
        'node_bcachefs_device_bucket_size_bytes{device="0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 524288,
        'node_bcachefs_device_buckets{device="0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 100,
        'node_bcachefs_device_durability{device="0", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 2,
        'node_bcachefs_device_io_done_bytes_total{data_type="sb", device="0", operation="read", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 4096,
        'node_bcachefs_device_io_done_bytes_total{data_type="sb", device="0", operation="write", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 8192,
        'node_bcachefs_device_io_errors_total{device="0", type="read", uuid="1b4e28ba-2fa1-11d2-883f-0016d3cca427"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="fs/bcachefs does not exist"):
        BcachefsCollector(host_in(tmp_path), BcachefsConfig()).collect(1)

    (tmp_path / "sys/fs/bcachefs").mkdir(parents=True)
    with pytest.raises(NoDataError):
        BcachefsCollector(host_in(tmp_path), BcachefsConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sys/fs/bcachefs/1b4e28ba-2fa1-11d2-883f-0016d3cca427/errors", "bad x 1\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "bcachefs")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        BcachefsCollector(host, BcachefsConfig()).collect(1)
