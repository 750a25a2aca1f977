"""Cuts a long text into parts that can each be imported alone, at line ends. Pure.

A part begins with what later lines need of earlier ones: OpenMetrics' TYPE and HELP lines, a CSV header. The import
command sends parts one after the other, and remembers the end of the last one that was acknowledged.
"""

from collections.abc import Iterator
from typing import NamedTuple

from barograph.formats.bulk_read import last_record_end
from barograph.model.errors import LineError

OPENMETRICS, CSV, JSON_LINES = "openmetrics", "csv", "jsonl"
FORMATS = (OPENMETRICS, CSV, JSON_LINES)
_MOST_REMEMBERED = 1000
_MOST_LINE_BYTES = 32 << 20


class Place(NamedTuple):
    """Where a text can be gone on with: bytes and lines before it, and what a part from here begins with."""

    offset: int = 0
    lines: int = 0
    preamble: str = ""


class Part(NamedTuple):
    """Some whole lines.

    Attributes:
        body: The preamble and the lines.
        begin: Where the lines begin.
        end: The place behind them.
    """

    body: bytes
    begin: Place
    end: Place

    def line_in_text(self, line: int) -> int:
        """Return the number that a line of this part's body has in the whole text."""
        return max(line - self.begin.preamble.count("\n"), 1) + self.begin.lines


class PartCutter:
    """One text, from a place on.

    Args:
        name: The format.
        has_header: The first line is a CSV header.
        most_bytes: About how long parts are.
        begin: Where to go on.
    """

    def __init__(self, name: str, has_header: bool, most_bytes: int, begin: Place) -> None:
        self._name = name
        self._has_header = has_header and name == CSV
        self._most_bytes = most_bytes
        self._place = begin
        self._pieces: list[bytes] = []
        self._size_bytes = 0
        self._comments: dict[bytes, bytes] = {}
        if name == OPENMETRICS:
            self._remember(begin.preamble.encode())

    def feed(self, data: bytes) -> Iterator[Part]:
        """Take what was read and yield the parts that are full.

        Raises:
            LineError: A line is too long.
        """
        self._pieces.append(data)
        self._size_bytes += len(data)
        if self._size_bytes < self._most_bytes:
            return
        whole = b"".join(self._pieces)
        end = last_record_end(whole) if self._name == CSV and b'"' in whole else whole.rfind(b"\n") + 1
        self._pieces, self._size_bytes = [whole[end:]], len(whole) - end
        if end:
            yield self._part(whole[:end])
        elif self._size_bytes > self._most_bytes + _MOST_LINE_BYTES:
            raise LineError(f"it is longer than {_MOST_LINE_BYTES} bytes", self._place.lines + 1)

    def finish(self) -> Iterator[Part]:
        """Yield the rest."""
        whole = b"".join(self._pieces)
        self._pieces, self._size_bytes = [], 0
        if whole:
            yield self._part(whole)

    def _part(self, lines: bytes) -> Part:
        begin = self._place
        if self._name == OPENMETRICS:
            self._remember(lines)
            preamble = b"".join(self._comments.values()).decode("utf-8", "replace")
        elif self._has_header and not begin.preamble:
            preamble = (lines[: _first_record_end(lines)].rstrip(b"\r\n") + b"\n").decode("utf-8", "replace")
        else:
            preamble = begin.preamble
        self._place = Place(begin.offset + len(lines), begin.lines + lines.count(b"\n"), preamble)
        return Part(begin.preamble.encode() + lines, begin, self._place)

    def _remember(self, lines: bytes) -> None:
        """Keep the newest TYPE and HELP line of each family."""
        place = 0 if lines.startswith(b"#") else lines.find(b"\n#") + 1
        while place or lines.startswith(b"#"):
            end = lines.find(b"\n", place) + 1 or len(lines)
            words = lines[place:end].split(None, 3)
            if len(words) == 4 and words[1] in (b"TYPE", b"HELP"):
                key = words[1] + words[2]
                self._comments.pop(key, None)
                self._comments[key] = lines[place:end].rstrip(b"\r\n") + b"\n"
                if len(self._comments) > _MOST_REMEMBERED:
                    del self._comments[next(iter(self._comments))]
            place = lines.find(b"\n#", end - 1) + 1
            if not place:
                return


def _first_record_end(lines: bytes) -> int:
    quotes = position = 0
    while (line_end := lines.find(b"\n", position) + 1) > 0:
        quotes += lines.count(b'"', position, line_end)
        position = line_end
        if quotes % 2 == 0:
            return position
    return len(lines)
