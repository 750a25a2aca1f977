"""Where the kernel's files are, and how they are read: one descriptor each, kept open between samples.

Used by every collector. A file is opened once and read from its start with pread at each sample; it is opened
again only when its descriptor went bad (the device, module or process behind it is gone and may be back).
"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from barograph.model.errors import CollectError, DeniedError, NoDataError

_GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.ENODEV, errno.EBADF, errno.ESTALE, errno.EIO, errno.ENXIO})
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESRCH, errno.ENODEV, errno.ENXIO})
_NOT_SUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOSYS})
_FIRST_SIZE_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The roots under which the kernel's files are found, as node_exporter's `--path.*` set them."""

    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    rootfs: Path = Path("/")
    udev_data: Path = Path("/run/udev/data")


class KeptFile:
    """A file whose descriptor stays open between samples. Used by one thread at a time.

    Args:
        path: The file.
        single: The kernel makes the whole file in one piece (`/proc/stat`, sysfs attributes), so that one pread
            gives all of it. Others (`/proc/vmstat`, `/proc/net/dev`, mountinfo) come in pieces of about a page and are
            read until nothing more comes.
    """

    __slots__ = ("_fd", "_identity", "_single", "_size_bytes", "path")

    def __init__(self, path: Path, *, single: bool = True) -> None:
        self.path = path
        self._single = single
        self._fd = -1
        self._size_bytes = _FIRST_SIZE_BYTES
        # (device, inode) of a file on a real disk, which may be replaced under its name; None for the kernel's own
        self._identity: tuple[int, int] | None = None

    def read(self) -> bytes:
        """Return the whole file as it is now.

        Raises:
            NoDataError: There is no such file, or the kernel has the feature switched off.
            CollectError: It cannot be read; the message has the path and the reason.
        """
        if self._fd < 0:
            self._open()
        elif self._identity is not None and self._is_replaced():
            self.close()
            self._open()
        try:
            return self._read_all()
        except OSError as error:
            self.close()
            if error.errno not in _GONE:
                raise read_error(self.path, error) from error
        self._open()
        try:
            return self._read_all()
        except OSError as error:
            self.close()
            raise read_error(self.path, error) from error

    def close(self) -> None:
        """Close the descriptor; the next read opens the file again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _open(self) -> None:
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise read_error(self.path, error) from error
        status = os.fstat(self._fd)
        on_disk = S_ISREG(status.st_mode) and status.st_blocks > 0
        self._identity = (status.st_dev, status.st_ino) if on_disk else None

    def _is_replaced(self) -> bool:
        try:
            status = os.stat(self.path)  # noqa: PTH116  hot path: no Path objects
        except OSError:
            return True
        return (status.st_dev, status.st_ino) != self._identity

    def _read_all(self) -> bytes:
        data = os.pread(self._fd, self._size_bytes, 0)
        length = len(data)
        if self._single and length < self._size_bytes:
            return data
        while True:
            if length >= self._size_bytes:
                self._size_bytes = 2 * length
            more = os.pread(self._fd, self._size_bytes, length)
            if not more:
                return data
            data += more
            length = len(data)


class SharedFile:
    """A file that several collectors read: read once an instant, so that they also agree with each other."""

    __slots__ = ("_file", "_latest")

    def __init__(self, file: KeptFile) -> None:
        self._file = file
        self._latest: tuple[int, bytes] | None = None

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def read_at(self, timestamp_ms: int) -> bytes:
        """Return the file as it was at the first call for this instant. Raises as `KeptFile.read`."""
        latest = self._latest
        if latest is not None and latest[0] == timestamp_ms:
            return latest[1]
        data = self._file.read()
        self._latest = (timestamp_ms, data)
        return data

    def close(self) -> None:
        """Close the descriptor; the next read opens it again."""
        self._latest = None
        self._file.close()


def read_error(path: Path, error: OSError) -> CollectError:
    """Turn a failed open or read into the error of the model: `NoDataError` where there is no such thing."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in _NOT_THERE:
        return NoDataError(f"{path} does not exist: this kernel or machine has no such thing")
    if error.errno in _NOT_SUPPORTED:
        return NoDataError(f"{path} is switched off in this kernel ({reason})")
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeniedError(f"{path} may not be read by this user ({reason}): run as root or grant access")
    return CollectError(f"{path} cannot be read: {reason}")


def read_attribute(path: Path) -> str | None:
    """Return a small file's stripped text, or None where it cannot be read. For what is read once, not each sample."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip()
    except OSError:
        return None
