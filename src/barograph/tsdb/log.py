"""live.db: the ring of ticks that are not yet in block files. Every byte is in docs/formats/live-db.md.

One commit a tick, synchronous FULL; slots are overwritten in place, so nothing has to be freed. Only the store's
writing thread uses it. It never overwrites a slot that is not folded, nor the key row that such a slot leans on.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import apsw

from barograph.model.errors import CorruptError
from barograph.tsdb import sqlite
from barograph.tsdb.catalogue import SeriesInfo, open_addition, seal_addition
from barograph.tsdb.head import HeadGroup, HeadRow
from barograph.tsdb.record import KEY_EVERY, Bits, LogRow, decode_record, encode_record, record_tick

FORMAT = 1
_PAD_BYTES = 256
_TABLES = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE layouts (layout INTEGER NOT NULL, first INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (layout, first));
CREATE TABLE slots (slot INTEGER PRIMARY KEY, record BLOB NOT NULL);
"""


class PendingTick(NamedTuple):
    """A tick whose rows are in the head but not yet in the log."""

    tick: int
    rows: list[HeadRow]


class LoggedTick(NamedTuple):
    """A tick read back."""

    tick: int
    rows: list[LogRow]


class LogLayout(NamedTuple):
    """Which columns the rows of a layout have."""

    source: str
    columns: list[SeriesInfo]


class _Written:
    """What the log knows of a group: its layout on disk, and the key row that the next rows lean on."""

    def __init__(self, layout_id: int, generation: int) -> None:
        self.layout_id = layout_id
        self.generation = generation
        self.columns = -1
        """How many columns are written down; a layout without any is written down as well."""
        self.key_tick = -1
        self.key: Bits | None = None


class Log:
    """The write side."""

    def __init__(self, path: Path, slots: int, first_tick: int, vfs: str | None = None) -> None:
        """Open the file or make it.

        Args:
            path: Where live.db is.
            slots: How many slots a new file's ring gets; an existing file keeps its own until it is empty.
            first_tick: The number that the first tick of a new file gets.
            vfs: Another SQLite virtual file system (tests).

        Raises:
            VersionError: A newer program wrote the file.
            apsw.Error: SQLite could not.
        """
        self.path = path
        self.connection = sqlite.open_writing(path, vfs)
        self._groups: dict[str, _Written] = {}
        self._retired: list[tuple[int, int]] = []
        """Layouts that no new row uses, each with the newest tick that may."""
        try:
            if sqlite.check_format(self.connection, path, FORMAT) == 0:
                self._create(slots, first_tick)
            self._load(slots)
        except BaseException:
            self.connection.close()
            raise

    def _create(self, slots: int, first_tick: int) -> None:
        with self.connection:
            self.connection.execute(_TABLES)
            self.connection.executemany(
                "INSERT INTO meta VALUES (?, ?)", [("slots", slots), ("folded_tick", first_tick - 1)]
            )

    def _load(self, slots: int) -> None:
        meta = read_meta(self.connection)
        self.slots, self.folded_tick = meta["slots"], meta["folded_tick"]
        rows = list(self.connection.execute("SELECT slot, length(record), substr(record, 1, 16) FROM slots"))
        # a damaged slot may hold anything
        self._lengths = {int(slot): int(length or 0) for slot, length, _ in rows}
        self.last_tick = max([self.folded_tick, *(record_tick(start) for _, _, start in rows)])
        top = self.connection.execute("SELECT max(layout) FROM layouts").get
        self._next_layout = int(top or 0) + 1
        self._retired = [
            (int(number), self.last_tick)
            for (number,) in self.connection.execute("SELECT DISTINCT layout FROM layouts")
        ]
        if self.slots != slots and self.last_tick == self.folded_tick:
            with self.connection:
                self.connection.execute("DELETE FROM slots")
                self.connection.execute("UPDATE meta SET value = ? WHERE key = 'slots'", (slots,))
            self.slots, self._lengths = slots, {}

    def distrust(self, newest_tick: int) -> bool:
        """Take the mark of the newest folded tick for no later than block files show.

        Block files are the truth; where one was lost or moved aside, its ticks may still be in the ring. Where they
        know more than the ring (a snapshot, in which they were copied later), ticks are numbered on from theirs: a
        lower number would be taken for one that is folded.

        Returns:
            Whether block files know more: the ring is to be folded before the next tick, or the numbers between would
            be missing.
        """
        self.folded_tick = min(self.folded_tick, newest_tick)
        is_behind = self.last_tick < newest_tick
        self.last_tick = max(self.last_tick, newest_tick)
        return is_behind

    def has_room(self, tick: int) -> bool:
        """Tell whether a tick's slot may be overwritten: its old tick is folded, and no unfolded row leans on it."""
        if self.folded_tick >= self.last_tick:
            return True
        oldest_needed = (self.folded_tick + 1) // KEY_EVERY * KEY_EVERY
        return tick - self.slots < oldest_needed

    def write(self, ticks: Sequence[PendingTick]) -> int:
        """Commit ticks in one transaction; returns after the sync.

        Returns:
            The bytes of the records.

        Raises:
            apsw.Error: They are not durable; the connection must not be used again.
        """
        written = 0
        with self.connection:
            for tick in ticks:
                written += self._write_tick(tick)
        self.last_tick = ticks[-1].tick
        return written

    def mark_folded(self, tick: int) -> None:
        """Record that every tick up to this one is in block files; their slots are free from now on."""
        with self.connection:
            self.connection.execute("UPDATE meta SET value = ? WHERE key = 'folded_tick'", (tick,))
            unused = [(number,) for number, newest in self._retired if newest <= tick]
            self.connection.executemany("DELETE FROM layouts WHERE layout = ?", unused)
        self._retired = [(number, newest) for number, newest in self._retired if newest > tick]
        self.folded_tick = tick

    def empty(self) -> None:
        """Take all slots and layouts out and give the space back: the folder at rest holds no ring."""
        with self.connection:
            for table in ("slots", "layouts"):
                self.connection.execute(f"DELETE FROM {table}")  # noqa: S608  no user text
        self._lengths, self._groups, self._retired = {}, {}, []
        self.connection.execute("VACUUM")

    def checkpoint(self, truncate: bool = False) -> None:
        """Copy the write-ahead log into the file."""
        sqlite.checkpoint(self.connection, truncate)

    def close(self) -> None:
        """Close the file. Never raises: after a failed disk there is nothing left to do with it."""
        try:
            self.connection.close(True)
        except apsw.Error:
            return

    def _write_tick(self, pending: PendingTick) -> int:
        rows: list[LogRow] = []
        keys: dict[int, Bits] = {}
        for group, number in pending.rows:
            known = self._layout_of(group)
            bits = group.row_bits(number)
            if known.key is None or known.key_tick // KEY_EVERY != pending.tick // KEY_EVERY:
                known.key_tick, known.key = pending.tick, bits.copy()
            keys[known.layout_id] = known.key
            timestamp_ms = int(group.timestamps[number % group.slots])
            rows.append(LogRow(known.layout_id, timestamp_ms, known.key_tick, bits))
        record = encode_record(pending.tick, rows, keys)
        self._put(pending.tick % self.slots, record)
        return len(record)

    def _put(self, slot: int, record: bytes) -> None:
        """Overwrite a slot. A slot never shrinks: SQLite overwrites its cell in place and moves no neighbour."""
        length = max(self._lengths.get(slot, 0), -(-len(record) // _PAD_BYTES) * _PAD_BYTES)
        self.connection.execute(
            "INSERT INTO slots VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET record = excluded.record",
            (slot, record.ljust(length, b"\0")),
        )
        self._lengths[slot] = length

    def _layout_of(self, group: HeadGroup) -> _Written:
        """Return the group's layout, written down as far as its columns go now."""
        known = self._groups.get(group.source)
        if known is None or known.generation != group.generation:
            if known is not None:
                self._retired.append((known.layout_id, known.key_tick // KEY_EVERY * KEY_EVERY + KEY_EVERY))
            known = self._groups[group.source] = _Written(self._next_layout, group.generation)
            self._next_layout += 1
        if known.columns < len(group.columns):
            first = max(known.columns, 0)
            body = seal_addition(group.source, first, group.columns[first:], known.layout_id)
            self.connection.execute("REPLACE INTO layouts VALUES (?, ?, ?)", (known.layout_id, first, body))
            known.columns = len(group.columns)
        return known


def read_meta(connection: apsw.Connection) -> dict[str, int]:
    """Return the numbers a live.db keeps of itself: `slots` and `folded_tick`."""
    return {str(key): int(value) for key, value in connection.execute("SELECT key, value FROM meta")}


def read_layouts(connection: apsw.Connection) -> tuple[dict[int, LogLayout], int]:
    """Return the layouts of a live.db, and how many runs of columns could not be read."""
    layouts: dict[int, LogLayout] = {}
    damaged = 0
    for number, stored in connection.execute("SELECT layout, body FROM layouts ORDER BY layout, first"):
        try:
            source, first, infos = open_addition(stored, int(number))
        except sqlite.UNREADABLE:
            damaged += 1
            continue
        layout = layouts.setdefault(int(number), LogLayout(source, []))
        # a run behind a damaged one would name the wrong columns
        if len(layout.columns) == first:
            layout.columns.extend(infos)
        else:
            damaged += 1
    return layouts, damaged


def read_ticks(connection: apsw.Connection, folded: int) -> Iterator[LoggedTick | CorruptError]:
    """Yield the ticks of a live.db after the newest folded one, oldest first; for a damaged slot its error."""
    oldest = (folded + 1) // KEY_EVERY * KEY_EVERY
    starts = connection.execute("SELECT slot, substr(record, 1, 16) FROM slots")
    wanted = sorted((record_tick(start), int(slot)) for slot, start in starts)
    previous = 0
    keys: dict[tuple[int, int], Bits] = {}
    for claimed, slot in wanted:
        if claimed < oldest:
            continue
        try:
            tick, rows = decode_record(connection.execute("SELECT record FROM slots WHERE slot = ?", (slot,)).get, keys)
        except sqlite.UNREADABLE as error:
            yield error if isinstance(error, CorruptError) else CorruptError(f"the log slot {slot} is damaged: {error}")
            continue
        if previous and tick > (known := max(previous, folded)) + 1:
            yield CorruptError(f"the log slots of ticks {known + 1} to {tick - 1} are missing")
        previous = tick
        if tick > folded:
            yield LoggedTick(tick, rows)
