from pathlib import Path

import pytest

from barograph.collectors.drbd import DrbdCollector, DrbdConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = DrbdCollector(host_in(tmp_path, "drbd"), DrbdConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_drbd_connected{device="drbd1"}': 1,
        'node_drbd_node_role_is_primary{device="drbd1", node="local"}': 1,
        'node_drbd_node_role_is_primary{device="drbd1", node="remote"}': 0,
        'node_drbd_disk_state_is_up_to_date{device="drbd1", node="local"}': 1,
        'node_drbd_disk_state_is_up_to_date{device="drbd1", node="remote"}': 0,
        'node_drbd_network_sent_bytes_total{device="drbd1"}': 2048,
        'node_drbd_network_received_bytes_total{device="drbd1"}': 3,
        'node_drbd_disk_written_bytes_total{device="drbd1"}': 4096,
        'node_drbd_disk_read_bytes_total{device="drbd1"}': 5120,
        'node_drbd_activitylog_writes_total{device="drbd1"}': 6,
        'node_drbd_bitmap_writes_total{device="drbd1"}': 7,
        'node_drbd_local_pending{device="drbd1"}': 8,
        'node_drbd_remote_pending{device="drbd1"}': 9,
        'node_drbd_remote_unacknowledged{device="drbd1"}': 10,
        'node_drbd_application_pending{device="drbd1"}': 11,
        'node_drbd_epochs{device="drbd1"}': 1,
        'node_drbd_out_of_sync_bytes{device="drbd1"}': 12288,
        'node_drbd_connected{device="drbd2"}': 0,
        'node_drbd_node_role_is_primary{device="drbd2", node="local"}': 0,
        'node_drbd_node_role_is_primary{device="drbd2", node="remote"}': 0,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="drbd does not exist"):
        DrbdCollector(host_in(tmp_path), DrbdConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/drbd", " 1: ns:x\n", "is not as DRBD writes it: ns:x"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "drbd")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        DrbdCollector(host, DrbdConfig()).collect(1)
