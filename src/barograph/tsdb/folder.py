"""The data folder: made, checked and locked before anything in it is opened.

The store calls it at start. Its messages are what a person reads when `serve` does not come up, so they say what to do.
"""

import errno
import fcntl
import os
from pathlib import Path
from typing import Self

from barograph.model.errors import FolderError
from barograph.tsdb import filenames

NETWORK_FILE_SYSTEMS = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs"),
        *("ocfs2", "gfs2", "orangefs", "pvfs2", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs"),
        *("fuse.rclone", "fuse.davfs", "fuse.davfs2", "fuse.mfs", "fuse.juicefs", "fuse.gcsfuse", "fuse.smbnetfs"),
    }
)
"""As /proc/self/mounts names them. Their locks and shared memory are not what SQLite's write-ahead log needs."""

MOUNTS = Path("/proc/self/mounts")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class FolderLock:
    """The data folder, held by this process until `close` (or its end)."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, folder: Path, mounts: Path = MOUNTS) -> Self:
        """Make the folder if need be (mode 0700), check it and lock it.

        Raises:
            FolderError: It is held, cannot be written or is on a network file system.
            OSError: With `ENOSPC` or `EDQUOT`, where a full disk is all that is wrong.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError as error:
            raise FolderError(f"{folder} is not a folder: choose another with --data") from error
        except OSError as error:
            raise _unusable(folder, error) from error
        _refuse_network(folder, mounts)
        path = folder / filenames.LOCK
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise FolderError(
                f"{folder} is held by another Barograph, pid {holder}: end it, or choose another folder with --data"
            ) from error
        lock = cls(folder, descriptor)
        lock._write_pid()
        return lock

    def close(self) -> None:
        """Let go of the folder. The lock file stays: removing it would let two processes hold two files."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write_pid(self) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            # the lock is held all the same; only the message to a second process lacks the pid
            if error.errno not in _FULL:
                self.close()
                raise _unusable(self.path, error) from error


def is_held(folder: Path) -> bool:
    """Tell whether some process holds a data folder now."""
    try:
        descriptor = os.open(folder / filenames.LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_disk_full(error: OSError) -> bool:
    """Tell whether an error says only that there is no space."""
    return error.errno in _FULL


def file_system_of(path: Path, mounts: Path = MOUNTS) -> tuple[str, str]:
    """Return the mount point a path lies under, and the type of its file system; ("", "") where that is unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return "", ""
    real = path.resolve()
    found = ("", "")
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _unescape(fields[1])
        # of two mounts on one point the later one is seen; of two points the deeper one
        if real.is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, fields[2])
    return found


def _refuse_network(folder: Path, mounts: Path) -> None:
    point, kind = file_system_of(folder, mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise FolderError(
            f"{folder} is on a network file system ({kind}, mounted at {point}), where no store is safe: "
            "choose a folder on a local disk with --data"
        )


def _unusable(folder: Path, error: OSError) -> OSError | FolderError:
    if is_disk_full(error):
        return error
    reason = os.strerror(error.errno) if error.errno else str(error)
    return FolderError(
        f"{folder} cannot be written by user id {os.geteuid()} ({reason}): "
        "change its owner or mode, or choose another folder with --data"
    )


def _unescape(text: str) -> str:
    """Undo the octal escapes of /proc/self/mounts."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
