"""What a process of ours reports of itself, from /proc/self. Used by keeper and front."""

import os

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def read_own_process() -> tuple[float, float]:
    """Return the CPU seconds (user and system) and resident bytes of this process."""
    with open("/proc/self/stat", "rb") as file:  # noqa: PTH123  a path object a second would be waste
        fields = file.read().rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S, float(int(fields[21]) * _PAGE_BYTES)
