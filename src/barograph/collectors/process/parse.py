"""The files of a process -> numbers and names: proc_pid_stat(5), proc_pid_io(5), proc_pid_status(5).

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


def parent_of(data: bytes) -> str:
    """Return the number of the process that started the one of this stat file. Raises as `parse_stat`."""
    return data[data.rindex(b")") + 2 :].split(None, 2)[1].decode("ascii")


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
