"""What is kept of one process between samples, and what one pass over all of them found. No I/O."""

import os

from barograph.collectors.cgroup.membership import Membership
from barograph.collectors.process.files import NOT_KEPT
from barograph.collectors.process.parse import Status, parse_stat
from barograph.model.processes import UNKNOWN, ProcessFacts

_TICKS = os.sysconf("SC_CLK_TCK")
TICK_MS = 1000 // _TICKS
_NO_MEMBERSHIP = Membership("/", "", "")
_NO_STATUS = Status(UNKNOWN, 0, 0, 0)


class Process:
    """One process while it lives: what was read of it last, and what that was at the sample before."""

    __slots__ = (
        "arguments",
        "before",
        "before_io",
        "before_status",
        "changed",
        "facts",
        "file_limit",
        "group",
        "io",
        "io_data",
        "io_fd",
        "is_introduced",
        "membership",
        "named",
        "open_files",
        "parents",
        "pid",
        "stat",
        "stat_data",
        "stat_fd",
        "status",
    )

    def __init__(self, pid: str, stat_fd: int, data: bytes) -> None:
        self.pid = pid
        self.stat_fd = stat_fd
        self.io_fd = NOT_KEPT
        self.stat_data = data
        self.stat = self.before = parse_stat(data)
        self.io_data = b""
        self.io = self.before_io = (0, 0)
        self.status = self.before_status = _NO_STATUS
        self.membership = _NO_MEMBERSHIP
        self.arguments: tuple[str, ...] = ()
        self.file_limit = 0
        self.open_files: int | None = None
        self.is_introduced = False
        self.changed = 0
        """The number of the pass at which it last did something."""
        self.parents: str | None = None
        """Who started it, as `ProcessFacts.parents`; None until somebody asks."""
        self.facts: ProcessFacts | None = None
        self.named: ProcessFacts | None = None
        """The facts by which its group was named."""
        self.group = ""
        """Of the collector's groups; empty where none is its."""

    def count_from_birth(self) -> None:
        """Say that it was born since the pass before: all that it did, it did since then."""
        self.before = self.stat._replace(minor_faults=0, major_faults=0, user=0, system=0, io_wait=0)
        self.before_io = (0, 0)
        self.before_status = _NO_STATUS._replace(uid=0)


class Pass:
    """What one pass found."""

    __slots__ = ("at_ms", "changed", "ended", "interval_ms", "is_first", "known", "number", "started")

    def __init__(self, number: int, at_ms: int, interval_ms: int, known: dict[str, Process]) -> None:
        self.number = number
        self.at_ms = at_ms
        self.interval_ms = interval_ms
        self.known = known
        """Every process that lives, by its number as text. The table's own: nobody changes it."""
        self.is_first = number == 1
        self.changed: list[Process] = []
        """Those that did something since the pass before, new ones among them."""
        self.started: list[Process] = []
        self.ended: list[Process] = []


def seconds_of(ticks: int) -> float:
    """Return clock ticks as seconds."""
    return ticks / _TICKS
