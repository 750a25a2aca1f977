"""Block files: compressed blocks and everything needed to read them. docs/formats/blocks-db.md.

A file stands alone: it carries the labels of its series, so a folder may lose any other file and this one still
answers. A block holds up to 64 series over one *span*, the run of timestamps they share: samples, or one column of a
tier's buckets. `BlockWriter` is the store's thread's; readers use the functions below it. Every blob is under a
CRC-32, checked whenever it is read.
"""

import contextlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np

from barograph.model.errors import CorruptError
from barograph.model.sample import IntArray
from barograph.tsdb import sqlite
from barograph.tsdb.catalogue import SeriesInfo, key_of, open_addition, seal_addition
from barograph.tsdb.chunk import Entries, decode_times, encode_times, pack_directory, unpack_directory

FORMAT = 2
SERIES_PER_BLOCK = 64
_TABLES = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE series (first INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE spans (
  span INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  origin INTEGER NOT NULL,
  last_tick INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  step_ms INTEGER NOT NULL,
  times BLOB NOT NULL,
  crc INTEGER NOT NULL,
  col INTEGER NOT NULL DEFAULT 0,
  day_ms INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE blocks (
  block INTEGER PRIMARY KEY AUTOINCREMENT,
  span INTEGER NOT NULL,
  directory BLOB NOT NULL,
  payload BLOB NOT NULL
);
CREATE INDEX blocks_of_span ON blocks (span);
CREATE TABLE tally (one INTEGER PRIMARY KEY, spans INTEGER NOT NULL, series INTEGER NOT NULL, crc INTEGER NOT NULL);
"""
_FROM_1_TO_2 = """
ALTER TABLE spans ADD COLUMN col INTEGER NOT NULL DEFAULT 0;
ALTER TABLE spans ADD COLUMN day_ms INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 2;
"""
_INSERT = "INSERT INTO spans VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT = "SELECT * FROM spans ORDER BY first_ms, span"
_TALLY = struct.Struct("<2q")
_SPAN = struct.Struct("<8q")
_OF_TIER = struct.Struct("<2q")
_CRC = 10
"""The place of the checksum in a row of `spans`."""
FOLDED = 1
"""A span's origin: folded from the ring, so its newest tick counts when the ring is replayed."""
LOADED = 2
"""A span's origin: loaded in bulk, past the ring; its `last_tick` is 0."""
DERIVED = 3
"""A span's origin: a tier's, made of samples; its `last_tick` is the `sequence` of the file they were read from."""


class Span(NamedTuple):
    """A run of timestamps that the series of one source share.

    In a tier's file it is one column of the buckets of one day: `column` is a `Column` (0: samples), `day_ms` where the
    day begins, and the timestamps are where buckets end.
    """

    span: int
    source: str
    origin: int
    last_tick: int
    first_ms: int
    last_ms: int
    samples: int
    blocks: int
    step_ms: int
    times: bytes
    column: int = 0
    day_ms: int = 0

    def timestamps(self) -> IntArray:
        """Return the timestamps, int64 `[samples]`.

        Raises:
            CorruptError: They are damaged.
        """
        return decode_times(self.first_ms, self.samples, self.step_ms, self.times)

    def checksum(self) -> int:
        """Return the CRC-32 of all fields."""
        numbers = _SPAN.pack(
            self.span,
            self.origin,
            self.last_tick,
            self.first_ms,
            self.last_ms,
            self.samples,
            self.blocks,
            self.step_ms,
        )
        if self.column:
            numbers += _OF_TIER.pack(self.column, self.day_ms)
        return zlib.crc32(numbers + self.source.encode() + self.times)


class EncodedBlock(NamedTuple):
    """A block that is ready to be written: `entries["series"]` are positions in `infos`."""

    infos: Sequence[SeriesInfo]
    entries: Entries
    payload: bytes


class EncodedSpan(NamedTuple):
    """A span and its blocks, ready to be written."""

    source: str
    last_tick: int
    timestamps: IntArray
    blocks: Sequence[EncodedBlock]
    origin: int = FOLDED


class BlockWriter:
    """The one writing connection of a block file."""

    def __init__(self, path: Path, vfs: str | None = None) -> None:
        """Open the file or make it.

        Raises:
            VersionError: A newer program wrote it.
            apsw.Error: SQLite could not.
        """
        self.path = path
        self.unmergeable: set[int] = set()
        """Spans that a merge could not read; it leaves them alone from then on."""
        self.connection = sqlite.open_writing(path, vfs)
        try:
            found = sqlite.check_format(self.connection, path, FORMAT)
            if found == 0:
                with self.connection:
                    self.connection.execute(_TABLES)
                    self.connection.execute("INSERT INTO tally VALUES (1, 0, 0, ?)", (zlib.crc32(bytes(16)),))
            elif found == 1:
                with self.connection:
                    self.connection.execute(_FROM_1_TO_2)
            self._number_of: dict[bytes, int] = {}
            """By `key_of` their labels."""
            self._next = 0
            for first, infos in read_series(self.connection):
                self._number_of.update((key_of(info.labels), first + i) for i, info in enumerate(infos))
                self._next = max(self._next, first + len(infos))
        except BaseException:
            self.connection.close()
            raise

    def write(self, spans: Iterable[EncodedSpan], replaced: Sequence[int] = ()) -> int:
        """Commit spans in one transaction, in place of others; returns after the sync.

        Returns:
            The bytes written.

        Raises:
            apsw.Error: They are not durable; this writer must not be used again.
        """
        written = 0
        with self.connection:
            self._delete(replaced)
            if replaced:
                # what is made of this file must notice, even where nothing comes in place of what goes
                self._set_sequence(sequence(self.connection) + 1)
            for span in spans:
                written += self._write_span(span)
            self._write_tally()
        return written

    def reserve(self, count: int) -> int:
        """Set numbers aside for spans whose blocks are written before they are; returns the first.

        Blocks that a crash leaves without their span are seen by nobody, and `discard_strays` removes them.
        """
        with self.connection:
            first = sequence(self.connection) + 1
            self._set_sequence(first + count - 1)
        return first

    def write_blocks(self, blocks: Iterable[tuple[int, EncodedBlock]]) -> int:
        """Commit blocks of spans that are not there yet, each with its span's number; returns the bytes written.

        Raises:
            apsw.Error: They are not durable; this writer must not be used again.
        """
        written = 0
        with self.connection:
            for number, block in blocks:
                self._add_series(block.infos)
                written += self._write_block(number, block)
            self._write_tally()
        return written

    def write_spans(self, spans: Sequence[Span], replaced: Sequence[int]) -> None:
        """Commit spans whose blocks are there, in place of others: from now on they are read.

        Raises:
            apsw.Error: As for `write_blocks`.
        """
        with self.connection:
            self._delete(replaced)
            if replaced:
                # their numbers were set aside long before: a reader that has looked since must notice that blocks go
                self._set_sequence(sequence(self.connection) + 1)
            for span in spans:
                self._insert(span)
            self._write_tally()

    def discard_strays(self) -> None:
        """Remove blocks without a span, of a tier whose making was ended halfway."""
        with self.connection:
            self.connection.execute("DELETE FROM blocks WHERE span NOT IN (SELECT span FROM spans)")

    def checkpoint(self) -> None:
        """Copy the write-ahead log into the file."""
        sqlite.checkpoint(self.connection)

    def shrink(self) -> None:
        """Give back the space that merges have freed: no more is to be written soon."""
        self.connection.execute("PRAGMA incremental_vacuum").fetchall()
        self.checkpoint()

    def close(self) -> None:
        """Close the file. Never raises: after a failed disk there is nothing left to do with it."""
        try:
            self.connection.close(True)
        except apsw.Error:
            return

    def _write_span(self, span: EncodedSpan) -> int:
        step_ms, times = encode_times(span.timestamps)
        number = sequence(self.connection) + 1
        self._insert(
            Span(
                number,
                span.source,
                span.origin,
                span.last_tick,
                int(span.timestamps[0]),
                int(span.timestamps[-1]),
                len(span.timestamps),
                len(span.blocks),
                step_ms,
                times,
            )
        )
        self._add_series([info for block in span.blocks for info in block.infos])
        return len(times) + sum(self._write_block(number, block) for block in span.blocks)

    def _insert(self, span: Span) -> None:
        *fields, column, day_ms = span
        self.connection.execute(_INSERT, (*fields, span.checksum(), column, day_ms))

    def _write_block(self, span: int, block: EncodedBlock) -> int:
        numbers = np.array([self._number_of[key_of(info.labels)] for info in block.infos], np.uint32)
        entries = block.entries.copy()
        entries["series"] = numbers[block.entries["series"]]
        directory = pack_directory(entries, span)
        self.connection.execute(
            "INSERT INTO blocks (span, directory, payload) VALUES (?, ?, ?)", (span, directory, block.payload)
        )
        return len(directory) + len(block.payload)

    def _delete(self, spans: Sequence[int]) -> None:
        for number in spans:
            self.connection.execute("DELETE FROM blocks WHERE span = ?", (number,))
            self.connection.execute("DELETE FROM spans WHERE span = ?", (number,))

    def _set_sequence(self, number: int) -> None:
        self.connection.execute("DELETE FROM sqlite_sequence WHERE name = 'spans'")
        self.connection.execute("INSERT INTO sqlite_sequence VALUES ('spans', ?)", (number,))

    def _write_tally(self) -> None:
        """Say how many spans and series there are, so that lost rows are missed."""
        spans = int(self.connection.execute("SELECT count(*) FROM spans").get)
        crc = zlib.crc32(_TALLY.pack(spans, self._next))
        self.connection.execute("UPDATE tally SET spans = ?, series = ?, crc = ?", (spans, self._next, crc))

    def _add_series(self, infos: Iterable[SeriesInfo]) -> None:
        fresh = {key: info for info in infos if (key := key_of(info.labels)) not in self._number_of}
        if not fresh:
            return
        body = seal_addition("", self._next, list(fresh.values()), self._next)
        self.connection.execute("INSERT INTO series VALUES (?, ?)", (self._next, body))
        self._number_of.update((key, self._next + i) for i, key in enumerate(fresh))
        self._next += len(fresh)


def read_series(connection: apsw.Connection, start: int = 0) -> Iterator[tuple[int, list[SeriesInfo]]]:
    """Yield the series of a block file: the number of the first, and those that follow; damaged runs are left out.

    Args:
        connection: To the file.
        start: Runs that begin before this number are left out too.
    """
    for first, stored in connection.execute("SELECT first, body FROM series WHERE first >= ? ORDER BY first", (start,)):
        try:
            infos = open_addition(stored, int(first))[2]
        except sqlite.UNREADABLE:
            continue
        yield int(first), infos


def read_tally(connection: apsw.Connection) -> tuple[int, int]:
    """Return how many spans and how many series a block file has.

    Raises:
        CorruptError: That is not known any more, so neither is whether any are missing.
    """
    row = connection.execute("SELECT spans, series, crc FROM tally").get
    try:
        spans, series, crc = row
        if zlib.crc32(_TALLY.pack(spans, series)) != crc:
            raise CorruptError("the tally of a block file is damaged: its checksum does not hold")
    except (struct.error, TypeError, ValueError) as error:
        raise CorruptError(f"the tally of a block file is damaged: {error}") from error
    return spans, series


def read_spans(connection: apsw.Connection) -> tuple[list[Span], int]:
    """Return the spans of a block file, oldest first, and how many are damaged or missing."""
    spans: list[Span] = []
    for row in connection.execute(_SELECT):
        try:
            *fields, crc = row[: _CRC + 1]
            # format 1 has nothing behind it
            span = Span(*fields, *row[_CRC + 1 :])
            if span.checksum() != crc:
                raise CorruptError("a span is damaged: its checksum does not hold")
            spans.append(span)
        except sqlite.UNREADABLE:
            continue
    expected, _ = read_tally(connection)
    return spans, expected - len(spans)


def sequence(connection: apsw.Connection) -> int:
    """Return a number that rises with every change of what a block file holds."""
    return int(connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spans'").get or 0)


def has_span(connection: apsw.Connection, span: int) -> bool:
    """Tell whether a span is (still) there."""
    return connection.execute("SELECT 1 FROM spans WHERE span = ?", (span,)).get is not None


class Newest(NamedTuple):
    """The newest of a source that was folded into block files: the tick, and the timestamp."""

    tick: int
    timestamp_ms: int


def read_newest(connection: apsw.Connection) -> dict[str, Newest]:
    """Return for each source the newest that was folded into a block file."""
    if int(connection.pragma("user_version")) == 0:
        return {}
    asked = "SELECT source, max(last_tick), max(last_ms) FROM spans WHERE origin = ? GROUP BY source"
    rows = connection.execute(asked, (FOLDED,))
    return {str(source): Newest(int(tick), int(last_ms)) for source, tick, last_ms in rows}


def read_directories(connection: apsw.Connection, span: int) -> Iterator[tuple[int, Entries | None]]:
    """Yield each block's number and directory, None in place of a damaged one."""
    rows = connection.execute("SELECT block, directory FROM blocks WHERE span = ? ORDER BY block", (span,))
    for block, stored in rows:
        entries: Entries | None = None
        with contextlib.suppress(*sqlite.UNREADABLE):
            entries = unpack_directory(stored, span)
        yield int(block), entries


def read_payload(connection: apsw.Connection, block: int) -> bytes | None:
    """Return a block's bytes; None where the block is gone (merged meanwhile)."""
    payload = connection.execute("SELECT payload FROM blocks WHERE block = ?", (block,)).get
    return None if payload is None else bytes(payload)
