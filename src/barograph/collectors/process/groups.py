"""What processes of one group come to together, kept up to date by what changed. Counters outlive their processes."""

import os
from collections.abc import Sequence

from barograph.collectors.process.record import Process, seconds_of
from barograph.model.sample import ABSENT

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STATES = ("Running", "Sleeping", "Waiting", "Zombie", "Other")
_STATE_INDEX = {ord("R"): 0, ord("S"): 1, ord("I"): 1, ord("D"): 2, ord("Z"): 3}
_OTHER = 4
_COUNTERS = 8
_GAUGES = 4
_Totals = list[int]


class Share:
    """What a process has put into its group: taken out again, or replaced, when it changes."""

    __slots__ = ("gauges", "state")

    def __init__(self, gauges: _Totals, state: int) -> None:
        self.gauges = gauges
        self.state = state


class Group:
    """The sums of one group."""

    __slots__ = ("counters", "empty_since_ms", "gauges", "is_dirty", "members", "shares", "states")

    def __init__(self) -> None:
        self.counters: _Totals = [0] * _COUNTERS
        """User and system ticks, bytes read and written, major and minor faults, switches (voluntary, not)."""
        self.gauges: _Totals = [0] * _GAUGES
        """Resident pages, virtual bytes, swapped bytes, threads."""
        self.states = [0] * len(STATES)
        self.members: dict[str, Process] = {}
        self.shares: dict[str, Share] = {}
        self.is_dirty = True
        """Whether its values changed since they were last asked for."""
        self.empty_since_ms: int | None = None

    def join(self, process: Process) -> None:
        """Take a process in, with what it did since the pass before."""
        self.members[process.pid] = process
        share = self.shares[process.pid] = Share(_gauges_of(process), _state_of(process))
        self._add(share, 1)
        self._count(_counters_of(process), _counters_before(process))
        self.is_dirty = True

    def update(self, process: Process) -> None:
        """Take in what a member did since the pass before."""
        self._count(_counters_of(process), _counters_before(process))
        share = self.shares[process.pid]
        self._add(share, -1)
        share.gauges, share.state = _gauges_of(process), _state_of(process)
        self._add(share, 1)
        self.is_dirty = True

    def leave(self, process: Process) -> None:
        """Let go of a process; its counters stay."""
        share = self.shares.pop(process.pid)
        del self.members[process.pid]
        self._add(share, -1)
        self.is_dirty = True

    def values(self) -> Sequence[float]:
        """Return the values in the order of the collector's series."""
        user, system, read, written, major, minor, voluntary, nonvoluntary = self.counters
        resident, virtual, swapped, threads = self.gauges
        open_files, ratio = self._files()
        return (
            float(len(self.members)),
            seconds_of(user),
            seconds_of(system),
            float(read),
            float(written),
            float(major),
            float(minor),
            float(voluntary),
            float(nonvoluntary),
            float(resident * _PAGE_BYTES),
            float(virtual),
            float(swapped),
            open_files,
            ratio,
            self._oldest(),
            float(threads),
            *map(float, self.states),
        )

    def _oldest(self) -> float:
        starts = [process.facts.start_ms for process in self.members.values() if process.facts is not None]
        return min(starts) / 1000 if starts else 0.0

    def _files(self) -> tuple[float, float]:
        """Return how many files are open, and the greatest share of its limit that a member uses."""
        counted = [process for process in self.members.values() if process.open_files is not None]
        if self.members and not counted:
            return ABSENT, ABSENT
        shares = [(process.open_files or 0) / process.file_limit for process in counted if process.file_limit]
        return float(sum(process.open_files or 0 for process in counted)), max(shares, default=0.0)

    def _add(self, share: Share, sign: int) -> None:
        gauges = self.gauges
        for index, value in enumerate(share.gauges):
            gauges[index] += sign * value
        self.states[share.state] += sign

    def _count(self, now: Sequence[int], before: Sequence[int]) -> None:
        counters = self.counters
        for index, value in enumerate(now):
            rise = value - before[index]
            if rise > 0:  # a counter that fell belongs to a thread that ended: it counts on from there
                counters[index] += rise


def _counters_of(process: Process) -> Sequence[int]:
    stat, status = process.stat, process.status
    faults = (stat.major_faults, stat.minor_faults)
    return (stat.user, stat.system, *process.io, *faults, status.voluntary, status.nonvoluntary)


def _counters_before(process: Process) -> Sequence[int]:
    stat, status = process.before, process.before_status
    faults = (stat.major_faults, stat.minor_faults)
    return (stat.user, stat.system, *process.before_io, *faults, status.voluntary, status.nonvoluntary)


def _gauges_of(process: Process) -> _Totals:
    stat = process.stat
    return [stat.rss_pages, stat.vsize, process.status.swap_bytes, stat.threads]


def _state_of(process: Process) -> int:
    return _STATE_INDEX.get(process.stat.state, _OTHER)
