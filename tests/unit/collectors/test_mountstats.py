from pathlib import Path

import pytest

from barograph.collectors.mountstats import MountstatsCollector, MountstatsConfig
from barograph.collectors.nfs_mount_families import FAMILIES
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, families_of, host_in


def _of(found: dict[str, float], name: str, export: str = "a", protocol: str = "tcp", **labels: str) -> float | None:
    given = {"export": f"nas:/vol/{export}", "mountaddr": "10.0.0.1", "protocol": protocol, **labels}
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(given.items()))
    return found.get(f"node_mountstats_nfs_{name}{{{inside}}}")


def test_every_family_of_a_share(tmp_path: Path) -> None:
    collector = MountstatsCollector(host_in(tmp_path, "mountstats"), MountstatsConfig())
    batch = collector.collect(1)
    assert len(families_of(batch)) == len(FAMILIES) == 54
    found = as_dict(batch)
    assert _of(found, "age_seconds_total") == 77
    names = ("read_bytes_total", "write_bytes_total", "direct_write_bytes_total", "write_pages_total")
    assert [_of(found, name) for name in names] == [1, 2, 4, 8]
    assert _of(found, "event_inode_revalidate_total") == 100
    assert _of(found, "event_truncation_total") == 119, "the event before it is not shown"
    assert _of(found, "event_pnfs_write_total") == 126
    assert _of(found, "operations_requests_total", operation="READ") == 30
    assert _of(found, "operations_queue_time_seconds_total", operation="READ") == 35.5
    assert _of(found, "operations_request_time_seconds_total", operation="WRITE") == (2**64 - 1) % 2**53 / 1000
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_transports_of_either_protocol(tmp_path: Path) -> None:
    found = as_dict(MountstatsCollector(host_in(tmp_path, "mountstats"), MountstatsConfig()).collect(1))
    assert _of(found, "transport_bind_total", transport="1") == 10
    assert _of(found, "transport_idle_time_seconds", transport="0") == 13
    assert _of(found, "transport_pending_queue_total", transport="0") == 21
    over_udp = [_of(found, f"transport_{name}", "b", "udp", transport="0") for name in ("connect_total", "sends_total")]
    assert over_udp == [0, 2]
    assert _of(found, "transport_pending_queue_total", "b", "udp", transport="0") == 9


def test_a_share_that_is_mounted_twice_is_counted_once(tmp_path: Path) -> None:
    found = as_dict(MountstatsCollector(host_in(tmp_path, "mountstats"), MountstatsConfig()).collect(1))
    assert [_of(found, "mountpoint_info", mountpoint=point) for point in ("/mnt/a", "/again")] == [1, 1]
    assert len([name for name in found if "age_seconds" in name]) == 2


def _share(*lines: str, version: str = "1.1", kind: str = "nfs4") -> str:
    return "\n".join([f"device nas:/vol/a mounted on /a with fstype {kind} statvers={version}", *lines, ""])


@pytest.mark.parametrize(
    ("version", "line", "expected"),
    [
        ("1.0", "xprt: tcp 1 2 3 4 5 6 7 8 9 10", [2, 0]),
        ("1.0", "xprt: udp 1 2 3 4 5 6 7", [2, 0]),
        ("1.1", "xprt: rdma " + " ".join(str(i) for i in range(1, 29)), [2, 0]),
    ],
)
def test_other_transports(tmp_path: Path, version: str, line: str, expected: list[float]) -> None:
    host = host_in(tmp_path, "mountstats")
    (tmp_path / "proc/self/mountstats").write_text(
        _share(line, "per-op statistics", "READ: 1 2 3 4 5 6 7 8", "READ: 9 9 9 9 9 9 9 9", version=version)
    )
    (tmp_path / "proc/self/mountinfo").write_text("1 1 0:1 / /a rw - nfs4 nas:/vol/a rw,addr=10.0.0.1\n")
    found = as_dict(MountstatsCollector(host, MountstatsConfig()).collect(1))
    protocol = line.split()[1]
    names = ("transport_bind_total", "transport_pending_queue_total")
    assert [_of(found, name, protocol=protocol, transport="0") for name in names] == expected
    assert _of(found, "operations_requests_total", protocol=protocol, operation="READ") == 1


@pytest.mark.parametrize(
    "text",
    [
        "device a mounted on\n",
        "device a is mounted on b with fstype nfs\n",
        _share(kind="ext4"),
        _share("xprt: tcp 1 2"),
        _share("xprt: local 1 2"),
        _share("xprt: rdma 1 2"),
        _share("xprt: tcp 1 2", version="2.0"),
        _share("xprt:"),
        _share("bytes: 1 2 3"),
        _share("events: 1 2 3"),
        _share("age: old"),
        _share("per-op statistics", "READ: 1 2"),
        _share("per-op statistics", "READ: 1 2 3 4 5 6 7 x"),
    ],
)
def test_what_is_not_as_the_kernel_writes_it_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "mountstats")
    (tmp_path / "proc/self/mountstats").write_text(text)
    with pytest.raises(CollectError, match="mountstats is not as the kernel writes it"):
        MountstatsCollector(host, MountstatsConfig()).collect(1)


def test_processes_without_the_file_and_mounts_without_an_address(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        MountstatsCollector(host_in(tmp_path / "none"), MountstatsConfig()).collect(1)
    host = host_in(tmp_path, "mountstats")
    for odd in ("22 28 0:21 / /proc rw\n", "x 28 0:21 / /proc rw - proc proc rw\n", "1 2 3 4 5 6 7 8 9 10\n"):
        (tmp_path / "proc/self/mountinfo").write_text(odd)
        with pytest.raises(CollectError, match="not the line of a mount"):
            MountstatsCollector(host, MountstatsConfig()).collect(1)
    (tmp_path / "proc/self/mountinfo").write_text("")
    found = as_dict(MountstatsCollector(host, MountstatsConfig()).collect(1))
    assert 'node_mountstats_nfs_age_seconds_total{export="nas:/vol/a", protocol="tcp"}' in found
