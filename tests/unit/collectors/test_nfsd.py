from pathlib import Path

import pytest

from barograph.collectors.nfsd import NfsdCollector, NfsdConfig
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, host_in


def _requests(found: dict[str, float], proto: str, method: str) -> float | None:
    return found.get(f'node_nfsd_requests_total{{method="{method}", proto="{proto}"}}')


def test_every_line(tmp_path: Path) -> None:
    collector = NfsdCollector(host_in(tmp_path, "nfsd"), NfsdConfig())
    found = as_dict(collector.collect(1))
    plain = {name.removeprefix("node_nfsd_"): value for name, value in found.items() if "{" not in name}
    assert plain == {
        "reply_cache_hits_total": 1,
        "reply_cache_misses_total": 2,
        "reply_cache_nocache_total": 3,
        "file_handles_stale_total": 4,
        "disk_bytes_read_total": 5,
        "disk_bytes_written_total": 6,
        "server_threads": 8,
        "read_ahead_cache_size_blocks": 32,
        "read_ahead_cache_not_found_total": 7,
        "connections_total": 11,
        "server_rpcs_total": 12,
    }
    assert [found[f'node_nfsd_packets_total{{proto="{proto}"}}'] for proto in ("udp", "tcp")] == [9, 10]
    assert [found[f'node_nfsd_rpc_errors_total{{error="{e}"}}'] for e in ("fmt", "auth", "cInt")] == [14, 15, 16]
    assert (_requests(found, "2", "Root"), _requests(found, "3", "GetAttr"), _requests(found, "3", "Commit")) == (
        0,
        2,
        22,
    )
    assert [_requests(found, "4", name) for name in ("Access", "Lookup", "Read", "Write")] == [4, 16, 26, 39]
    assert [_requests(found, "4", name) for name in ("RelLockOwner", "WdelegGetattr")] == [40, 17]
    assert _requests(found, "3", "Null") is None
    assert _requests(found, "4", "PutRootFH") is None
    collector.close()


def test_old_kernels_know_one_operation_less(tmp_path: Path) -> None:
    host = host_in(tmp_path, "nfsd")
    (tmp_path / "proc/net/rpc/nfsd").write_text("proc4ops 39 " + " ".join(["7"] * 39) + "\n")
    found = as_dict(NfsdCollector(host, NfsdConfig()).collect(1))
    assert (_requests(found, "4", "Write"), _requests(found, "4", "RelLockOwner")) == (7, 0)


@pytest.mark.parametrize(
    "text", ["odd 1\n", "rc\n", "rc 1 2\n", "proc4ops 38 " + "1 " * 38, "proc2 18 1\n", "th 8\n", "io x 1\n"]
)
def test_what_is_no_line_of_it_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "nfsd")
    (tmp_path / "proc/net/rpc/nfsd").write_text(text)
    with pytest.raises(CollectError, match="rpc/nfsd is not as the kernel writes it"):
        NfsdCollector(host, NfsdConfig()).collect(1)
