"""The mount table: /proc/1/mountinfo parsed, and which mounts can be asked without waiting for anyone.

Used by the filesystem collector, when the table has changed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# their statfs adds up counters in memory: no device and no server is asked (fs/ext4/super.c, mm/shmem.c)
_IN_MEMORY = frozenset({"ext2", "ext3", "ext4", "tmpfs", "ramfs", "devtmpfs", "rootfs"})
_ESCAPE = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table. `point` is the mount point as seen below the root that is observed."""

    device: str
    point: str
    type: str
    major: str
    minor: str
    is_read_only: bool


def parse_mountinfo(data: bytes, rootfs: Path) -> list[Mount]:
    """Parse mountinfo (proc_pid_mountinfo(5)); lines that are not like that are skipped.

    Mount points lose the prefix `rootfs`, so that a container that has the host's root there reports the host's names.
    """
    prefix = "" if rootfs == Path("/") else str(rootfs)
    mounts: list[Mount] = []
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        front, separator, back = line.partition(" - ")
        head, tail = front.split(), back.split()
        if not separator or len(head) < 6 or len(tail) < 2 or ":" not in head[2]:
            continue
        major, _, minor = head[2].partition(":")
        options = {*head[5].split(","), *(tail[2] if len(tail) > 2 else "").split(",")}
        point = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), head[4])
        point = point.removeprefix(prefix) or "/"
        mounts.append(Mount(tail[1], point, tail[0], major, minor, "ro" in options))
    return mounts


def answers_at_once(mount: Mount, table: Sequence[Mount]) -> bool:
    """Tell whether statfs on this mount can never wait: it and every mount on the way to it count in memory."""
    on_the_way = (other for other in table if _is_above(other.point, mount.point))
    return all(other.type in _IN_MEMORY for other in on_the_way)


def _is_above(upper: str, lower: str) -> bool:
    return upper == lower or lower.startswith(upper if upper.endswith("/") else upper + "/")
