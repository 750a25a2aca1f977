"""`barograph query EXPR`: ask a running server, or a data folder."""

import os
import sys
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.answers import print_answer
from barograph.cli.failure import CommandError
from barograph.cli.folder import find_server
from barograph.cli.times import parse_duration_ms, parse_time_ms
from barograph.client import Answer, Client, Series
from barograph.model.clock import SystemClock
from barograph.model.errors import LinkError, QueryError
from barograph.model.labels import EMPTY
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.parser.render import format_error
from barograph.promql.value import QueryResult, RawMatrix, StepScalar, StepVector, StringValue
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader

_POINTS = 100
_EPILOG = """Examples:

  barograph query 'node_load1' --at -1h

  barograph query 'rate(node_cpu_seconds_total[1m])' --start -15m --step 15s --format csv"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(query)


def query(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A PromQL expression.")],
    at: Annotated[str | None, typer.Option(help="The instant; default: now.")] = None,
    start: Annotated[str | None, typer.Option(help="First instant of a range.")] = None,
    end: Annotated[str | None, typer.Option(help="Last instant of a range; default: now.")] = None,
    step: Annotated[str | None, typer.Option(help="Step of a range; default: a hundredth of it.")] = None,
    url: Annotated[
        str | None, typer.Option(help="A server; default: BAROGRAPH_URL, or the one of the data folder.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="A data folder: its server, or without one the folder itself.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """Evaluate a PromQL expression at one instant, or over a range.

    Times are RFC 3339, Unix seconds, -1h, 03:12 (the most recent past one, local zone) or 'yesterday 03:12'.
    """
    clock = SystemClock()
    zone = datetime.fromtimestamp(clock.now_s()).astimezone().tzinfo
    assert zone is not None
    span = _span_ms(at, start, end, step, (clock.now_ms(), zone))
    try:
        answer = _ask(expression, span, url, data)
    except QueryError as error:
        raise CommandError(format_error(expression, error), 2) from error
    print_answer(answer, output_format, zone)


def _span_ms(
    at: str | None, start: str | None, end: str | None, step: str | None, now: tuple[int, tzinfo]
) -> tuple[int, int, int]:
    """Return start, end and step in ms; a step of 0 is an instant."""
    if start is None:
        if end is not None or step is not None:
            raise CommandError("--end and --step belong to a range: give --start too, or --at for one instant", 2)
        at_ms = parse_time_ms(at, *now) if at else now[0]
        return at_ms, at_ms, 0
    if at is not None:
        raise CommandError("--at is one instant and --start opens a range: give one of them", 2)
    start_ms = parse_time_ms(start, *now)
    end_ms = parse_time_ms(end, *now) if end else now[0]
    if end_ms < start_ms:
        raise CommandError("the end is before the start", 2)
    return start_ms, end_ms, parse_duration_ms(step) if step else max((end_ms - start_ms) // _POINTS, 1000)


def _ask(expression: str, span: tuple[int, int, int], url: str | None, data: Path | None) -> Answer:
    if data is not None and url is None:
        try:
            return _ask_server(expression, span, *find_server(None, data, {}))
        except (CommandError, LinkError):
            return _ask_folder(expression, span, data)
    return _ask_server(expression, span, *find_server(url, data, os.environ))


def _ask_server(expression: str, span: tuple[int, int, int], url: str, token: str) -> Answer:
    start_ms, end_ms, step_ms = span
    with Client(url, token) as client:
        if step_ms == 0:
            return client.query(expression, end_ms / 1000)
        return client.query_range(expression, start_ms / 1000, end_ms / 1000, step_ms / 1000)


def _ask_folder(expression: str, span: tuple[int, int, int], data: Path) -> Answer:
    """Evaluate over a stopped store."""
    if not data.is_dir():
        raise CommandError(f"{data} is no folder", 2)
    print(f"barograph: no server answers for {data}; reading the folder itself", file=sys.stderr)
    start_ms, end_ms, step_ms = span
    reader = StoreReader.open_offline(data, StoreConfig())
    engine = Engine(reader, QueryConfig(), SystemClock())
    try:
        if step_ms == 0:
            return _answer(engine.instant(expression, end_ms))
        return _answer(engine.range(expression, start_ms, end_ms, step_ms))
    finally:
        reader.close()


def _answer(result: QueryResult) -> Answer:
    value, times = result.value, result.times_ms
    warnings = (*result.warnings, *result.infos)
    if isinstance(value, StringValue):
        return Answer("string", (), value.value, warnings)
    if isinstance(value, StepScalar):
        return Answer("scalar", (Series(EMPTY, times, value.values),), warnings=warnings)
    if isinstance(value, RawMatrix):
        return Answer(
            "matrix", tuple(Series(s.labels, s.timestamps_ms, s.values) for s in value.series), warnings=warnings
        )
    kind = "vector" if len(times) == 1 else "matrix"
    return Answer(kind, tuple(_present(value, i, result) for i in range(len(value.labels))), warnings=warnings)


def _present(value: StepVector, row: int, result: QueryResult) -> Series:
    kept = slice(None) if value.present is None else value.present[row]
    return Series(value.labels[row], result.times_ms[kept], value.values[row][kept])
