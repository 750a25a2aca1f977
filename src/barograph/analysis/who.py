"""Who did it: samples of the flight recorder -> a table, sorted by what was done, or by what changed since another.

Pure. The page, the API, `barograph who` and `Client.who` show these tables.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import msgspec

from barograph.model.processes import UNKNOWN, Measure, ProcessFacts, ProcessSample, UnitMeasure


class By(StrEnum):
    """What a table is sorted by."""

    CPU = "cpu"
    MEMORY = "memory"
    IO = "io"
    FAULTS = "faults"


class GroupBy(StrEnum):
    """What one row stands for."""

    PROCESS = "process"
    NAME = "name"
    UNIT = "unit"
    CONTAINER = "container"
    USER = "user"


class WhoBefore(msgspec.Struct, kw_only=True, frozen=True):
    """What a row did at the instant compared with; None what was not measured, or not kept."""

    cpu: float | None
    rss: int | None
    read: float | None
    write: float | None
    iowait: float | None
    majflt: float | None


class WhoRow(msgspec.Struct, kw_only=True, frozen=True):
    """A process, or several of one group. What was not measured is None."""

    pid: int | None
    """None where the row stands for several."""
    start: float | None
    """Unix seconds; of the oldest."""
    name: str
    cmd: str
    user: str
    unit: str
    container: str
    state: str
    """The state's letter; empty where the row stands for several."""
    cpu: float | None
    """Cores in use."""
    rss: int | None
    """Bytes."""
    read: float | None
    """Bytes a second fetched from storage."""
    write: float | None
    iowait: float | None
    """Share of the time spent waiting for devices; of several their sum."""
    majflt: float | None
    """Major faults a second."""
    threads: int | None
    fds: int | None
    count: int
    """How many processes."""
    change: float | None = None
    """How much the sorted measure rose since the instant compared with; only then."""
    before: WhoBefore | None = None
    """What it did then; None where it was not among the busiest of that instant."""
    ended: float | None = None
    """The instant at which it was seen to be gone, where that lies between both; Unix seconds."""


class WhoUnit(msgspec.Struct, kw_only=True, frozen=True):
    """A control group: what its processes did together, those included that lived too short to be seen."""

    kind: str
    name: str
    path: str
    cpu: float | None
    memory: int | None
    read: float | None
    write: float | None
    processes: int | None


class WhoProcess(msgspec.Struct, kw_only=True, frozen=True):
    """A process that came or went."""

    pid: int
    start: float
    name: str
    cmd: str
    user: str
    unit: str
    container: str


_Named = TypeVar("_Named", WhoRow, WhoProcess)


class WhoTable(msgspec.Struct, kw_only=True, frozen=True):
    """What the flight recorder has of an instant."""

    at: float
    """The instant asked for, Unix seconds."""
    sampled: float
    """The instant of the sample shown: the newest that is not after it."""
    interval: float
    """The seconds over which was measured; 0 at the first sample after a start."""
    rows: list[WhoRow]
    against: float | None = None
    """The instant of the sample compared with."""
    started: list[WhoProcess] = []
    ended: list[WhoProcess] = []
    units: list[WhoUnit] = []


class Question(NamedTuple):
    """How a table is made.

    Attributes:
        by: What it is sorted by.
        group: What one row stands for.
        limit: How many rows at most; 0 for all.
    """

    by: By = By.CPU
    group: GroupBy = GroupBy.PROCESS
    limit: int = 0


def table_of(
    sample: ProcessSample,
    at_ms: int,
    question: Question,
    against: ProcessSample | None = None,
    between: Sequence[ProcessSample] = (),
) -> WhoTable:
    """Return the table of a sample, sorted by what changed most where there is another to compare with.

    Args:
        sample: The newest that is not after the instant.
        at_ms: The instant.
        question: How the table is made.
        against: The sample to compare with.
        between: The samples after that one and up to `sample`: they tell who ended meanwhile.
    """
    rows = _rows(sample, question.group)
    if against is not None:
        rows = _compared(rows, _rows(against, question.group), question)
        if question.group is GroupBy.PROCESS:
            rows = _with_ends(rows, between)
        rows.sort(key=lambda row: -abs(row.change or 0.0))
    else:
        rows.sort(key=lambda row: -(measure_of(row, question.by) or 0.0))
    return WhoTable(
        at=at_ms / 1000,
        sampled=sample.at_ms / 1000,
        interval=sample.interval_ms / 1000,
        rows=rows[: question.limit] if question.limit else rows,
        against=None if against is None else against.at_ms / 1000,
        started=list(map(_named, sample.started)),
        ended=list(map(_named, sample.ended)),
        units=_units(sample),
    )


def without_arguments(table: WhoTable) -> WhoTable:
    """Return a table whose commands are the programs alone: arguments may tell more than everybody should know."""

    def program(row: _Named) -> _Named:
        return msgspec.structs.replace(row, cmd=row.cmd.partition(" ")[0])

    return msgspec.structs.replace(
        table,
        rows=list(map(program, table.rows)),
        started=list(map(program, table.started)),
        ended=list(map(program, table.ended)),
    )


def measure_of(row: WhoRow, by: By) -> float | None:
    """Return the measure of a row that a table may be sorted by."""
    match by:
        case By.CPU:
            return row.cpu
        case By.MEMORY:
            return None if row.rss is None else float(row.rss)
        case By.IO:
            return _sum((row.read, row.write))
        case By.FAULTS:
            return row.majflt


_Key = tuple[int | None, float | None]
_NOT_MEASURED: dict[str, Any] = {
    **dict.fromkeys(("cpu", "rss", "read", "write", "iowait", "majflt", "threads", "fds")),
    "state": "",
}
_KEYS: dict[GroupBy, Callable[[WhoRow], object]] = {
    GroupBy.PROCESS: lambda row: (row.pid, row.start),
    GroupBy.NAME: lambda row: row.name,
    GroupBy.UNIT: lambda row: row.unit,
    GroupBy.CONTAINER: lambda row: row.container,
    GroupBy.USER: lambda row: row.user,
}


def _rows(sample: ProcessSample, group: GroupBy) -> list[WhoRow]:
    rows = [row_of(sample, place) for place in range(len(sample.facts))]
    if group is GroupBy.PROCESS:
        return rows
    parts: dict[object, list[WhoRow]] = {}
    for row in rows:
        parts.setdefault(_KEYS[group](row), []).append(row)
    return [_merged(part, group) for part in parts.values()]


def row_of(sample: ProcessSample, place: int) -> WhoRow:
    """Return one process of a sample, by its place in it."""
    who, numbers = sample.facts[place], sample.numbers[place].tolist()
    interval_s = sample.interval_ms / 1000

    def rate(measure: Measure) -> float | None:
        value = numbers[measure]
        return None if value == UNKNOWN or not interval_s else value / interval_s

    def level(measure: Measure) -> int | None:
        value: int = numbers[measure]
        return None if value == UNKNOWN else value

    return WhoRow(
        pid=who.pid,
        start=who.start_ms / 1000,
        name=who.name,
        cmd=who.command,
        user=who.user,
        unit=who.unit,
        container=who.container,
        state=chr(numbers[Measure.STATE]),
        cpu=(numbers[Measure.USER_MS] + numbers[Measure.SYSTEM_MS]) / sample.interval_ms if interval_s else None,
        rss=level(Measure.RSS_BYTES),
        read=rate(Measure.READ_BYTES),
        write=rate(Measure.WRITE_BYTES),
        iowait=None if (waited := rate(Measure.IO_WAIT_MS)) is None else waited / 1000,
        majflt=rate(Measure.MAJOR_FAULTS),
        threads=level(Measure.THREADS),
        fds=level(Measure.OPEN_FILES),
        count=1,
    )


def _merged(rows: Sequence[WhoRow], group: GroupBy) -> WhoRow:
    """Return rows of one group as one."""
    first = rows[0]
    if len(rows) == 1 and group is GroupBy.NAME:
        return first

    def common(values: Iterable[str]) -> str:
        found = set(values)
        return found.pop() if len(found) == 1 else ""

    def whole(values: Iterable[int | None]) -> int | None:
        total = _sum(values)
        return None if total is None else int(total)

    starts = [row.start for row in rows if row.start is not None]
    return WhoRow(
        pid=None,
        start=min(starts, default=None),
        name=common(row.name for row in rows),
        cmd=common(row.cmd for row in rows),
        user=common(row.user for row in rows),
        unit=common(row.unit for row in rows),
        container=common(row.container for row in rows),
        state="",
        cpu=_sum(row.cpu for row in rows),
        rss=whole(row.rss for row in rows),
        read=_sum(row.read for row in rows),
        write=_sum(row.write for row in rows),
        iowait=_sum(row.iowait for row in rows),
        majflt=_sum(row.majflt for row in rows),
        threads=whole(row.threads for row in rows),
        fds=whole(row.fds for row in rows),
        count=len(rows),
    )


def _compared(rows: Sequence[WhoRow], before: Sequence[WhoRow], question: Question) -> list[WhoRow]:
    """Return rows with their change, and those that were busy then and are not now.

    Who was not among the busiest did next to nothing of what is counted by the second, so 0 stands for it; its memory
    is not known, unless it was not there at all.
    """
    key = _KEYS[question.group]
    known = {key(row): row for row in before}
    found = []
    for row in rows:
        then = known.pop(key(row), None)
        found.append(msgspec.structs.replace(row, change=_change(row, then, question.by), before=_before(then)))
    if question.by is not By.MEMORY:
        for row in known.values():
            gone = 0.0 - (measure_of(row, question.by) or 0.0)
            found.append(msgspec.structs.replace(row, **_NOT_MEASURED, change=gone, before=_before(row)))
    return found


def _before(row: WhoRow | None) -> WhoBefore | None:
    if row is None:
        return None
    return WhoBefore(cpu=row.cpu, rss=row.rss, read=row.read, write=row.write, iowait=row.iowait, majflt=row.majflt)


def _with_ends(rows: Sequence[WhoRow], between: Sequence[ProcessSample]) -> list[WhoRow]:
    """Return rows with the instants at which they ended, and with those that came, were busy and went meanwhile."""
    ends: dict[_Key, float] = {
        (who.pid, who.start_ms / 1000): sample.at_ms / 1000 for sample in between for who in sample.ended
    }
    found = [msgspec.structs.replace(row, ended=ends.pop((row.pid, row.start), None)) for row in rows]
    seen: dict[_Key, WhoRow] = {}
    for sample in between:
        for place, who in enumerate(sample.facts):
            key: _Key = (who.pid, who.start_ms / 1000)
            if key in ends and key not in seen:
                seen[key] = row_of(sample, place)
    for key, row in seen.items():
        found.append(msgspec.structs.replace(row, **_NOT_MEASURED, change=0.0, ended=ends[key]))
    return found


def _change(row: WhoRow, before: WhoRow | None, by: By) -> float | None:
    now = measure_of(row, by)
    if now is None:
        return None
    if before is None:
        return None if by is By.MEMORY else now
    then = measure_of(before, by)
    return None if then is None else now - then


def _units(sample: ProcessSample) -> list[WhoUnit]:
    interval_s = sample.interval_ms / 1000
    found = []
    for who, numbers in zip(sample.units, sample.unit_numbers.tolist(), strict=True):

        def known(measure: UnitMeasure, numbers: Sequence[int] = numbers) -> int | None:
            return None if numbers[measure] == UNKNOWN else numbers[measure]

        def rate(value: int | None, per: int = 1) -> float | None:
            return None if value is None or not interval_s else value / per / interval_s

        found.append(
            WhoUnit(
                kind=who.kind,
                name=who.name,
                path=who.path,
                cpu=rate(known(UnitMeasure.CPU_MS), 1000),
                memory=known(UnitMeasure.MEMORY_BYTES),
                read=rate(known(UnitMeasure.READ_BYTES)),
                write=rate(known(UnitMeasure.WRITE_BYTES)),
                processes=known(UnitMeasure.PROCESSES),
            )
        )
    return found


def _named(who: ProcessFacts) -> WhoProcess:
    return WhoProcess(
        pid=who.pid,
        start=who.start_ms / 1000,
        name=who.name,
        cmd=who.command,
        user=who.user,
        unit=who.unit,
        container=who.container,
    )


def _sum(values: Iterable[float | None]) -> float | None:
    """Return the sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
