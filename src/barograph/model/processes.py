"""What one pass over the processes saw, and the protocols around it: the flight recorder's unit.

`collectors` makes samples, the process log of `tsdb` keeps them, `web` and `cli` show them. A sample holds the busiest
processes, not all; numbers are columns, names are values that many samples share.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

IntMatrix = NDArray[np.int64]
"""Shape [rows, measures]."""
UNKNOWN = -1
"""Stands where a measure could not be read; no measure is ever below zero."""


class ProcessFacts(NamedTuple):
    """Who a process is: PID and start together are unique on a host until its next boot."""

    pid: int
    start_ms: int
    name: str
    """As the kernel has it: at most 15 bytes, or a kernel thread's name."""
    command: str
    """Arguments joined by spaces, what looks like a secret masked; empty for kernel threads."""
    user: str
    unit: str
    """The systemd unit of its cgroup; empty outside of units."""
    container: str
    """The id of its container; empty outside of containers."""
    parents: str = ""
    """Who started it, then who started that, up to the first: each `PID name`, joined by NUL; empty where not known."""

    @property
    def lineage(self) -> tuple[tuple[int, str], ...]:
        """Who started it: PID and name, the nearest first."""
        links = (link.partition(" ") for link in self.parents.split("\0") if link)
        return tuple((int(pid), name) for pid, _, name in links)


class Measure(IntEnum):
    """The columns of a process sample's numbers."""

    USER_MS = 0
    """CPU time in user mode since the sample before."""
    SYSTEM_MS = 1
    IO_WAIT_MS = 2
    """Waiting for block devices since the sample before; `UNKNOWN` where the kernel does not count it."""
    READ_BYTES = 3
    """Fetched from storage since the sample before; `UNKNOWN` without the privilege to read it."""
    WRITE_BYTES = 4
    MAJOR_FAULTS = 5
    MINOR_FAULTS = 6
    RSS_BYTES = 7
    THREADS = 8
    OPEN_FILES = 9
    SWITCHES = 10
    """Context switches of the main thread since they were last read."""
    STATE = 11
    """The state's letter, as its code: `ord("R")`."""


class UnitFacts(NamedTuple):
    """Which control group: what it is of, and its path."""

    kind: str
    """`unit`, `container`, `slice` or `cgroup`."""
    name: str
    path: str


class UnitMeasure(IntEnum):
    """The columns of the numbers of control groups."""

    CPU_MS = 0
    """Since the sample before; counts processes that lived too short to be seen."""
    MEMORY_BYTES = 1
    READ_BYTES = 2
    WRITE_BYTES = 3
    PROCESSES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSample:
    """What one pass saw: the busiest processes, who came and who went, and the busiest control groups."""

    at_ms: int
    interval_ms: int
    """Since the pass before; 0 at the first."""
    facts: tuple[ProcessFacts, ...]
    numbers: IntMatrix
    """[len(facts), len(Measure)]."""
    started: tuple[ProcessFacts, ...] = ()
    ended: tuple[ProcessFacts, ...] = ()
    units: tuple[UnitFacts, ...] = ()
    unit_numbers: IntMatrix = field(default_factory=lambda: np.zeros((0, len(UnitMeasure)), np.int64))
    """[len(units), len(UnitMeasure)]."""


ProcessSink = Callable[[ProcessSample], None]
"""Takes a sample at the end of a pass, on the collectors' thread: it must return at once."""


class ProcessLog(Protocol):
    """Read side of the flight recorder. Safe to call from any thread."""

    def at(self, at_ms: int) -> ProcessSample | None:
        """Return the newest sample that is not after `at_ms`; None where none is kept within a minute before it."""
        ...

    def between(self, start_ms: int, end_ms: int) -> list[ProcessSample]:
        """Return the samples with `start_ms <= at_ms <= end_ms`, in order."""
        ...
