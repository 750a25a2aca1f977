import struct
from pathlib import Path

import pytest

from barograph.collectors.netlink import attribute
from barograph.collectors.qdisc import QdiscCollector, QdiscConfig, queue_of
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import FIXTURES, as_dict, host_in


def test_queues_at_the_root_of_each_device(tmp_path: Path) -> None:
    collector = QdiscCollector(host_in(tmp_path), QdiscConfig(fixtures=str(FIXTURES / "qdisc")))
    batch = collector.collect(1)
    found = as_dict(batch)
    queue = {name.split("{")[0]: value for name, value in found.items() if 'device="eth0", kind="fq_codel"' in name}
    assert queue == {
        "node_qdisc_bytes_total": 1,
        "node_qdisc_packets_total": 2,
        "node_qdisc_drops_total": 3,
        "node_qdisc_requeues_total": 4,
        "node_qdisc_overlimits_total": 5,
        "node_qdisc_current_queue_length": 6,
        "node_qdisc_backlog": 7,
    }
    assert len(found) == 14
    assert collector.collect(2).schema is batch.schema
    collector.close()
    only_lo = QdiscCollector(host_in(tmp_path), QdiscConfig(fixtures=str(FIXTURES / "qdisc"), device_include="^lo$"))
    assert len(as_dict(only_lo.collect(1))) == 7


def test_files_that_hold_no_queues(tmp_path: Path) -> None:
    collector = QdiscCollector(host_in(tmp_path), QdiscConfig(fixtures=str(tmp_path)))
    with pytest.raises(NoDataError, match=r"results\.json"):
        collector.collect(1)
    for text in ("{", '[{"Bytes": "many"}]'):
        (tmp_path / "results.json").write_text(text)
        with pytest.raises(CollectError, match="holds no queues"):
            collector.collect(1)


def test_the_running_kernel_answers(tmp_path: Path) -> None:
    collector = QdiscCollector(host_in(tmp_path), QdiscConfig())
    batch = collector.collect(1)
    devices = {labels.get("device") for labels in batch.schema.series}
    assert devices <= {path.name for path in Path("/sys/class/net").iterdir()}
    assert len(batch.schema) % 7 == 0
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_a_message_of_the_kernel() -> None:
    header = struct.pack("=BBHiIII", 0, 0, 0, 1, 0x10000, 0xFFFFFFFF, 2)
    numbers = attribute(1, struct.pack("=QI", 2**40, 7)) + attribute(3, struct.pack("=IIIII", 1, 2, 3, 4, 5))
    wide = attribute(8, struct.pack("=Q", 2**33))
    queue = queue_of(header + attribute(1, b"fq\0") + attribute(7 | 0x8000, numbers))
    assert (queue.device, queue.kind, queue.parent, queue.bytes, queue.packets) == ("lo", "fq", 0, 2**40, 7)
    assert (queue.qlen, queue.backlog, queue.drops, queue.requeues, queue.overlimits) == (1, 2, 3, 4, 5)
    assert queue_of(header + attribute(7, numbers + wide)).packets == 2**33
    child = struct.pack("=BBHiIII", 0, 0, 0, 2**30, 0x20000, 0x10001, 2)
    queue = queue_of(child + attribute(1, b"pfifo\0"))
    assert (queue.device, queue.parent, queue.bytes) == ("", 0x10001, 0)
