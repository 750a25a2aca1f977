"""`barograph store export`: every stored sample of some series as text, from a folder or a server."""

import gzip
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from barograph.cli.failure import CommandError, require_format
from barograph.cli.folder import ServerAddress, default_data_folder, find_server
from barograph.cli.selectors import parse_match
from barograph.cli.terminal import visible
from barograph.cli.times import parse_time_ms
from barograph.cli.zone import local_zone
from barograph.formats.text_parts import CSV, FORMATS, JSON_LINES, OPENMETRICS
from barograph.formats.writers import writer_of
from barograph.model.clock import SystemClock
from barograph.model.matcher import Matcher
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.export import Export
from barograph.tsdb.reader import StoreReader

EPILOG = """\b
Examples:
  barograph store export --match 'node_cpu_seconds_total{mode="idle"}' --start -1h -o cpu.om
  barograph store export --format jsonl --data ./data -o all.jsonl.gz"""
_TIMEOUT_S = 300.0


def store_export(
    match: Annotated[
        list[str] | None,
        typer.Option(metavar="SELECTOR", help="Which series; repeat for more. Default: all."),
    ] = None,
    start: Annotated[str | None, typer.Option(metavar="T", help="From. Default: the oldest.")] = None,
    end: Annotated[str | None, typer.Option(metavar="T", help="To, included. Default: the newest.")] = None,
    output_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="openmetrics, csv or jsonl.")
    ] = OPENMETRICS,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to. Ending in .gz: compressed. Default: stdout."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="A data folder, whether a server runs or not.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A server.")] = None,
) -> None:
    """Export stored samples, bit for bit: what is exported and imported again is the same.

    OpenMetrics has the types and help of families; csv and jsonl (VictoriaMetrics' form) have not. A stale marker is
    written as nAN in OpenMetrics, which any other reader takes for NaN, and as StaleNaN elsewhere.

    A time is written as for `barograph query`.
    """
    require_format(output_format, FORMATS)
    now_ms, zone = SystemClock().now_ms(), local_zone(os.environ)
    start_ms = 0 if start is None else parse_time_ms(start, now_ms, zone)
    end_ms = now_ms if end is None else parse_time_ms(end, now_ms, zone)
    if end_ms < start_ms:
        raise CommandError(f"--end lies {(start_ms - end_ms) / 1000:g} s before --start", 2)
    selectors = match or []
    parsed = [parse_match(text) for text in selectors] or [()]
    with _open_output(output) as file:
        if url is not None or (data is None and os.environ.get("BAROGRAPH_URL")):
            server = find_server(url, data, os.environ)
            _export_server(server, output_format, (selectors, start_ms, end_ms), file)
        else:
            folder = data or default_data_folder(os.environ, os.geteuid())
            _export_folder(folder, output_format, (parsed, start_ms, end_ms), file)


@contextmanager
def _open_output(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif output.suffix == ".gz":
        with gzip.open(output, "wb", compresslevel=3) as packed:
            yield packed  # type: ignore[misc]  # a GzipFile is written like any binary file
    else:
        with output.open("wb") as file:
            yield file


def _export_folder(
    folder: Path, name: str, wanted: tuple[Sequence[Sequence[Matcher]], int, int], file: BinaryIO
) -> None:
    reader = StoreReader.open_offline(folder, StoreConfig())
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("series"), TextColumn("{task.fields[samples]}"))
    console = Console(stderr=True)
    try:
        export = Export(reader, *wanted)
        writer = writer_of(name, export.label_names)
        file.write(writer.begin())
        samples = 0
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()) as progress:
            task = progress.add_task("", total=export.series_count, samples="")
            for runs in export:
                file.write(writer.write(runs))
                samples += sum(len(run.values) for run in runs)
                progress.update(task, completed=export.series_done, samples=f"{samples:,} samples")
            progress.update(task, completed=export.series_count)
        file.write(writer.end())
        for warning in export.warnings:
            _say(f"warning: {warning}")
        _say(f"{samples:,} samples of {export.series_count:,} series were exported")
    finally:
        reader.close()


def _export_server(server: ServerAddress, name: str, wanted: tuple[Sequence[str], int, int], file: BinaryIO) -> None:
    selectors, start_ms, end_ms = wanted
    path = "/api/v1/export/csv" if name == CSV else "/api/v1/export"
    form: dict[str, str | list[str]] = {"match[]": list(selectors), "start": f"{start_ms / 1000}"}
    form |= {"end": f"{end_ms / 1000}", "format": "jsonl" if name == JSON_LINES else name}
    headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
    size_bytes = 0
    console = Console(stderr=True)
    try:
        with (
            httpx.Client(base_url=server.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client,
            client.stream("POST", path, data=form) as answer,
            console.status("exporting") as status,
        ):
            if not answer.is_success:
                raise CommandError(_error_text(answer))
            for piece in answer.iter_bytes():
                file.write(piece)
                size_bytes += len(piece)
                status.update(f"exporting: {size_bytes / 1e6:,.1f} MB")
    except httpx.HTTPError as error:
        raise CommandError(f"{server.url} did not answer to the end: {error}") from error
    _say(f"{size_bytes:,} bytes were exported")


def _error_text(answer: httpx.Response) -> str:
    try:
        answer.read()
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered with status {answer.status_code}: is it a Barograph, and new enough?"


def _say(text: str) -> None:
    print(f"barograph: {visible(text)}", file=sys.stderr)
