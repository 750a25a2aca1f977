"""Rows of an answer as a table or as JSON, for the commands that ask a server's own API."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from barograph.cli.failure import require_format
from barograph.cli.terminal import to_json, visible

FORMATS = ("table", "json")
_TIMES = frozenset({"created", "expires", "last_used", "at", "starts", "ends"})
_UNFOLDED = 10_000_000


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], output_format: str) -> None:
    """Print rows; times are Unix seconds and shown in the local zone."""
    require_format(output_format, FORMATS)
    if output_format == "json":
        print(to_json(list(rows)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(column, row.get(column))) for column in columns))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else _UNFOLDED).print(table)


def show_time(at_s: float) -> str:
    """Return an instant in the local zone."""
    return datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _shown(column: str, value: object) -> str:
    if column in _TIMES and isinstance(value, int | float):
        return show_time(value)
    if value is None:
        return "never"
    if isinstance(value, list):
        return ", ".join(visible(str(each)) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(str(value))
