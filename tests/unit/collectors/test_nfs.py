from pathlib import Path

import pytest

from barograph.collectors.nfs import NfsCollector, NfsConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def _requests(found: dict[str, float], proto: str, method: str) -> float:
    return found[f'node_nfs_requests_total{{method="{method}", proto="{proto}"}}']


def test_requests_by_procedure(tmp_path: Path) -> None:
    collector = NfsCollector(host_in(tmp_path, "nfs"), NfsConfig())
    found = as_dict(collector.collect(1))
    assert found['node_nfs_packets_total{protocol="udp"}'] == 2
    assert found['node_nfs_packets_total{protocol="tcp"}'] == 3
    assert found["node_nfs_connections_total"] == 4
    assert found["node_nfs_rpcs_total"] == 5
    assert found["node_nfs_rpc_retransmissions_total"] == 6
    assert found["node_nfs_rpc_authentication_refreshes_total"] == 7
    assert _requests(found, "2", "Null") == 0, "this kernel has no version 2"
    assert (_requests(found, "3", "Null"), _requests(found, "3", "Commit")) == (1, 22)
    assert (_requests(found, "4", "Null"), _requests(found, "4", "Clone")) == (1, 59)
    assert len(found) == 6 + 18 + 22 + 59
    collector.close()


def test_old_kernels_know_fewer_procedures(tmp_path: Path) -> None:
    host = host_in(tmp_path, "nfs")
    (tmp_path / "proc/net/rpc/nfs").write_text("proc4 2 8 9\n")
    found = as_dict(NfsCollector(host, NfsConfig()).collect(1))
    assert [_requests(found, "4", method) for method in ("Null", "Read", "Write")] == [8, 9, 0]


@pytest.mark.parametrize("text", ["net 1 2 3\n", "odd 1\n", "net\n", "proc3 3 1 2 3\n", "proc4 3 1 2\n", "rpc 1 2 x\n"])
def test_what_is_no_line_of_it_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "nfs")
    (tmp_path / "proc/net/rpc/nfs").write_text(text)
    with pytest.raises(CollectError, match="rpc/nfs is not as the kernel writes it"):
        NfsCollector(host, NfsConfig()).collect(1)


def test_no_client_of_nfs(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        NfsCollector(host_in(tmp_path), NfsConfig()).collect(1)
