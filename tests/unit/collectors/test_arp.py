import socket
from pathlib import Path

import pytest

from barograph.collectors.arp import ArpCollector, ArpConfig
from barograph.collectors.procfs import Paths
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, host_in, host_of


def test_neighbours_by_device(tmp_path: Path) -> None:
    host = host_in(tmp_path, "arp")
    collector = ArpCollector(host, ArpConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {'node_arp_entries{device="br-7f"}': 1, 'node_arp_entries{device="eth0"}': 2}
    assert collector.collect(2).schema is batch.schema
    collector.close()
    excluding = ArpCollector(host, ArpConfig(device_exclude="^br-"))
    assert as_dict(excluding.collect(1)) == {'node_arp_entries{device="eth0"}': 2}
    (tmp_path / "proc/net/arp").write_text("")
    assert as_dict(excluding.collect(2)) == {}


@pytest.mark.parametrize("line", ["10.0.0.1 0x1\n", "10.0.0.1 0x1 0x2 odd * eth0\n"])
def test_what_is_no_neighbour_is_refused(tmp_path: Path, line: str) -> None:
    host = host_in(tmp_path, "arp")
    (tmp_path / "proc/net/arp").write_text(line)
    with pytest.raises(CollectError, match="arp: not the line of a neighbour"):
        ArpCollector(host, ArpConfig()).collect(1)


def test_the_running_kernel_says_the_same_over_netlink_and_in_its_file() -> None:
    live = host_of(Paths())
    asking, reading = (ArpCollector(live, ArpConfig(netlink=netlink)) for netlink in (True, False))
    # neighbours come and go: at most a few reads differ
    pairs = ((as_dict(asking.collect(i)), as_dict(reading.collect(i))) for i in range(50))
    assert any(one == other for one, other in pairs)
    asking.close()
    reading.close()


def test_where_sockets_are_forbidden_the_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    collector = ArpCollector(host_of(Paths()), ArpConfig())

    def forbidden(*_: object) -> socket.socket:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(socket, "socket", forbidden)
    assert collector.collect(1).source == "arp"
    collector.close()
