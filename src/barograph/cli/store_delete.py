"""`barograph store delete`: samples of matching series, in a folder that no server holds, or through its server."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer

from barograph.cli.failure import CommandError
from barograph.cli.folder import ServerAddress, default_data_folder, find_server
from barograph.cli.selectors import parse_match
from barograph.cli.terminal import visible
from barograph.cli.times import parse_time_ms
from barograph.cli.zone import local_zone
from barograph.model.clock import SystemClock
from barograph.model.errors import FolderError
from barograph.tsdb import filenames
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.deletion import Deletion, delete
from barograph.tsdb.folder import is_held
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store

EPILOG = """\b
Examples:
  barograph store delete --match 'node_load1{instance="old"}'
  barograph store delete --match '{job="dev"}' --start 'yesterday 03:00' --end 'yesterday 04:00' --yes"""
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is to go."""

    texts: tuple[str, ...]
    start_ms: int
    end_ms: int

    @property
    def form(self) -> dict[str, object]:
        """As Prometheus' API takes it."""
        return {"match[]": list(self.texts), "start": f"{self.start_ms / 1000:.3f}", "end": f"{self.end_ms / 1000:.3f}"}


def store_delete(
    match: Annotated[list[str], typer.Option(metavar="SELECTOR", help="Which series; repeat for more.")],
    start: Annotated[str | None, typer.Option(metavar="T", help="From. Default: the oldest.")] = None,
    end: Annotated[str | None, typer.Option(metavar="T", help="To, included. Default: now.")] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", readable=False, help="A data folder.")] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="A server.")] = None,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete samples. They are gone from every answer at once; what comes later for the same instants stays.

    Asks before, on a terminal; elsewhere --yes is needed. A time is written as for `barograph query`.
    """
    now_ms, zone = SystemClock().now_ms(), local_zone(os.environ)
    wanted = _Wanted(
        texts=tuple(match),
        start_ms=0 if start is None else parse_time_ms(start, now_ms, zone),
        end_ms=now_ms if end is None else parse_time_ms(end, now_ms, zone),
    )
    if wanted.end_ms < wanted.start_ms:
        raise CommandError(f"--end lies {(wanted.start_ms - wanted.end_ms) / 1000:g} s before --start", 2)
    selectors = tuple(parse_match(text) for text in match)
    folder = data or default_data_folder(os.environ, os.geteuid())
    if url is not None or (data is None and os.environ.get("BAROGRAPH_URL")) or is_held(folder):
        _through_server(find_server(url, data, os.environ), wanted, is_sure)
    else:
        _in_folder(folder, Deletion(selectors=selectors, start_ms=wanted.start_ms, end_ms=wanted.end_ms), is_sure)


def _in_folder(folder: Path, deletion: Deletion, is_sure: bool) -> None:
    if not (folder / filenames.LIVE).exists() and not filenames.block_names(folder):
        raise FolderError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")
    reader = StoreReader.open_offline(folder, StoreConfig())
    try:
        found = {one for each in deletion.selectors for one in reader.series(each, deletion.start_ms, deletion.end_ms)}
    finally:
        reader.close()
    _ask(sorted(map(str, found)), is_sure)
    store = Store.open(folder, StoreConfig(), SystemClock(), MemorySegments())
    try:
        store.perform(delete(deletion))
    finally:
        store.close()
    print(f"{len(found):,} series: their samples of that time are deleted")


def _through_server(server: ServerAddress, wanted: _Wanted, is_sure: bool) -> None:
    headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
    with httpx.Client(base_url=server.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
        found = _answer(client, "/api/v1/series", wanted).json()["data"]
        _ask([str(each) for each in found], is_sure)
        _answer(client, "/api/v1/admin/tsdb/delete_series", wanted)
    print(f"{len(found):,} series: their samples of that time are deleted")


def _answer(client: httpx.Client, path: str, wanted: _Wanted) -> httpx.Response:
    try:
        answer = client.post(path, data=wanted.form)
    except httpx.HTTPError as error:
        raise CommandError(f"{client.base_url} does not answer: {error}") from error
    if answer.is_success:
        return answer
    try:
        words = str(answer.json()["error"])
    except (ValueError, KeyError):
        words = f"HTTP {answer.status_code}"
    raise CommandError(f"{client.base_url} refuses: {words}")


def _ask(series: Sequence[str], is_sure: bool) -> None:
    """Have the person confirm, who has seen what goes.

    Raises:
        CommandError: There is nobody to ask, or the answer is no.
    """
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{len(series):,} series would lose samples: say --yes where nobody can be asked", 2)
    shown = ", ".join(visible(each) for each in series[:3])
    print(f"{len(series):,} series lose samples for good: {shown}{', ...' if len(series) > 3 else ''}", file=sys.stderr)
    if not typer.confirm("Delete them?", err=True):
        raise CommandError("nothing was deleted")
