"""What of a pass the flight recorder keeps: the busiest processes by each measure, and what they did since the last."""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from heapq import nlargest

import numpy as np

from barograph.collectors.cgroup.counts import Counts
from barograph.collectors.cgroup.tree import Group
from barograph.collectors.process.files import DENIED
from barograph.collectors.process.record import TICK_MS, Pass, Process
from barograph.collectors.process.table import ProcessTable
from barograph.model.processes import UNKNOWN, Measure, ProcessSample, UnitFacts, UnitMeasure

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


def with_units(sample: ProcessSample, groups: Collection[Group], top: int) -> ProcessSample:
    """Return a sample with the control groups that were busiest by CPU time, memory and I/O."""
    busy = [(group, _unit_row(group)) for group in groups]
    chosen: dict[str, tuple[Group, Sequence[int]]] = {}
    for column in (UnitMeasure.CPU_MS, UnitMeasure.MEMORY_BYTES, UnitMeasure.READ_BYTES, UnitMeasure.WRITE_BYTES):
        for group, row in nlargest(top, busy, key=lambda pair: pair[1][column]):
            if row[column] > 0:
                chosen[group.path] = (group, row)
    if not chosen:
        return sample
    return replace(
        sample,
        units=tuple(_unit_facts(group) for group, _ in chosen.values()),
        unit_numbers=np.array([row for _, row in chosen.values()], np.int64),
    )


def _unit_facts(group: Group) -> UnitFacts:
    membership, name = group.membership, group.path.rpartition("/")[2]
    if membership.container and membership.container in name:
        return UnitFacts("container", membership.container, group.path)
    if name == membership.unit:
        return UnitFacts("slice" if name.endswith(".slice") else "unit", name, group.path)
    return UnitFacts("cgroup", name, group.path)


def _unit_row(group: Group) -> Sequence[int]:
    """Return the measures of a control group, in the order of `UnitMeasure`."""
    counts, before = group.counts, group.before
    return (
        _rise(counts.cpu, before.cpu if before else None, 1000.0),
        _known(counts.memory),
        _rise(_io_of(counts, 0), _io_of(before, 0) if before else None),
        _rise(_io_of(counts, 1), _io_of(before, 1) if before else None),
        _known(counts.threads),
    )


def _io_of(counts: Counts, column: int) -> float:
    return sum(amounts[column] for amounts in counts.io.values())


def _known(value: float | None) -> int:
    return UNKNOWN if value is None else int(value)


def _rise(now: float | None, before: float | None, scale: float = 1.0) -> int:
    return UNKNOWN if now is None or before is None else max(0, round((now - before) * scale))


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
