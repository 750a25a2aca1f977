from pathlib import Path

import pytest

from barograph.collectors.ksmd import KsmdCollector, KsmdConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = KsmdCollector(host_in(tmp_path, "ksmd"), KsmdConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_ksmd_full_scans_total": 3,
        "node_ksmd_general_profit_bytes": -64,
        "node_ksmd_merge_across_nodes": 2,
        "node_ksmd_pages_shared": 3,
        "node_ksmd_pages_sharing": 4,
        "node_ksmd_pages_to_scan": 5,
        "node_ksmd_pages_unshared": 6,
        "node_ksmd_pages_volatile": 7,
        "node_ksmd_run": 8,
        "node_ksmd_sleep_seconds": 0.02,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="ksm does not exist"):
        KsmdCollector(host_in(tmp_path), KsmdConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("sys/kernel/mm/ksm/full_scans", "x\n", "kernel/mm/ksm"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "ksmd")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        KsmdCollector(host, KsmdConfig()).collect(1)
