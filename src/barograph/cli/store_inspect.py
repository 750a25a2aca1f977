"""`barograph store inspect`: what a data folder holds, whether its server runs or not."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from barograph.cli.failure import require_format
from barograph.cli.store_tools import folder_of, size_text
from barograph.cli.terminal import to_json, visible
from barograph.tsdb.inspect import StoreReport, inspect

EPILOG = """\b
Examples:
  barograph store inspect
  barograph store inspect --data ./data --format json"""
_FORMATS = ("table", "json")
_UNFOLDED = 10_000_000


def store_inspect(
    data: Annotated[Path | None, typer.Option(metavar="DIR", readable=False, help="The data folder.")] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="table or json.")] = "table",
    most: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many of each list.")] = 10,
) -> None:
    """Show files, series, bytes a sample by metric, the highest cardinality and the churn of a data folder.

    Reads only, and may be used while the server runs. Sizes of metrics are those of their compressed samples; the
    whole folder's bytes a sample have labels, indexes and the ring in them. Cardinality is that of the newest two days.
    """
    require_format(output_format, _FORMATS)
    report = inspect(folder_of(data), most)
    if output_format == "json":
        print(to_json({**asdict(report), "bytes_per_sample": report.bytes_per_sample}))
    else:
        _print(report)
    for each in report.unreadable:
        print(f"barograph: {visible(each)}", file=sys.stderr)


def _print(report: StoreReport) -> None:
    console = Console(width=None if sys.stdout.isatty() else _UNFOLDED, highlight=False)
    files = [
        (f.name, f.retention_class, f.tier, size_text(f.size_bytes), f"{f.spans:,}", f"{f.series:,}", f"{f.samples:,}")
        for f in report.files
    ]
    _table(console, "", ("file", "class", "tier", "size", "spans", "series", "samples"), files, 3)
    rate = f", {report.bytes_per_sample:.3f} bytes a sample" if report.samples else ""
    console.print(f"\n{size_text(report.size_bytes)} for {report.samples:,} samples{rate}")
    if report.ring is not None:
        ring = report.ring
        console.print(f"ring: tick {ring.last_tick:,}, {ring.unfolded_ticks:,} ticks in no block file yet")
    families = [
        (f.name, f"{f.samples:,}", size_text(f.chunk_bytes), f"{f.chunk_bytes / f.samples:.3f}" if f.samples else "")
        for f in report.families
    ]
    _table(console, "largest metrics", ("metric", "samples", "size", "bytes a sample"), families, 1)
    _table(console, "most series", ("metric", "series"), [(n, f"{c:,}") for n, c in report.metrics], 1)
    _table(console, "most values", ("label", "values"), [(n, f"{c:,}") for n, c in report.labels], 1)
    _table(console, "most series of one value", ("label", "series"), [(n, f"{c:,}") for n, c in report.pairs], 1)
    churn = [(c.period, f"{c.series:,}", f"{c.appeared:,}", f"{c.ended:,}") for c in report.churn]
    _table(console, "churn", ("day", "series", "appeared", "ended"), churn, 1)


def _table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int
) -> None:
    if not rows:
        return
    if title:
        console.print(f"\n{title}", style="bold")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i >= numbers_from else "left", overflow="fold")
    for row in rows:
        # Text, since a label's value may look like markup
        table.add_row(*(Text(visible(cell)) for cell in row))
    console.print(table)
