"""Reads a text of many samples, in pieces, into columns: what the bulk formats have in common.

A format parses runs of lines at once. Where a run is refused it is halved until the one bad line is found, so good
lines cost nothing for it. Imports call it, in the command and in the keeper's worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from barograph.model.batch import Family
from barograph.model.columns import SampleColumns
from barograph.model.errors import LineError
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray

_NOTES = 10
_LATEST_MS = 1 << 52
_MOST_SERIES = 100_000
"""So many are remembered from one `take` to the next: with what is made of them, each takes a kilobyte and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What is taken, and what is done about the rest.

    Attributes:
        skip_bad: Leave out lines that are refused, and count them, instead of ending.
        default_ms: The timestamp of samples that have none; None refuses them.
        newest_ms: The newest timestamp that is taken.
        newest_setting: The setting that it comes from.
        max_line_bytes: The longest line.
        max_labels: The most labels of a series, its name included.
        max_label_bytes: The longest name or value of a label, in characters.
    """

    skip_bad: bool = False
    default_ms: int | None = None
    newest_ms: int = _LATEST_MS
    newest_setting: str = "store.future_limit"
    max_line_bytes: int = 16 << 20
    max_labels: int = 64
    max_label_bytes: int = 8192


class Block(NamedTuple):
    """Samples as parallel columns: the series' number in the table, int64 ms, float64."""

    series: IntArray
    timestamps_ms: IntArray
    values: FloatArray


class SeriesTable:
    """The series of a text by the text they are written as."""

    def __init__(self, options: ReadOptions) -> None:
        self.number_of: dict[str, int] = {}
        """Each spelling that was met to its series' number."""
        self.labels: list[Labels] = []
        self.families: list[Family] = []
        self._options = options
        self._of_labels: dict[Labels, int] = {}

    def add(self, text: str, labels: Labels, family: Family) -> int:
        """Return the number of a series that was not met in this spelling yet.

        Raises:
            ValueError: It has too many labels, or too long ones.
        """
        number = self._of_labels.get(labels)
        if number is None:
            self._check(labels)
            number = self._of_labels[labels] = len(self.labels)
            self.labels.append(labels)
            self.families.append(family)
        self.number_of[text] = number
        return number

    def _check(self, labels: Labels) -> None:
        options = self._options
        if len(labels) > options.max_labels:
            raise ValueError(f"series {str(labels)[:80]} has {len(labels)} labels; {options.max_labels} is the most")
        for pair in labels:
            longest = max(len(part) for part in pair)
            if longest > options.max_label_bytes:
                raise ValueError(
                    f"label {pair[0][:40]!r} of series {labels.name[:80]!r} has {longest} characters; "
                    f"{options.max_label_bytes} is the most"
                )


class LineFormat(Protocol):
    """A format's lines. One reader uses it, and calls it for a run of lines again with parts of that run."""

    quoted: bool
    """A line end between double quotes ends no line."""

    def parse(self, lines: Sequence[str], table: SeriesTable) -> Block:
        """Parse lines, without their ends.

        Raises:
            ValueError: One of them is refused; says why.
        """
        ...


class BulkReader:
    """One text on its way to columns.

    Attributes:
        lines: How many lines were parsed.
        offset: How many bytes those have.
        skipped: How many lines were refused.
        notes: The first of them, with the reasons.
    """

    def __init__(self, form: LineFormat, options: ReadOptions) -> None:
        self.lines = 0
        self.offset = 0
        self.skipped = 0
        self.notes: list[str] = []
        self.pending = 0
        """How many samples wait for `take`."""
        self.oldest_ms: int | None = None
        """The oldest timestamp so far."""
        self._form = form
        self._options = options
        self._table = SeriesTable(options)
        self._blocks: list[Block] = []
        self._tail = b""
        self._dropping = False
        self._is_odd = False
        """Bytes that are not UTF-8 were met."""

    @property
    def has_many_series(self) -> bool:
        """Whether it is time for `take`, since the series take much memory."""
        return len(self._table.number_of) >= _MOST_SERIES

    def feed(self, data: bytes) -> None:
        """Parse the whole lines of what was read so far; what is left waits for more.

        Raises:
            LineError: A line is refused.
        """
        end = data.rfind(b"\n") + 1
        if end and self._form.quoted and b'"' in self._tail + data:
            data, self._tail = self._tail + data, b""
            end = last_record_end(data)
        if not end:
            self._tail += data
            self._check_tail()
            return
        block, self._tail = self._tail + data[:end], data[end:]
        if self._dropping:  # the end of a line that was too long
            self._dropping = False
            cut = block.index(b"\n") + 1
            self._advance(cut, 1)
            block = block[cut:]
        self._take(block)
        self._check_tail()

    def finish(self) -> None:
        """Parse what is left: a last line without an end.

        Raises:
            LineError: It is refused.
        """
        if self._tail and not self._dropping:
            block, self._tail = self._tail, b""
            self._take(block)

    def take(self) -> SampleColumns:
        """Return, and forget, the samples parsed so far."""
        blocks = self._blocks or [Block(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
        columns = SampleColumns(
            labels=self._table.labels,
            families=self._table.families,
            series=np.concatenate([block.series for block in blocks]),
            timestamps_ms=np.concatenate([block.timestamps_ms for block in blocks]),
            values=np.concatenate([block.values for block in blocks]),
        )
        self._blocks, self.pending = [], 0
        if self.has_many_series:
            self._table = SeriesTable(self._options)
        return columns

    def _take(self, block: bytes) -> None:
        if not block:
            return
        try:
            text = block.decode()
        except UnicodeDecodeError:
            text, self._is_odd = block.decode("utf-8", "surrogateescape"), True
        text = text.removesuffix("\n")
        records = _records(text) if self._form.quoted and '"' in text else text.split("\n")
        if "\r" in text:
            records = [record.removesuffix("\r") for record in records]
        self._parse(records, self.lines + 1)
        self._advance(len(block), block.count(b"\n") or 1)

    def _parse(self, records: Sequence[str], first_line: int) -> None:
        try:
            block = self._form.parse(records, self._table)
            self._check(records, block)
        except ValueError as error:
            if len(records) == 1:
                self._refuse(str(error), first_line)
                return
            middle = len(records) // 2
            self._parse(records[:middle], first_line)
            before = sum(record.count("\n") + 1 for record in records[:middle])
            self._parse(records[middle:], first_line + before)
            return
        if len(block.series):
            self._blocks.append(block)
            self.pending += len(block.series)
            oldest_ms = int(block.timestamps_ms.min())
            self.oldest_ms = oldest_ms if self.oldest_ms is None else min(self.oldest_ms, oldest_ms)

    def _check(self, records: Sequence[str], block: Block) -> None:
        if self._is_odd and not _is_utf8(records):
            raise ValueError("it is not UTF-8: convert the file, for example with iconv")
        if not len(block.series):
            return
        if int(block.timestamps_ms.min()) < 0:
            raise ValueError("a timestamp lies before 1970: nothing so old can be stored")
        newest_ms = int(block.timestamps_ms.max())
        if newest_ms > self._options.newest_ms:
            ahead_s = (newest_ms - self._options.newest_ms) / 1000
            raise ValueError(
                f"timestamp {newest_ms / 1000:.3f} lies {ahead_s:.0f} s farther in the future than "
                f"{self._options.newest_setting} allows: correct it, or raise the setting"
            )

    def _refuse(self, message: str, line: int) -> None:
        if not self._options.skip_bad:
            raise LineError(f"{message}; --skip-bad leaves such lines out", line)
        self.skipped += 1
        if len(self.notes) < _NOTES:
            self.notes.append(f"line {line}: {message}")

    def _check_tail(self) -> None:
        if self._dropping:
            self.offset += len(self._tail)
            self._tail = b""
        elif len(self._tail) > self._options.max_line_bytes:
            self._refuse(f"it is longer than {self._options.max_line_bytes} bytes", self.lines + 1)
            self._dropping = True
            self._check_tail()

    def _advance(self, size_bytes: int, lines: int) -> None:
        self.offset += size_bytes
        self.lines += lines


def _is_utf8(records: Sequence[str]) -> bool:
    try:
        "".join(records).encode()
    except UnicodeEncodeError:
        return False
    return True


def _records(text: str) -> list[str]:
    """Split lines where a line end between quotes is part of the line."""
    records: list[str] = []
    open_parts: list[str] = []
    for line in text.split("\n"):
        is_odd = line.count('"') % 2 == 1
        if open_parts:
            open_parts.append(line)
            if is_odd:
                records.append("\n".join(open_parts))
                open_parts = []
        elif is_odd:
            open_parts = [line]
        else:
            records.append(line)
    if open_parts:
        records.append("\n".join(open_parts))
    return records


def last_record_end(data: bytes) -> int:
    """Return the offset behind the last line end that is not between quotes, 0 where there is none."""
    end = position = quotes = 0
    while (line_end := data.find(b"\n", position) + 1) > 0:
        quotes += data.count(b'"', position, line_end)
        position = line_end
        if quotes % 2 == 0:
            end = position
    return end
