"""What of a pass the flight recorder keeps: the busiest processes by each measure, and what they did since the last."""

import os
from collections.abc import Callable, Sequence
from heapq import nlargest

import numpy as np

from barograph.collectors.process.files import DENIED
from barograph.collectors.process.record import TICK_MS, Pass, Process
from barograph.collectors.process.table import ProcessTable
from barograph.model.processes import UNKNOWN, Measure, ProcessSample

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MOST_NAMED = 500
"""Of a storm of forks so many starts and ends of one sample are kept by name."""


def sample_of(found: Pass, table: ProcessTable, top: int, *, counts_io_wait: bool) -> ProcessSample:
    """Return what is kept of a pass.

    Args:
        found: The pass.
        table: Knows who the processes are.
        top: How many are kept by each of CPU time, memory, I/O and major faults.
        counts_io_wait: Whether the kernel counts the time that processes wait for devices.
    """
    # at the first pass nobody knows what was done since when
    busy = [] if found.is_first else found.changed
    chosen: dict[str, Process] = {}
    for rank in (_cpu, _io, _faults):
        for process in nlargest(top, busy, key=rank):
            if rank(process) > 0:
                chosen[process.pid] = process
    for process in nlargest(top, found.known.values(), key=_memory):
        chosen[process.pid] = process
    # one that ended within this very pass is none of `known`, but its last deeds are
    rows = list(chosen.values())
    numbers = np.array([_row(process, found, counts_io_wait=counts_io_wait) for process in rows], np.int64)
    return ProcessSample(
        at_ms=found.at_ms,
        interval_ms=found.interval_ms,
        facts=tuple(table.facts_of(process) for process in rows),
        numbers=numbers.reshape(len(rows), len(Measure)),
        started=() if found.is_first else tuple(map(table.facts_of, found.started[:_MOST_NAMED])),
        ended=tuple(map(table.facts_of, found.ended[:_MOST_NAMED])),
    )


def _cpu(process: Process) -> int:
    stat, before = process.stat, process.before
    return stat.user + stat.system - before.user - before.system


def _io(process: Process) -> int:
    read, written = process.io
    return read + written - process.before_io[0] - process.before_io[1]


def _faults(process: Process) -> int:
    return process.stat.major_faults - process.before.major_faults


def _memory(process: Process) -> int:
    return process.stat.rss_pages


_Rank = Callable[[Process], int]


def _row(process: Process, found: Pass, *, counts_io_wait: bool) -> Sequence[int]:
    """Return the measures of one process, in the order of `Measure`."""
    stat, before = process.stat, process.before
    did = process.changed == found.number and not found.is_first
    if not did:
        before = stat
    io, status = process.io, process.status
    before_io, before_status = (process.before_io, process.before_status) if did else (io, status)
    denied = process.io_fd == DENIED
    return (
        (stat.user - before.user) * TICK_MS,
        (stat.system - before.system) * TICK_MS,
        (stat.io_wait - before.io_wait) * TICK_MS if counts_io_wait else UNKNOWN,
        UNKNOWN if denied else io[0] - before_io[0],
        UNKNOWN if denied else io[1] - before_io[1],
        stat.major_faults - before.major_faults,
        stat.minor_faults - before.minor_faults,
        stat.rss_pages * _PAGE_BYTES,
        stat.threads,
        UNKNOWN if process.open_files is None else process.open_files,
        max(0, status.voluntary + status.nonvoluntary - before_status.voluntary - before_status.nonvoluntary),
        stat.state,
    )
