"""User names by number, from the host's own passwd file. A directory service is never asked: it could hang a sample."""

import os
from pathlib import Path

from barograph.model.processes import UNKNOWN

_Stamp = tuple[int, int, int]


class Users:
    """Names of users; the file is read again when it changed.

    Args:
        rootfs: The host's root: inside a container its passwd is another.
    """

    def __init__(self, rootfs: Path) -> None:
        self._path = rootfs / "etc/passwd"
        self._stamp: _Stamp | None = None
        self._names: dict[int, str] = {}

    def refresh(self) -> bool:
        """Look whether the file changed; tells whether it did."""
        try:
            status = os.stat(self._path)  # noqa: PTH116  looked at in every sample
            stamp: _Stamp | None = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:
            stamp = None
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self._names = _read(self._path)
        return True

    def name(self, uid: int) -> str:
        """Return a user's name, or its number where it has none; empty for `UNKNOWN`."""
        if uid == UNKNOWN:
            return ""
        return self._names.get(uid) or str(uid)


def _read(path: Path) -> dict[int, str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    names: dict[int, str] = {}
    for line in text.splitlines():
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdecimal():
            names.setdefault(int(fields[2]), fields[0])
    return names
