"""Room on the disk: a reserve that is given up when the disk is full, and what is done when little is left.

The store's thread uses it. SQLite needs space even to delete, so up to a megabyte is held back for that moment.
"""

import os
from pathlib import Path

BALLAST = "ballast"
"""The reserve's name in the data folder."""
LOW_SHARE = 0.05
"""Below this share of the disk nothing is loaded in bulk."""
SCARCE_SHARE = 0.02
"""Below this share the oldest files go until it is reached again, whatever they were to be kept for."""
_LARGEST_BYTES = 1 << 20
_SHARE = 200


class Space:
    """The disk under a data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.free_bytes = 0
        """What was free when last looked."""
        self.free_share = 1.0
        """The same as a share of the disk."""
        self.missing_bytes = 0
        """What is missing to the share below which files go."""

    def look(self) -> None:
        """See how much is free.

        Raises:
            OSError: The disk does not say.
        """
        disk = os.statvfs(self._folder)
        self.free_bytes = disk.f_bavail * disk.f_frsize
        self.free_share = disk.f_bavail / max(disk.f_blocks, 1)
        self.missing_bytes = max(0, int(disk.f_blocks * SCARCE_SHARE) - disk.f_bavail) * disk.f_frsize

    def reserve(self, cap_bytes: int) -> None:
        """Have the reserve there, where there is plenty of room for it; a disk that refuses goes without.

        Args:
            cap_bytes: The most that the folder may take: the reserve is a small part of it.
        """
        path = self._folder / BALLAST
        wanted = self._wanted_bytes(cap_bytes)
        if path.exists() or self.free_bytes < 8 * wanted:
            return
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, wanted)
            finally:
                os.close(descriptor)
        except OSError:
            self.release()

    def release(self) -> bool:
        """Give the reserve up; tells whether there was one."""
        try:
            (self._folder / BALLAST).unlink()
        except OSError:
            return False
        return True

    def _wanted_bytes(self, cap_bytes: int) -> int:
        try:
            disk = os.statvfs(self._folder)
        except OSError:
            return _LARGEST_BYTES
        return max(4096, min(_LARGEST_BYTES, cap_bytes // _SHARE, disk.f_blocks * disk.f_frsize // _SHARE))
