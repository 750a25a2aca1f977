import socket
from pathlib import Path

import pytest

from barograph.collectors.base import Host
from barograph.collectors.netlink import NetlinkSocket
from barograph.collectors.procfs import Paths
from barograph.collectors.tcpstat import TcpstatCollector, TcpstatConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in, host_of


def _of(found: dict[str, float]) -> dict[str, float]:
    return {name.removeprefix('node_tcp_connection_states{state="').removesuffix('"}'): v for name, v in found.items()}


def _live() -> Host:
    return host_of(Paths())


def test_sockets_of_both_versions_of_ip(tmp_path: Path) -> None:
    host = host_in(tmp_path, "tcpstat")
    collector = TcpstatCollector(host, TcpstatConfig())
    batch = collector.collect(1)
    assert _of(as_dict(batch)) == {
        "established": 1,
        "listen": 2,
        "time_wait": 1,
        "rx_queued_bytes": 3,
        "tx_queued_bytes": 0x90,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    (tmp_path / "proc/net/tcp6").unlink()
    assert _of(as_dict(collector.collect(3)))["listen"] == 1


def test_no_socket_and_states_without_a_name(tmp_path: Path) -> None:
    host = host_in(tmp_path, "tcpstat")
    (tmp_path / "proc/net/tcp6").unlink()
    (tmp_path / "proc/net/tcp").write_text("heading\n")
    assert as_dict(TcpstatCollector(host, TcpstatConfig()).collect(1)) == {}
    (tmp_path / "proc/net/tcp").write_text("heading\n 0: 0:0 0:0 0D 0:0\n 1: 0:0 0:0 00 0:0\n")
    assert _of(as_dict(TcpstatCollector(host, TcpstatConfig()).collect(1)))["unknown"] == 2


@pytest.mark.parametrize("line", ["0: 0:0 0:0 0A\n", "0: 0:0 0:0 xx 0:0\n", "0: 0:0 0:0 0A 00\n"])
def test_what_is_no_socket_is_refused(tmp_path: Path, line: str) -> None:
    host = host_in(tmp_path, "tcpstat")
    (tmp_path / "proc/net/tcp").write_text(f"heading\n{line}")
    with pytest.raises(CollectError, match="net/tcp: "):
        TcpstatCollector(host, TcpstatConfig()).collect(1)


def test_the_running_kernel_knows_of_a_socket_that_listens(tmp_path: Path) -> None:
    collector = TcpstatCollector(_live(), TcpstatConfig())
    with socket.create_server(("127.0.0.1", 0)):
        assert _of(as_dict(collector.collect(1)))["listen"] >= 1
    collector.close()


def test_where_such_sockets_are_forbidden_the_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dump(*_: object) -> None:
        raise NoDataError("no such thing")

    monkeypatch.setattr(NetlinkSocket, "dump", dump)
    collector = TcpstatCollector(_live(), TcpstatConfig())
    with socket.create_server(("127.0.0.1", 0)):
        assert _of(as_dict(collector.collect(1)))["listen"] >= 1
    collector.close()
