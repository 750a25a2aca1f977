"""`barograph who --at T`: the processes of an instant, from a running server or a data folder."""

import os
import sys
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from barograph.analysis.who import By, GroupBy, WhoProcess, WhoRow, WhoTable
from barograph.cli.failure import require_format
from barograph.cli.terminal import to_json, visible
from barograph.cli.times import parse_time_ms
from barograph.cli.where import asked
from barograph.cli.zone import local_zone
from barograph.client.client import Client
from barograph.model.clock import SystemClock

FORMATS = ("table", "json")
_ROWS = 15
_EPILOG = """\b
Examples:
  barograph who --at 03:12
  barograph who --at 'yesterday 03:12' --against 'yesterday 03:11' --by io --group unit"""
_UNITS = ("B", "kB", "MB", "GB", "TB")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(who)


def who(
    at: Annotated[str, typer.Option(metavar="T", help="The instant.")] = "now",
    against: Annotated[
        str | None, typer.Option(metavar="T", help="An instant to compare with: what changed most stands first.")
    ] = None,
    by: Annotated[By, typer.Option(metavar="MEASURE", help="cpu, memory, io or faults.")] = By.CPU,
    group: Annotated[
        GroupBy, typer.Option(metavar="GROUP", help="A row is a process, name, unit, container or user.")
    ] = GroupBy.PROCESS,
    limit: Annotated[int, typer.Option(min=0, metavar="N", help="How many rows; 0 for all that is kept.")] = _ROWS,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="A server. Default: BAROGRAPH_URL, else the data folder's own.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", readable=False, help="A data folder: its server, or while none runs the folder."),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="table or json.")] = "table",
) -> None:
    """Show who did it: the busiest processes of any second.

    The flight recorder keeps of each second the busiest by CPU, memory, I/O and major faults, and every start and end
    that was seen.
    """
    require_format(output_format, FORMATS)
    zone = local_zone(os.environ)
    now_ms = SystemClock().now_ms()
    at_s = parse_time_ms(at, now_ms, zone) / 1000
    against_s = None if against is None else parse_time_ms(against, now_ms, zone) / 1000

    def ask(client: Client) -> WhoTable:
        return client.who(at_s, against_s=against_s, by=by.value, group=group.value, limit=limit)

    table = asked(ask, url, data)
    if output_format == "json":
        print(to_json(msgspec.to_builtins(table)))
    else:
        _print(table, zone, group)


def _print(table: WhoTable, zone: tzinfo, group: GroupBy) -> None:
    console = Console(width=None if sys.stdout.isatty() else 10_000)
    said = f"{_at(table.sampled, zone)}, over {table.interval:g} s"
    if table.against is not None:
        said += f", against {_at(table.against, zone)}"
    console.print(Text(said, style="bold"))
    columns = _columns(table, group)
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title, is_number in columns:
        grid.add_column(title, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in _cells(row, table, group)))
    console.print(grid)
    for word, those in (("started", table.started), ("ended", table.ended)):
        if those:
            console.print(Text(f"{word}: {_listed(those)}"))


def _columns(table: WhoTable, group: GroupBy) -> list[tuple[str, bool]]:
    found = [("pid", True)] if group is GroupBy.PROCESS else [("count", True)]
    found += [("cpu", True), ("memory", True), ("read/s", True), ("write/s", True), ("faults/s", True)]
    if table.against is not None:
        found.insert(1, ("change", True))
    return [*found, ("user", False), ("unit", False), ("name", False), ("command", False)]


def _cells(row: WhoRow, table: WhoTable, group: GroupBy) -> list[str]:
    numbers = [
        "" if row.cpu is None else f"{row.cpu * 100:.0f}%",
        _bytes(row.rss),
        _bytes(row.read),
        _bytes(row.write),
        "" if row.majflt is None else f"{row.majflt:.0f}",
    ]
    if table.against is not None:
        numbers.insert(0, "" if row.change is None else f"{row.change:+.3g}")
    first = str(row.pid) if group is GroupBy.PROCESS else str(row.count)
    unit = row.unit or (f"container {row.container[:12]}" if row.container else "")
    command = row.cmd.partition(" ")[2] if row.cmd else ""
    return [first, *numbers, visible(row.user), visible(unit), visible(row.name), visible(command)]


def _bytes(value: float | None) -> str:
    if value is None:
        return ""
    for unit in _UNITS:
        if abs(value) < 999.5 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" or abs(value) >= 99.95 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError


def _at(at_s: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_s, zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _listed(those: Sequence[WhoProcess]) -> str:
    shown = [f"{visible(process.name)} ({process.pid})" for process in those[:20]]
    more = f" and {len(those) - 20} more" if len(those) > 20 else ""
    return ", ".join(shown) + more
