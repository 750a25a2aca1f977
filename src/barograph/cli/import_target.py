"""Where `store import` sends the parts of a text: a folder that no server holds, or a server."""

import io
from pathlib import Path
from typing import Protocol

import httpx

from barograph.app.importing import ImportCounts, ImportText, counts_of, read_columns, reader_of
from barograph.cli.failure import CommandError
from barograph.cli.folder import ServerAddress
from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS, Part
from barograph.model.clock import Clock
from barograph.model.errors import LineError
from barograph.tsdb.load import BulkLoader

_ROUTES = {OPENMETRICS: "/api/v1/import/prometheus", CSV: "/api/v1/import/csv", JSON_LINES: "/api/v1/import"}
_TIMEOUT_S = 300.0
_TRIES = 30
_PAUSE_S = 2.0
_LATER = (408, 429, 502, 503, 504)


class ImportTarget(Protocol):
    """Takes parts, in order. Used by one thread."""

    name: str
    """What it is: an import goes on only in the same target."""
    part_bytes: int
    """About how long parts should be."""

    def send(self, part: Part, text: ImportText) -> ImportCounts:
        """Store a part; durable when this returns.

        Raises:
            LineError: A line is refused; its number is the text's.
            BarographError: It could not be stored.
        """
        ...

    def close(self) -> None:
        """Finish."""
        ...


class FolderTarget:
    """Implements `ImportTarget`: this process parses and writes."""

    part_bytes = 32 << 20

    def __init__(self, folder: Path, loader: BulkLoader) -> None:
        self.name = str(folder.resolve())
        self._loader = loader

    def send(self, part: Part, text: ImportText) -> ImportCounts:
        """See `ImportTarget`."""
        reader = reader_of(text)
        samples = 0
        try:
            for columns in read_columns(reader, io.BytesIO(part.body)):
                self._loader.write_samples(columns)
                samples += len(columns)
        except LineError as error:
            raise _in_text(part, str(error), error.line) from error
        return _in_whole(part, counts_of(reader, text, samples))

    def close(self) -> None:
        """See `ImportTarget`."""
        self._loader.close()


class ServerTarget:
    """Implements `ImportTarget` by the server's API.

    Args:
        server: Its address and token.
        clock: Waits where the server asks for it.
        transport: What carries requests where that is not the network (tests).
    """

    part_bytes = 32 << 20

    def __init__(self, server: ServerAddress, clock: Clock, transport: httpx.BaseTransport | None = None) -> None:
        self.name = server.url
        self._clock = clock
        headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
        # a proxy of the environment is for the world, and this server is usually on the same machine
        self._http = httpx.Client(
            base_url=server.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False, transport=transport
        )

    def send(self, part: Part, text: ImportText) -> ImportCounts:
        """See `ImportTarget`. A server that is busy, or starting again, is asked again."""
        failure = ""
        for attempt in range(_TRIES):
            if attempt:
                self._clock.sleep(_PAUSE_S)
            try:
                answer = self._http.post(_ROUTES[text.format], content=part.body, params=_parameters(text))
            except httpx.TransportError as error:
                failure = f"{self.name} does not answer: {error}"
                continue
            if answer.is_success:
                return _in_whole(part, _counts(answer, self.name))
            failure = _error_text(answer)
            if answer.status_code not in _LATER:
                break
        line = _line_of(failure)
        raise _in_text(part, failure, line) if line else CommandError(failure)

    def close(self) -> None:
        """See `ImportTarget`."""
        self._http.close()


def _parameters(text: ImportText) -> dict[str, str]:
    given = {"format": text.csv_format, "skip_bad": "1" if text.skip_bad else ""}
    return {name: value for name, value in given.items() if value}


def _counts(answer: httpx.Response, place: str) -> ImportCounts:
    try:
        found = answer.json()["data"]
        return ImportCounts(samples=found["samples"], skipped=found["skipped"], notes=tuple(found["notes"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{place} took a part and answered with something else than Barograph does") from error


def _error_text(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered with status {answer.status_code}: is it a Barograph, and new enough?"


def _line_of(message: str) -> int:
    """Return the number of the line that a message begins with, 0 where it does not."""
    number = message.removeprefix("line ").partition(":")[0]
    return int(number) if message.startswith("line ") and number.isascii() and number.isdigit() else 0


def _in_text(part: Part, message: str, line: int) -> LineError:
    return LineError(message.partition(": ")[2], part.line_in_text(line))


def _in_whole(part: Part, counts: ImportCounts) -> ImportCounts:
    """Return counts whose notes name the lines of the whole text."""
    notes = [str(_in_text(part, note, line)) if (line := _line_of(note)) else note for note in counts.notes]
    return ImportCounts(samples=counts.samples, skipped=counts.skipped, notes=tuple(notes))
