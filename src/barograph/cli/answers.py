"""Answers of queries as a table, JSON or CSV on standard output; their warnings go to standard error."""

import csv
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from barograph.cli.terminal import LINES, to_json, visible
from barograph.client.answer import Answer
from barograph.client.frames import Series
from barograph.formats.exposition import format_value

Printer = Callable[[Answer, tzinfo, TextIO], None]
_UNFOLDED = 10_000_000
"""Columns of a table that is not read on a screen: programs want a row a line."""


def print_answer(answer: Answer, output_format: str, zone: tzinfo) -> None:
    """Print an answer in one of `FORMATS`."""
    for warning in answer.warnings:
        print(f"barograph: {visible(warning)}", file=sys.stderr)
    _PRINTERS[output_format](answer, zone, sys.stdout)


def _rows(answer: Answer) -> Iterator[tuple[str, int, float]]:
    for series in answer.series:
        for at_ms, value in zip(series.timestamps_ms.tolist(), series.values.tolist(), strict=True):
            yield str(series.labels), at_ms, value


def _table(answer: Answer, zone: tzinfo, out: TextIO) -> None:
    if answer.kind == "string":
        print(visible(answer.text, LINES), file=out)
        return
    rows = list(_rows(answer))
    if not rows:
        print("barograph: no data", file=sys.stderr)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("series", overflow="fold")
    table.add_column(f"time ({_zone_name(rows[-1][1], zone)})", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for labels, at_ms, value in rows:
        # Text, since a label's value may look like markup
        table.add_row(Text(visible(labels)), _local(at_ms, zone), format_value(value))
    Console(file=out, width=None if out.isatty() else _UNFOLDED).print(table)


def _local(at_ms: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{at_ms % 1000:03d}" if at_ms % 1000 else "")


def _zone_name(at_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_ms / 1000, zone).tzname() or "local"


def _json(answer: Answer, zone: tzinfo, out: TextIO) -> None:
    """Write the `data` of Prometheus' API; a string is bare, as no instant belongs to it."""
    result: object
    if answer.kind == "string":
        result = answer.text
    elif answer.kind == "scalar":
        result = _points(answer.series[0])[0]
    elif answer.kind == "vector":
        result = [{"metric": row.labels.to_dict(), "value": _points(row)[0]} for row in answer.series]
    else:
        result = [{"metric": row.labels.to_dict(), "values": _points(row)} for row in answer.series]
    print(to_json({"resultType": answer.kind, "result": result}), file=out)


def _points(series: Series) -> list[tuple[float, str]]:
    pairs = zip(series.timestamps_ms.tolist(), series.values.tolist(), strict=True)
    return [(at_ms / 1000, format_value(value)) for at_ms, value in pairs]


def _csv(answer: Answer, zone: tzinfo, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    # CSV has no escapes: a program gets the characters, a terminal does not
    shown = visible if out.isatty() else str
    if answer.kind == "string":
        writer.writerows([["value"], [shown(answer.text)]])
        return
    writer.writerow(["series", "timestamp", "value"])
    writer.writerows([shown(labels), at_ms / 1000, format_value(value)] for labels, at_ms, value in _rows(answer))


_PRINTERS: dict[str, Printer] = {"table": _table, "json": _json, "csv": _csv}
FORMATS = tuple(_PRINTERS)
"""What `--format` takes."""
