"""Who did it, frozen when an alert fired: the tables of that instant, each against one minute before. Pure.

The keeper makes one a firing instant, the page shows it, and messages name the first three.
"""

import msgspec

from barograph.analysis import who
from barograph.analysis.who import By, Question, WhoRow, WhoTable, measure_of, table_of
from barograph.model.processes import ProcessSample

ROWS = 10
BEFORE_MS = 60_000
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


class FrozenWho(msgspec.Struct, kw_only=True, frozen=True):
    """The busiest processes of an instant.

    Attributes:
        tables: By `cpu`, `memory` and `io`: at most 10 rows, those that changed most first.
    """

    tables: dict[str, WhoTable]


def freeze(sample: ProcessSample, at_ms: int, before: ProcessSample | None) -> FrozenWho:
    """Return the tables of a sample."""
    tables = {}
    for by in (By.CPU, By.MEMORY, By.IO):
        table = table_of(sample, at_ms, Question(by=by, limit=ROWS), before)
        tables[by.value] = msgspec.structs.replace(table, started=[], ended=[], units=[])
    return FrozenWho(tables=tables)


def without_arguments(frozen: FrozenWho) -> FrozenWho:
    """Return it with the programs alone, as for viewers."""
    return FrozenWho(tables={by: who.without_arguments(table) for by, table in frozen.tables.items()})


def suspects(frozen: FrozenWho, by: By, count: int) -> tuple[str, ...]:
    """Return those who did most, a line each: `postgres (pid 812, backup.service): 1.9 cores, +1.8 in a minute`."""
    table = frozen.tables.get(by.value)
    rows = [] if table is None else sorted(table.rows, key=lambda row: -(measure_of(row, by) or 0.0))
    return tuple(_line(row, by) for row in rows[:count] if measure_of(row, by))


def _line(row: WhoRow, by: By) -> str:
    where = ", ".join(part for part in (f"pid {row.pid}" if row.pid else "", row.unit or row.container[:12]) if part)
    change = (
        "" if row.change is None else f", {'+' if row.change >= 0 else '−'}{_figure(abs(row.change), by)} in a minute"
    )
    return f"{row.name}{f' ({where})' if where else ''}: {_figure(measure_of(row, by) or 0.0, by)}{change}"


def _figure(value: float, by: By) -> str:
    if by is By.CPU:
        return f"{value:.2g} cores" if value != 1 else "1 core"
    size = next((f"{value / unit:.1f} {word}" for unit, word in _UNITS if value >= unit), f"{value:.0f} B")
    return f"{size}/s" if by is By.IO else size
