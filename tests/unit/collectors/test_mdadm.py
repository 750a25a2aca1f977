from pathlib import Path

import pytest

from barograph.collectors.mdadm import MdadmCollector, MdadmConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = MdadmCollector(host_in(tmp_path, "mdadm"), MdadmConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_md_state{device="md0", state="active"}': 0,
        'node_md_state{device="md0", state="inactive"}': 0,
        'node_md_state{device="md0", state="recovering"}': 1,
        'node_md_state{device="md0", state="resync"}': 0,
        'node_md_state{device="md0", state="check"}': 0,
        'node_md_disks{device="md0", state="active"}': 1,
        'node_md_disks{device="md0", state="failed"}': 1,
        'node_md_disks{device="md0", state="spare"}': 1,
        'node_md_disks_required{device="md0"}': 2,
        'node_md_blocks{device="md0"}': 100,
        'node_md_blocks_synced{device="md0"}': 16,
        'node_md_state{device="md1", state="active"}': 1,
        'node_md_state{device="md1", state="inactive"}': 0,
        'node_md_state{device="md1", state="recovering"}': 0,
        'node_md_state{device="md1", state="resync"}': 0,
        'node_md_state{device="md1", state="check"}': 0,
        'node_md_disks{device="md1", state="active"}': 2,
        'node_md_disks{device="md1", state="failed"}': 0,
        'node_md_disks{device="md1", state="spare"}': 0,
        'node_md_disks_required{device="md1"}': 2,
        'node_md_blocks{device="md1"}': 50,
        'node_md_blocks_synced{device="md1"}': 50,
        'node_md_state{device="md2", state="active"}': 0,
        'node_md_state{device="md2", state="inactive"}': 1,
        'node_md_state{device="md2", state="recovering"}': 0,
        'node_md_state{device="md2", state="resync"}': 0,
        'node_md_state{device="md2", state="check"}': 0,
        'node_md_disks{device="md2", state="active"}': 0,
        'node_md_disks{device="md2", state="failed"}': 0,
        'node_md_disks{device="md2", state="spare"}': 1,
        'node_md_disks_required{device="md2"}': 0,
        'node_md_blocks{device="md2"}': 7,
        'node_md_blocks_synced{device="md2"}': 7,
        'node_md_state{device="md3", state="active"}': 0,
        'node_md_state{device="md3", state="inactive"}': 0,
        'node_md_state{device="md3", state="recovering"}': 0,
        'node_md_state{device="md3", state="resync"}': 1,
        'node_md_state{device="md3", state="check"}': 0,
        'node_md_disks{device="md3", state="active"}': 2,
        'node_md_disks{device="md3", state="failed"}': 0,
        'node_md_disks{device="md3", state="spare"}': 0,
        'node_md_disks_required{device="md3"}': 2,
        'node_md_blocks{device="md3"}': 9,
        'node_md_blocks_synced{device="md3"}': 0,
        'node_md_raid_disks{device="md0"}': 2,
        'node_md_degraded{device="md0"}': 1,
        'node_md_raid_disks{device="md1"}': 2,
        'node_md_degraded{device="md1"}': 0,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="mdstat does not exist"):
        MdadmCollector(host_in(tmp_path), MdadmConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/mdstat", "md0 : active raid1 sda1[0]\n      5 blocks\n", "does not tell how many disks"),
        ("proc/mdstat", "md0\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "mdadm")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        MdadmCollector(host, MdadmConfig()).collect(1)
