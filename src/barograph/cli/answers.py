"""Answers of queries as a table, JSON or CSV on standard output."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from barograph.cli.failure import CommandError
from barograph.client import Answer
from barograph.formats.exposition import format_value

Printer = Callable[[Answer, tzinfo, TextIO], None]


def print_answer(answer: Answer, output_format: str, zone: tzinfo) -> None:
    """Print an answer; its warnings go to standard error.

    Raises:
        CommandError: There is no such format.
    """
    if output_format not in PRINTERS:
        raise CommandError(f"{output_format!r} is no format: one of {', '.join(PRINTERS)} is expected", 2)
    for warning in answer.warnings:
        print(f"barograph: {warning}", file=sys.stderr)
    PRINTERS[output_format](answer, zone, sys.stdout)


def _rows(answer: Answer) -> Iterator[tuple[str, int, float]]:
    for series in answer.series:
        for at_ms, value in zip(series.timestamps_ms.tolist(), series.values.tolist(), strict=True):
            yield str(series.labels), at_ms, value


def _table(answer: Answer, zone: tzinfo, out: TextIO) -> None:
    if answer.kind == "string":
        print(answer.text, file=out)
        return
    if not answer.series:
        print("no data", file=out)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    name = datetime.now(zone).tzname() if zone is not UTC else "UTC"  # noqa: TID251  only to name the zone
    for column, justify in (("series", "left"), (f"time ({name})", "left"), ("value", "right")):
        table.add_column(column, justify="right" if justify == "right" else "left", overflow="fold")
    for labels, at_ms, value in _rows(answer):
        # Text, since a label value may look like markup
        table.add_row(Text(labels), Text(_local(at_ms, zone)), Text(format_value(value)))
    console = Console(file=out, width=None if out.isatty() else 400)
    console.print(table)


def _local(at_ms: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, zone)
    return moment.strftime("%Y-%m-%d %H:%M:%S") + (f".{at_ms % 1000:03d}" if at_ms % 1000 else "")


def _json(answer: Answer, zone: tzinfo, out: TextIO) -> None:
    series = [
        {
            "metric": row.labels.to_dict(),
            "values": [
                [at / 1000, format_value(v)]
                for at, v in zip(row.timestamps_ms.tolist(), row.values.tolist(), strict=True)
            ],
        }
        for row in answer.series
    ]
    data = {"resultType": answer.kind, "result": answer.text if answer.kind == "string" else series}
    print(json.dumps(data, ensure_ascii=False), file=out)


def _csv(answer: Answer, zone: tzinfo, out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["series", "timestamp", "value"])
    for labels, at_ms, value in _rows(answer):
        writer.writerow([labels, at_ms / 1000, format_value(value)])


PRINTERS: dict[str, Printer] = {"table": _table, "json": _json, "csv": _csv}
