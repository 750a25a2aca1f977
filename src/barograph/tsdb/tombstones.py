"""Tombstones: what was deleted, laid over block files until they are rewritten. docs/formats/tombstones-db.md.

One commit to tombstones.db makes a deletion durable, over all block files at once. A tombstone says for each file up
to which span it reaches: what is written later, even of the same instant, is there again.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw
import msgspec

from barograph.model.errors import CorruptError, QueryError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp, matches_all
from barograph.tsdb import filenames, sqlite

FORMAT = 1
_TABLES = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE tombstones (tombstone INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, crc INTEGER NOT NULL);
"""


class _Body(msgspec.Struct, frozen=True):
    """A tombstone as it is written down."""

    start_ms: int
    end_ms: int
    matchers: tuple[tuple[str, str, str], ...]
    until: dict[str, int]


class Tombstone(NamedTuple):
    """One deletion.

    Attributes:
        number: Its number, 0 where it has none yet.
        matchers: What series it is about: those that satisfy all.
        start_ms: The first instant that is gone.
        end_ms: The last.
        until: For each block file, by name, the newest span that it reaches.
    """

    number: int
    matchers: tuple[Matcher, ...]
    start_ms: int
    end_ms: int
    until: Mapping[str, int]

    def reaches(self, file_name: str, span: int, first_ms: int, last_ms: int) -> bool:
        """Tell whether it may have taken something out of a span of a file."""
        return span <= self.until.get(file_name, -1) and self.start_ms <= last_ms and self.end_ms >= first_ms

    def matches(self, labels: Labels) -> bool:
        """Tell whether it is about this series."""
        return matches_all(self.matchers, labels)


class TombstoneFile:
    """The one writing connection of tombstones.db."""

    def __init__(self, folder: Path, vfs: str | None = None) -> None:
        """Open the file or make it.

        Raises:
            VersionError: A newer program wrote it.
            apsw.Error: SQLite could not.
        """
        path = folder / filenames.TOMBSTONES
        self.connection = sqlite.open_writing(path, vfs)
        try:
            if sqlite.check_format(self.connection, path, FORMAT) == 0:
                with self.connection:
                    self.connection.execute(_TABLES)
        except BaseException:
            self.connection.close()
            raise

    def add(self, tombstones: Iterable[Tombstone]) -> None:
        """Commit tombstones; they are durable when this returns.

        Raises:
            apsw.Error: They are not.
        """
        with self.connection:
            for each in tombstones:
                body = _encode(each)
                row = (body, zlib.crc32(body))
                self.connection.execute("INSERT INTO tombstones (body, crc) VALUES (?, ?)", row)

    def remove(self, numbers: Iterable[int]) -> None:
        """Take tombstones out: nothing that they cover is left.

        Raises:
            apsw.Error: They are still there.
        """
        with self.connection:
            self.connection.executemany("DELETE FROM tombstones WHERE tombstone = ?", [(each,) for each in numbers])

    def close(self) -> None:
        """Close the file, with nothing left in its write-ahead log where that can be."""
        try:
            sqlite.checkpoint(self.connection, truncate=True)
            self.connection.close(True)
        except apsw.Error:
            return


def read_tombstones(folder: Path) -> tuple[list[Tombstone], int]:
    """Return the tombstones of a folder, oldest first, and how many are damaged.

    Raises:
        VersionError: A newer program wrote the file.
        apsw.Error: The file cannot be read.
    """
    path = folder / filenames.TOMBSTONES
    if not path.exists():
        return [], 0
    connection = sqlite.open_reading(path)
    try:
        if sqlite.check_format(connection, path, FORMAT) == 0:
            return [], 0
        found: list[Tombstone] = []
        damaged = 0
        for number, body, crc in connection.execute("SELECT * FROM tombstones ORDER BY tombstone"):
            try:
                found.append(_decode(int(number), body, crc))
            except sqlite.UNREADABLE:
                damaged += 1
        return found, damaged
    finally:
        connection.close(True)


def reaching(
    tombstones: Sequence[Tombstone], file_name: str, span: int, first_ms: int, last_ms: int
) -> list[Tombstone]:
    """Return those that may have taken something out of a span."""
    return [each for each in tombstones if each.reaches(file_name, span, first_ms, last_ms)]


def _encode(tombstone: Tombstone) -> bytes:
    return msgspec.json.encode(
        _Body(
            start_ms=tombstone.start_ms,
            end_ms=tombstone.end_ms,
            matchers=tuple((each.name, each.op.value, each.value) for each in tombstone.matchers),
            until=dict(tombstone.until),
        )
    )


def _decode(number: int, stored: bytes, crc: int) -> Tombstone:
    if zlib.crc32(stored) != crc:
        raise CorruptError("a tombstone is damaged: its checksum does not hold")
    try:
        body = msgspec.json.decode(stored, type=_Body)
        matchers = tuple(Matcher(name, MatchOp(op), value) for name, op, value in body.matchers)
    except (msgspec.MsgspecError, QueryError) as error:
        raise CorruptError(f"a tombstone is damaged: {error}") from error
    return Tombstone(number, matchers, body.start_ms, body.end_ms, body.until)
