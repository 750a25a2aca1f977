"""The files below /proc/<pid>, read through kept descriptors where there is room for them. Parses nothing.

A kept descriptor belongs to one process for good: when that ends, reading gives ESRCH, also after its number was given
to another. So a read never mixes two processes up.
"""

import os
import resource
from collections.abc import Callable
from pathlib import Path

_MOST_KEPT = 40_000
_READ_BYTES = 4096
_FLAGS = os.O_RDONLY | os.O_CLOEXEC
NOT_KEPT = -1
DENIED = -2
"""Instead of a descriptor: this user may not read that file, so it is not tried again."""


class PidFiles:
    """Opens and reads the files of processes.

    Args:
        procfs: The root.
        limit: How many descriptors this process may have; half of them may be kept here.
    """

    def __init__(self, procfs: Path, limit: Callable[[], int] | None = None) -> None:
        self.root = os.fspath(procfs)
        self._limit = limit or _soft_limit
        self._kept = 0
        self._most = 0

    def pids(self) -> list[str]:
        """Return the numbers of all processes as /proc lists them, ascending by text of the kernel.

        Raises:
            OSError: /proc cannot be listed.
        """
        self._most = min(self._limit() // 2, _MOST_KEPT)
        return [name for name in os.listdir(self.root) if name[0] <= "9" and name.isdecimal()]  # noqa: PTH208  hot path

    def open(self, pid: str, name: str) -> int:
        """Return a descriptor to keep; `NOT_KEPT` where there is no room, `DENIED` without the privilege.

        Raises:
            OSError: The process is gone.
        """
        if self._kept >= self._most:
            return NOT_KEPT
        try:
            fd = os.open(f"{self.root}/{pid}/{name}", _FLAGS)
        except PermissionError:
            return DENIED
        self._kept += 1
        return fd

    def close(self, fd: int) -> None:
        """Close a kept descriptor; those that stand for none are fine."""
        if fd >= 0:
            os.close(fd)
            self._kept -= 1

    def read(self, pid: str, name: str) -> bytes:
        """Return a whole file that is not kept.

        Raises:
            OSError: The process is gone, or this user may not read it.
        """
        fd = os.open(f"{self.root}/{pid}/{name}", _FLAGS)
        try:
            data = os.read(fd, _READ_BYTES)
            if len(data) < _READ_BYTES:
                return data
            parts = [data]
            while data := os.read(fd, 16 * _READ_BYTES):
                parts.append(data)
                if len(parts) > _READ_BYTES:  # 256 MiB of command line is nobody's
                    break
            return b"".join(parts)
        finally:
            os.close(fd)

    def read_or_none(self, pid: str, name: str) -> bytes:
        """Return a whole file, or nothing where it cannot be read."""
        try:
            return self.read(pid, name)
        except OSError:
            return b""

    def count_open(self, pid: str) -> int | None:
        """Return how many files a process has open; None where this user may not know.

        Linux 6.2 and later tell it as the size of the directory; before, the directory is listed.
        """
        folder = f"{self.root}/{pid}/fd"
        try:
            size = os.stat(folder).st_size  # noqa: PTH116  hot path: no Path objects
            return size or len(os.listdir(folder))  # noqa: PTH208  hot path
        except OSError:
            return None


def _soft_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
