"""One process over time: samples of the flight recorder -> columns, and what is known of its life.

Pure. The page and the API show it. It knows only of seconds at which the process was among the busiest.
"""

from collections.abc import Sequence

import msgspec

from barograph.analysis.who import WhoRow, row_of
from barograph.model.processes import ProcessFacts, ProcessSample


class Parent(msgspec.Struct, kw_only=True, frozen=True):
    """Who started a process, or started who did."""

    pid: int
    name: str


class Totals(msgspec.Struct, kw_only=True, frozen=True):
    """What it did at the instants of a history together; less than all, where it was not always among the busiest."""

    cpu: float
    """Seconds of CPU time."""
    read: float | None
    """Bytes fetched from storage; None where that may not be read."""
    write: float | None


class History(msgspec.Struct, kw_only=True, frozen=True):
    """One process over time: columns beside `times`, None where it was not among the busiest."""

    times: list[float]
    cpu: list[float | None]
    rss: list[int | None]
    read: list[float | None]
    write: list[float | None]
    iowait: list[float | None]
    pid: int
    start: float
    """When it started, Unix seconds."""
    name: str
    """Empty, as what follows, where the samples have nothing of it."""
    cmd: str
    user: str
    unit: str
    container: str
    threads: int | None
    """At the newest instant at which it was among the busiest."""
    parents: list[Parent]
    """Who started it, the nearest first; as far as is known."""
    ended: float | None
    """The instant at which it was seen to be gone; None where it was not, up to the end asked for."""
    totals: Totals | None


def history_of(samples: Sequence[ProcessSample], pid: int, start_ms: int) -> History:
    """Return what the samples have of one process, told by its PID and its start."""
    rows = [_row_in(sample, pid, start_ms) for sample in samples]
    facts, ended = _life(samples, pid, start_ms)
    who = facts or ProcessFacts(pid, start_ms, "", "", "", "", "")
    return History(
        times=[sample.at_ms / 1000 for sample in samples],
        cpu=[None if row is None else row.cpu for row in rows],
        rss=[None if row is None else row.rss for row in rows],
        read=[None if row is None else row.read for row in rows],
        write=[None if row is None else row.write for row in rows],
        iowait=[None if row is None else row.iowait for row in rows],
        pid=pid,
        start=start_ms / 1000,
        name=who.name,
        cmd=who.command,
        user=who.user,
        unit=who.unit,
        container=who.container,
        parents=[Parent(pid=number, name=name) for number, name in who.lineage],
        threads=next((row.threads for row in reversed(rows) if row is not None), None),
        ended=ended,
        totals=_totals(samples, rows),
    )


def program_alone(history: History) -> History:
    """Return a history whose command is the program alone: arguments may tell more than everybody should know."""
    return msgspec.structs.replace(history, cmd=history.cmd.partition(" ")[0])


def _row_in(sample: ProcessSample, pid: int, start_ms: int) -> WhoRow | None:
    place = next((i for i, who in enumerate(sample.facts) if (who.pid, who.start_ms) == (pid, start_ms)), None)
    return None if place is None else row_of(sample, place)


def _life(samples: Sequence[ProcessSample], pid: int, start_ms: int) -> tuple[ProcessFacts | None, float | None]:
    """Return who it is, as known last, and when it ended."""
    facts, ended = None, None
    for sample in samples:
        for who in (*sample.started, *sample.facts, *sample.ended):
            if (who.pid, who.start_ms) == (pid, start_ms):
                facts = who
        if any((who.pid, who.start_ms) == (pid, start_ms) for who in sample.ended):
            ended = sample.at_ms / 1000
    return facts, ended


def _totals(samples: Sequence[ProcessSample], rows: Sequence[WhoRow | None]) -> Totals | None:
    seen = [(sample.interval_ms / 1000, row) for sample, row in zip(samples, rows, strict=True) if row is not None]
    if not seen:
        return None

    def total(rates: Sequence[tuple[float, float | None]]) -> float | None:
        known = [seconds * rate for seconds, rate in rates if rate is not None]
        return sum(known) if known else None

    return Totals(
        cpu=total([(seconds, row.cpu) for seconds, row in seen]) or 0.0,
        read=total([(seconds, row.read) for seconds, row in seen]),
        write=total([(seconds, row.write) for seconds, row in seen]),
    )
