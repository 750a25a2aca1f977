import errno
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from barograph.collectors.base import Host
from barograph.collectors.filesystem import FilesystemCollector, FilesystemConfig
from barograph.model.clock import SystemClock
from barograph.model.errors import CollectError, NoDataError
from barograph.model.sample import is_absent
from barograph.model.units import Duration
from helpers.clock import FakeClock
from helpers.collectors import as_dict, host_in

_TINY = FilesystemConfig(mount_timeout=Duration(20), fs_types_exclude="^proc$")
_NFS = '{device="10.0.0.1:/srv", fstype="nfs4", mountpoint="/mnt/nfs"}'
_STUCK = '{device="10.0.0.1:/srv", device_error="mountpoint timeout", fstype="nfs4", mountpoint="/mnt/nfs"}'


def _counts(blocks: int = 1000) -> os.statvfs_result:
    #                          bsize frsize blocks bfree bavail files ffree favail flag namemax
    return os.statvfs_result((8192, 4096, blocks, 600, 500, 90, 40, 40, 0, 255))


class _Mounts:
    """A kernel whose mounts answer, fail, or hang until they are let go; only the last takes time on the clock."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.asked: list[str] = []
        self.errors: dict[str, OSError] = {}
        self.hanging: dict[str, threading.Event] = {}
        self.returned = threading.Semaphore(0)

    def statvfs(self, path: str) -> os.statvfs_result:
        self.asked.append(path)
        if path in self.hanging:
            self.clock.advance(10)
            self.hanging[path].wait()
            self.returned.release()
        if path in self.errors:
            raise self.errors[path]
        return _counts()


def _host(folder: Path, mounts: _Mounts | None = None) -> Host:
    # a real clock would have a busy machine's mounts hang that answer
    host = host_in(folder, "filesystem")
    return host if mounts is None else replace(host, clock=mounts.clock)


def test_space_and_inodes(tmp_path: Path) -> None:
    mounts = _Mounts()
    collector = FilesystemCollector(_host(tmp_path), FilesystemConfig(), mounts.statvfs)
    batch = collector.collect(1)
    found = as_dict(batch)
    root = '{device="/dev/vda", fstype="ext4", mountpoint="/"}'
    assert {name: found[f"node_filesystem_{name}{root}"] for name in ("size_bytes", "free_bytes", "avail_bytes")} == {
        "size_bytes": 1000 * 4096,
        "free_bytes": 600 * 4096,
        "avail_bytes": 500 * 4096,
    }
    assert found[f"node_filesystem_files{root}"] == 90
    assert found[f"node_filesystem_files_free{root}"] == 40
    assert found[f"node_filesystem_readonly{root}"] == 0
    assert found[f"node_filesystem_device_error{root}"] == 0
    assert found['node_filesystem_mount_info{device="/dev/vda", major="254", minor="0", mountpoint="/"}'] == 1
    assert found['node_filesystem_readonly{device="tmp", fstype="tmpfs", mountpoint="/mnt/read only"}'] == 1
    assert found['node_filesystem_readonly{device="me@far:", fstype="fuse.sshfs", mountpoint="/mnt/fuse"}'] == 1
    assert found[f"node_filesystem_size_bytes{_NFS}"] == 1000 * 4096
    # /proc is left out, and / is there once though it is mounted twice
    assert sorted(mounts.asked) == ["/", "/mnt/fuse", "/mnt/nfs", "/mnt/nfs/inner", "/mnt/read only"]
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_the_root_is_put_before_what_is_asked(tmp_path: Path) -> None:
    host = _host(tmp_path)
    (tmp_path / "proc/1/mountinfo").write_text("1 0 3:4 / /host/var rw - ext4 d rw\n")
    mounts = _Mounts()
    collector = FilesystemCollector(
        replace(host, paths=replace(host.paths, rootfs=Path("/host"))), FilesystemConfig(), mounts.statvfs
    )
    found = as_dict(collector.collect(1))
    assert mounts.asked == ["/host/var"]
    assert 'node_filesystem_files{device="d", fstype="ext4", mountpoint="/var"}' in found


def test_filters(tmp_path: Path) -> None:
    def points(config: FilesystemConfig) -> set[str]:
        batch = FilesystemCollector(_host(tmp_path), config, _Mounts().statvfs).collect(1)
        return {labels.get("mountpoint") for labels in batch.schema.series}

    assert points(FilesystemConfig(mount_points_include="^/mnt/nfs")) == {"/mnt/nfs", "/mnt/nfs/inner"}
    assert points(FilesystemConfig(mount_points_exclude="^/mnt/")) == {"/"}
    assert points(FilesystemConfig(fs_types_include="fuse")) == {"/mnt/fuse"}


def test_a_mount_that_refuses_is_reported_with_the_reason(tmp_path: Path) -> None:
    mounts = _Mounts()
    mounts.errors["/mnt/nfs"] = OSError(errno.ESTALE, "x")
    collector = FilesystemCollector(_host(tmp_path), FilesystemConfig(), mounts.statvfs)
    before = collector.collect(1)
    found = as_dict(before)
    labels = '{device="10.0.0.1:/srv", device_error="stale file handle", fstype="nfs4", mountpoint="/mnt/nfs"}'
    assert found[f"node_filesystem_device_error{labels}"] == 1
    assert found[f"node_filesystem_readonly{labels}"] == 0
    assert f"node_filesystem_size_bytes{_NFS}" not in found
    del mounts.errors["/mnt/nfs"]
    after = collector.collect(2)
    assert after.schema is not before.schema
    assert as_dict(after)[f"node_filesystem_size_bytes{_NFS}"] == 1000 * 4096
    collector.close()


def test_a_mount_that_hangs_is_marked_and_skipped_until_it_returns(tmp_path: Path) -> None:
    mounts = _Mounts()
    collector = FilesystemCollector(_host(tmp_path, mounts), _TINY, mounts.statvfs)
    healthy = collector.collect(1)
    mounts.hanging["/mnt/nfs"] = threading.Event()
    stuck = as_dict(collector.collect(2))
    assert stuck[f"node_filesystem_device_error{_STUCK}"] == 1
    assert f"node_filesystem_size_bytes{_NFS}" not in stuck
    assert stuck['node_filesystem_size_bytes{device="/dev/vda", fstype="ext4", mountpoint="/"}'] == 1000 * 4096
    mounts.asked.clear()
    threads = threading.active_count()
    for instant in range(3, 10):
        again = as_dict(collector.collect(instant))
        assert again[f"node_filesystem_device_error{_STUCK}"] == 1
        fuse = 'node_filesystem_size_bytes{device="me@far:", fstype="fuse.sshfs", mountpoint="/mnt/fuse"}'
        assert again[fuse] == 1000 * 4096
    assert "/mnt/nfs" not in mounts.asked
    assert threading.active_count() <= threads + 1
    _let_go(mounts, "/mnt/nfs", collector)
    back = collector.collect(10)
    assert as_dict(back).keys() == as_dict(healthy).keys()
    collector.close()


def test_many_mounts_that_hang_cost_one_timeout_a_sample(tmp_path: Path) -> None:
    mounts = _Mounts()
    collector = FilesystemCollector(_host(tmp_path, mounts), _TINY, mounts.statvfs)
    for path in ("/mnt/nfs", "/mnt/nfs/inner", "/mnt/fuse"):
        mounts.hanging[path] = threading.Event()
    first = collector.collect(1)
    # one hung, and the others were not asked any more: they have no sample this time
    assert len([path for path in mounts.asked if path in mounts.hanging]) == 1
    assert is_absent(first.values).sum() == 2 * 8
    collector.collect(2)
    marked = as_dict(collector.collect(3))
    assert len([name for name in marked if "timeout" in name and "device_error{" in name]) == 3
    for path in mounts.hanging:
        _let_go(mounts, path, collector)
    collector.close()


def test_an_error_that_is_not_the_kernels_ends_the_sample(tmp_path: Path) -> None:
    def broken(path: str) -> os.statvfs_result:
        raise ValueError(path)

    config = FilesystemConfig(mount_points_include="^/mnt/nfs$")
    collector = FilesystemCollector(_host(tmp_path), config, broken)
    with pytest.raises(CollectError, match="statvfs failed unexpectedly: /mnt/nfs"):
        collector.collect(1)
    collector.close()


def test_mounts_that_answered_are_asked_before_those_that_did_not(tmp_path: Path) -> None:
    mounts = _Mounts()
    collector = FilesystemCollector(_host(tmp_path), FilesystemConfig(), mounts.statvfs)
    mounts.errors["/mnt/nfs"] = OSError(errno.EIO, "x")
    collector.collect(1)
    mounts.asked.clear()
    collector.collect(2)
    assert [path for path in mounts.asked if path != "/"][-1] == "/mnt/nfs"
    collector.close()


def test_a_hidden_process_one_leaves_our_own_table(tmp_path: Path) -> None:
    host = _host(tmp_path)
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "proc/1/mountinfo").rename(tmp_path / "proc/self/mountinfo")
    found = as_dict(FilesystemCollector(host, FilesystemConfig(), _Mounts().statvfs).collect(1))
    assert f"node_filesystem_size_bytes{_NFS}" in found
    (tmp_path / "proc/self/mountinfo").unlink()
    with pytest.raises(NoDataError, match="self/mountinfo does not exist"):
        FilesystemCollector(host, FilesystemConfig(), _Mounts().statvfs).collect(1)


def test_mounts_that_come_and_go(tmp_path: Path) -> None:
    collector = FilesystemCollector(_host(tmp_path), FilesystemConfig(), _Mounts().statvfs)
    before = collector.collect(1)
    path = tmp_path / "proc/1/mountinfo"
    path.write_text(path.read_text() + "40 27 8:1 / /mnt/usb\xff rw - vfat /dev/sdb1 rw\n")
    after = collector.collect(2)
    assert after.schema is not before.schema
    assert "/mnt/usbÿ" in {labels.get("mountpoint") for labels in after.schema.series}
    collector.close()


def test_the_same_device_and_point_under_two_types_give_one_mount_info(tmp_path: Path) -> None:
    host = _host(tmp_path)
    (tmp_path / "proc/1/mountinfo").write_text("1 0 3:4 / /a rw - nfs d rw\n2 0 3:4 / /a rw - nfs4 d rw\n")
    collector = FilesystemCollector(host, FilesystemConfig(), _Mounts().statvfs)
    series = collector.collect(1).schema.series
    assert len(set(series)) == len(series)
    assert {labels.get("fstype") for labels in series} == {"nfs4", ""}
    collector.close()


def test_values_of_mounts_not_asked_keep_the_bits_of_absence(tmp_path: Path) -> None:
    mounts = _Mounts()
    mounts.hanging["/mnt/fuse"] = mounts.hanging["/mnt/nfs"] = mounts.hanging["/mnt/nfs/inner"] = threading.Event()
    collector = FilesystemCollector(_host(tmp_path, mounts), _TINY, mounts.statvfs)
    values = collector.collect(1).values
    assert np.isnan(values).sum() == is_absent(values).sum() > 0
    _let_go(mounts, "/mnt/nfs", collector)
    collector.close()


def test_the_live_kernel_answers() -> None:
    collector = FilesystemCollector(_live(), FilesystemConfig(fs_types_exclude="^$"))
    assert len(collector.collect(1).schema) > 0
    collector.close()


def _live() -> Host:
    return replace(host_in(Path("/")), clock=SystemClock())


def _let_go(mounts: _Mounts, path: str, collector: FilesystemCollector) -> None:
    """Let a hanging call return, and wait until the collector has noticed."""
    event = mounts.hanging[path]
    asking: Callable[[], bool] = lambda: path in collector._asking  # noqa: E731  a name for the condition
    event.set()
    if asking():
        mounts.returned.acquire(timeout=60)
        while asking():
            threading.Event().wait(0.001)
