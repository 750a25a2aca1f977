"""I/O of processes that ended, counted once: with them, not once more with who took note of their end.

When a parent takes note that a child ended, the kernel adds all that the child ever read and wrote to the parent's own
counts (wait_task_zombie in kernel/exit.c). Taken as it is, a shell would seem to write in one second what its child
wrote in an hour. `ProcessTable` calls this at the end of each pass.
"""

from collections.abc import Mapping

from barograph.collectors.process.parse import parent_of
from barograph.collectors.process.record import Pass, Process

_MOST_LEVELS = 16
_NOTHING = (0, 0)


class Reaping:
    """Knows what parents still have to be relieved of."""

    def __init__(self) -> None:
        self._owed: dict[str, tuple[int, int]] = {}

    def settle(self, found: Pass) -> None:
        """Take what ended processes did out of what their parents seem to have done since the pass before."""
        fresh = _inherited(found)
        carried, self._owed = self._owed, {}
        for pid in carried | fresh:
            parent = found.known.get(pid)
            if parent is None:
                continue
            both = _added(carried.get(pid, _NOTHING), fresh.get(pid, _NOTHING))
            rose = _less(parent.io, parent.before_io) if parent.changed == found.number else _NOTHING
            taken = (min(both[0], rose[0]), min(both[1], rose[1]))
            if taken != _NOTHING:
                parent.before_io = _added(parent.before_io, taken)
            # one that was read before its child was gone has it at the next pass, and never later
            rest = _less(both, taken)
            if pid in fresh and rest != _NOTHING:
                self._owed[pid] = rest


def _inherited(found: Pass) -> dict[str, tuple[int, int]]:
    """Return what each living process has inherited of those that ended, by PID."""
    ended = {process.pid: process for process in found.ended}
    sums: dict[str, tuple[int, int]] = {}
    for process in found.ended:
        if process.io == _NOTHING:
            continue
        heir = _heir(process, ended)
        sums[heir] = _added(sums.get(heir, _NOTHING), process.io)
    return sums


def _heir(process: Process, ended: Mapping[str, Process]) -> str:
    """Return the PID of the nearest ancestor that did not end in the same pass."""
    pid = parent_of(process.stat_data)
    for _ in range(_MOST_LEVELS):
        above = ended.get(pid)
        if above is None:
            break
        pid = parent_of(above.stat_data)
    return pid


def _added(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]


def _less(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(0, one[0] - other[0]), max(0, one[1] - other[1])
