"""Attributes: a folder of sysfs whose small files are read at each sample through descriptors that stay open.

Used by collectors of devices. What cannot be read is None: a device that is down or too old has fewer attributes.
"""

import errno
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from barograph.collectors.procfs import read_error

_SIZE_BYTES = 4096  # sysfs gives no attribute more than a page
_COUNTER_END = 2**64
_STALE = frozenset({errno.ENODEV, errno.ENOENT, errno.EBADF, errno.ESTALE, errno.ENXIO})


class Attributes:
    """Named files of one folder, kept open. Used by one thread at a time.

    Where few files may be open, they are opened anew for each sample: the store and the notifier need theirs more.
    """

    __slots__ = ("_fds", "_kept_below", "_paths", "folder")

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self._paths = [os.fspath(folder / name) for name in names]
        self._fds = [-1] * len(names)
        # the kernel gives the lowest free number: from here on half of what may be open is in use
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._kept_below = sys.maxsize if soft == resource.RLIM_INFINITY else soft // 2

    def read(self) -> list[bytes | None]:
        """Return each file's content without whitespace around it, in the order of the names."""
        found: list[bytes | None] = []
        pread = os.pread
        for i, fd in enumerate(self._fds):
            if fd < 0:
                found.append(self._open_and_read(i))
                continue
            try:
                found.append(pread(fd, _SIZE_BYTES, 0).strip())
            except OSError as error:
                found.append(self._again(i, error))
        return found

    def close(self) -> None:
        """Close the descriptors; the next read opens the files again."""
        for i, fd in enumerate(self._fds):
            if fd >= 0:
                os.close(fd)
                self._fds[i] = -1

    def _again(self, i: int, error: OSError) -> bytes | None:
        """Open a file again whose descriptor went bad."""
        # EINVAL, EOPNOTSUPP: this device has no such thing now (the speed of a link that is down), perhaps later
        if error.errno not in _STALE:
            return None
        os.close(self._fds[i])
        self._fds[i] = -1
        return self._open_and_read(i)

    def _open_and_read(self, i: int) -> bytes | None:
        try:
            fd = os.open(self._paths[i], os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        if fd < self._kept_below:
            self._fds[i] = fd
        try:
            return os.pread(fd, _SIZE_BYTES, 0).strip()
        except OSError:
            return None
        finally:
            if fd >= self._kept_below:
                os.close(fd)


def number_of(content: bytes) -> int:
    """Return a number as the kernel's attributes write it: decimal, or hexadecimal behind 0x.

    Raises:
        ValueError: It is none.
    """
    return int(content, 16) if content.startswith((b"0x", b"0X")) else int(content)


def counter_of(content: bytes) -> int:
    """Return a counter, which has 64 bits and no sign, as `number_of` reads it.

    Raises:
        ValueError: It is none.
    """
    value = number_of(content)
    if not 0 <= value < _COUNTER_END:
        raise ValueError(f"{value} is no counter of 64 bits")
    return value


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder, sorted; nothing where there is no such folder or it may not be read."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  hot path: no Path objects
    except OSError:
        return []


def listed(folder: Path) -> list[str]:
    """Return what lies in a folder, sorted.

    Raises:
        NoDataError: There is no such folder.
        CollectError: It cannot be read.
    """
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  hot path: no Path objects
    except OSError as error:
        raise read_error(folder, error) from error
