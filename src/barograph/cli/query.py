"""`barograph query EXPR`: ask a running server, or a data folder."""

import os
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from barograph.cli.answers import FORMATS, print_answer
from barograph.cli.explaining import print_explained
from barograph.cli.failure import CommandError, require_format, status_of
from barograph.cli.spans import Span, SpanOptions, parse_span
from barograph.cli.where import asked
from barograph.cli.zone import local_zone
from barograph.client.answer import Answer
from barograph.client.client import Client
from barograph.model.clock import SystemClock
from barograph.model.errors import QueryError
from barograph.promql.parser.render import format_error

_EPILOG = """\b
Examples:
  barograph query 'node_load1' --at -1h
  barograph query 'rate(node_vmstat_pgfault[1m])' --start 08:00 --format csv"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(query)


def query(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help="A PromQL expression.")],
    at: Annotated[str | None, typer.Option(metavar="T", help="The instant. Default: now.")] = None,
    start: Annotated[str | None, typer.Option(metavar="T", help="First instant of a range.")] = None,
    end: Annotated[str | None, typer.Option(metavar="T", help="Last instant of a range. Default: now.")] = None,
    step: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Step of a range. Default: a hundredth of it.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="A server. Default: BAROGRAPH_URL, else the data folder's own.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", readable=False, help="A data folder: its server, or while none runs the folder."),
    ] = None,
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="table, json or csv.")] = "table",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what each part read and took instead of the answer.")
    ] = False,
) -> None:
    """Evaluate a PromQL expression at an instant or over a range.

    A time is RFC 3339, Unix seconds, -1h, 03:12[:30] (the most recent past one) or 'yesterday 03:12', in the local zone
    where it names none.

    The server's token is BAROGRAPH_TOKEN, else the data folder's where that is the server's own.
    """
    require_format(output_format, FORMATS)
    zone = local_zone(os.environ)
    options = SpanOptions(at=at, start=start, end=end, step=step)
    span = parse_span(options, SystemClock().now_ms(), zone)
    try:
        answer = asked(lambda client: _ask_client(_Question(expression, span, explain), client), url, data)
    except QueryError as error:
        raise CommandError(format_error(expression, error), status_of(error)) from error
    if answer.explained is not None:
        print_explained(answer.explained, output_format)
    else:
        print_answer(answer, output_format, zone)


class _Question(NamedTuple):
    """What is asked, and whether to explain it."""

    expression: str
    span: Span
    explain: bool


def _ask_client(question: _Question, client: Client) -> Answer:
    expression, span, explain = question
    if span.step_ms == 0:
        return client.query(expression, span.end_ms / 1000, explain=explain)
    start_s, end_s, step_s = span.start_ms / 1000, span.end_ms / 1000, span.step_ms / 1000
    return client.query_range(expression, start_s, end_s, step_s, explain=explain)
