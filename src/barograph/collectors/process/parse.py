"""The files of a process -> numbers and names: proc_pid_stat(5), proc_pid_io(5), proc_pid_status(5), cgroups(7).

No I/O. Hot: `parse_stat` and `parse_io` run for every process that did something since the sample before.
"""

import re
from typing import NamedTuple

from barograph.model.processes import UNKNOWN

_KERNEL_THREAD = 0x00200000
"""PF_KTHREAD of the kernel's include/linux/sched.h."""


class Stat(NamedTuple):
    """What /proc/<pid>/stat tells; times in clock ticks."""

    name: bytes
    state: int
    is_kernel: bool
    minor_faults: int
    major_faults: int
    user: int
    system: int
    threads: int
    start: int
    vsize: int
    rss_pages: int
    io_wait: int


def parse_stat(data: bytes) -> Stat:
    """Read /proc/<pid>/stat.

    Raises:
        ValueError, IndexError: It is not as the kernel writes it.
    """
    opening, closing = data.index(b"(") + 1, data.rindex(b")")
    words = data[closing + 2 :].split(None, 40)
    return Stat(
        data[opening:closing],
        words[0][0],
        bool(int(words[6]) & _KERNEL_THREAD),
        int(words[7]),
        int(words[9]),
        int(words[11]),
        int(words[12]),
        int(words[17]),
        int(words[19]),
        int(words[20]),
        int(words[21]),
        int(words[39]) if len(words) > 39 else 0,
    )


def start_of(data: bytes) -> int:
    """Return when the process of this stat file started, in clock ticks since boot. Raises as `parse_stat`."""
    return int(data[data.rindex(b")") + 2 :].split(None, 20)[19])


def parse_io(data: bytes) -> tuple[int, int]:
    """Return the bytes fetched from and sent to storage, of /proc/<pid>/io.

    Raises:
        ValueError, IndexError: It is not as the kernel writes it.
    """
    words = data.split(None, 12)
    return int(words[9]), int(words[11])


class Status(NamedTuple):
    """What /proc/<pid>/status tells and stat does not."""

    uid: int
    swap_bytes: int
    voluntary: int
    nonvoluntary: int


_STATUS = re.compile(rb"^(Uid|VmSwap|voluntary_ctxt_switches|nonvoluntary_ctxt_switches):\s*(\d+)", re.MULTILINE)


def parse_status(data: bytes) -> Status:
    """Read /proc/<pid>/status; what it does not tell (kernel threads have no memory) is 0, a user `UNKNOWN`."""
    found = {key: int(value) for key, value in _STATUS.findall(data)}
    return Status(
        found.get(b"Uid", UNKNOWN),
        found.get(b"VmSwap", 0) * 1024,
        found.get(b"voluntary_ctxt_switches", 0),
        found.get(b"nonvoluntary_ctxt_switches", 0),
    )


_OPEN_FILES = re.compile(rb"^Max open files\s+(\d+|unlimited)", re.MULTILINE)


def parse_file_limit(data: bytes) -> int:
    """Return the soft limit of open files of /proc/<pid>/limits; 0 where there is none."""
    found = _OPEN_FILES.search(data)
    return int(found[1]) if found and found[1] != b"unlimited" else 0


_UNIT = re.compile(r"^[^/]+\.(?:service|scope|socket|mount|swap|slice)$")
_CONTAINER = re.compile(
    r"^(?:docker-|libpod-(?!conmon)|cri-containerd-|crio-(?!conmon)|containerd-)?([0-9a-f]{64})(?:\.scope)?$"
    r"|^lxc\.payload\.([^/]+)$"
)


class Membership(NamedTuple):
    """Which unit and container a process belongs to; empty where it belongs to none."""

    path: str
    unit: str
    container: str


def parse_cgroup(data: bytes) -> Membership:
    """Read /proc/<pid>/cgroup, of version 2 or 1.

    The unit is the innermost service or scope of systemd's tree (a container's own scope names no unit), else the
    innermost slice but the root's; the container is told by its 64 hexadecimal digits, as every runtime names it.
    """
    path = _path_of(data.decode("utf-8", "replace"))
    parts = [part for part in path.split("/") if part]
    container = next((found[1] or found[2] for part in reversed(parts) if (found := _CONTAINER.match(part))), "")
    units = [part for part in parts if _UNIT.match(part) and not _CONTAINER.match(part)]
    services = [part for part in units if not part.endswith(".slice")]
    unit = (services or units or [""])[-1]
    return Membership(path, "" if unit == "-.slice" else unit, container)


def _path_of(text: str) -> str:
    """Return the path in the unified tree, else in systemd's of version 1, else in any."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        found[controllers] = path
    unified = found.get("", "")
    named = found.get("name=systemd", "")
    if len(unified) > 1:
        return unified
    if len(named) > 1:
        return named
    return max(found.values(), key=len, default="/")
