"""`barograph store import FILE...`: files of samples into a store, part by part, so that it can be gone on with."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from barograph.app.importing import ImportText, kept_from_ms, reader_of
from barograph.cli.failure import CommandError
from barograph.cli.folder import default_data_folder, find_server
from barograph.cli.import_source import format_of, open_text
from barograph.cli.import_state import ImportState, StateFile, state_folder
from barograph.cli.import_target import FolderTarget, ImportTarget, ServerTarget
from barograph.cli.terminal import visible
from barograph.formats.text_parts import Part, PartCutter
from barograph.model.clock import SystemClock
from barograph.model.errors import FolderError, LineError
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.load import BulkLoader

EPILOG = """\b
Examples:
  barograph store import node.om.gz --data ./data
  barograph store import trades.csv --csv-format 1:label:ticker,2:metric:price,3:time:unix_s --skip-bad"""
_READ_BYTES = 1 << 20
_NOTES = 20
Show = Callable[[int, int], None]
"""Shows the position in the file, and the samples stored so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A file and what its text is."""

    path: Path
    text: ImportText


def store_import(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", readable=False, help="Files; .gz and .zst are read.")],
    input_format: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="openmetrics, csv or jsonl. Default: by the file's ending."),
    ] = None,
    csv_format: Annotated[
        str, typer.Option(metavar="COLUMNS", help="What the columns of a CSV without our header are.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="A data folder; its server, if one runs.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A server.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out bad lines and count them.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Forget how far an interrupted import came.")
    ] = False,
) -> None:
    """Import OpenMetrics or Prometheus text with timestamps, CSV, or JSON lines as VictoriaMetrics exports them.

    Interrupted, the same command goes on after the last part that was stored; what is imported twice is stored once.

    The columns of a CSV are written as VictoriaMetrics' import takes them: NUMBER:metric:NAME, NUMBER:label:NAME and
    NUMBER:time:unix_s (unix_ms, unix_ns, rfc3339, custom:LAYOUT), separated by commas.
    """
    clock = SystemClock()
    config, now_ms = StoreConfig(), clock.now_ms()
    sources = [
        _Source(
            path=path,
            text=ImportText(
                format=format_of(path, input_format),
                csv_format=csv_format,
                skip_bad=skip_bad,
                newest_ms=now_ms + config.future_limit.ms,
                kept_from_ms=kept_from_ms(config, now_ms),
            ),
        )
        for path in files
    ]
    for source in sources:
        reader_of(source.text)  # before anything is touched: the description of columns may be wrong
        source.path.open("rb").close()
    target = _open_target(data, url)
    try:
        _import_all(sources, target, from_start)
    finally:
        target.close()


def _open_target(data: Path | None, url: str | None) -> ImportTarget:
    """Return the server that is named, or the folder; a folder that is held is imported into through its holder."""
    clock = SystemClock()
    if url is not None or (data is None and os.environ.get("BAROGRAPH_URL")):
        return ServerTarget(find_server(url, data, os.environ), clock)
    folder = data or default_data_folder(os.environ, os.geteuid())
    try:
        return FolderTarget(folder, BulkLoader.open(folder, StoreConfig(), clock))
    except FolderError:
        if not (folder / "url").exists():
            raise
        return ServerTarget(find_server(None, folder, os.environ), clock)


def _import_all(sources: Sequence[_Source], target: ImportTarget, from_start: bool) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[samples]}"))
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()) as progress:
        for source in sources:
            states = StateFile(state_folder(os.environ), source.path, target.name, repr(source.text.csv_format))
            if from_start:
                states.forget()
            task = progress.add_task(visible(source.path.name), total=source.path.stat().st_size, samples="")

            def show(position: int, samples: int, task: TaskID = task) -> None:
                progress.update(task, completed=position, samples=f"{samples:,} samples")

            _import_file(source, target, states, show)


def _import_file(source: _Source, target: ImportTarget, states: StateFile, show: Show) -> None:
    state = states.read()
    if state.offset:
        _say(f"{source.path}: going on after line {state.lines:,} ({state.samples:,} samples were stored before)")
    cutter = PartCutter(source.text.format, not source.text.csv_format, target.part_bytes, state.place)
    said: set[str] = set()
    with open_text(source.path, state.offset) as (text, file):
        try:
            while data := text.read(_READ_BYTES):
                for part in cutter.feed(data):
                    state = _send(part, source, target, state, said)
                    states.write(state)
                show(file.tell(), state.samples)
            for part in cutter.finish():
                state = _send(part, source, target, state, said)
            show(file.tell(), state.samples)
        except LineError as error:
            raise CommandError(f"{source.path}: {error}") from error
        except KeyboardInterrupt:
            _say(f"{source.path}: interrupted after line {state.lines:,}; the same command goes on from there")
            raise
    states.forget()
    skipped = f", {state.skipped:,} bad lines were left out" if state.skipped else ""
    _say(f"{source.path}: {state.samples:,} samples of {state.lines:,} lines are stored{skipped}")


def _send(part: Part, source: _Source, target: ImportTarget, state: ImportState, said: set[str]) -> ImportState:
    counts = target.send(part, source.text)
    for note in counts.notes:
        if note not in said and len(said) < _NOTES:
            said.add(note)
            _say(f"{source.path}: {note}")
    return ImportState(
        path=state.path,
        target=state.target,
        offset=part.end.offset,
        lines=part.end.lines,
        preamble=part.end.preamble,
        samples=state.samples + counts.samples,
        skipped=state.skipped + counts.skipped,
    )


def _say(text: str) -> None:
    print(f"barograph: {visible(text)}", file=sys.stderr)
