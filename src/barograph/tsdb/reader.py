"""The read side of the store, for any process: the head in shared memory and the block files, as one `Querier`.

The front opens one on the data folder and gives it each new head segment; offline commands open one that reads the ring
of live.db itself. It never writes, and holds no read transaction longer than it takes to copy a blob out.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import apsw
import numpy as np

from barograph.model.batch import Family
from barograph.model.errors import FolderError, StoreError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray, is_absent, is_stale
from barograph.model.series import SeriesSet
from barograph.tsdb import filenames, log, sqlite
from barograph.tsdb.assemble import Piece, assemble
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.dayfiles import DayFiles, MovedError
from barograph.tsdb.head import Head
from barograph.tsdb.headview import Columns, GroupView, HeadView
from barograph.tsdb.index import LabelIndex, SeriesIds
from barograph.tsdb.late import base_source, is_late
from barograph.tsdb.replay import replay
from barograph.tsdb.segment import MemorySegments

_PLANS = 512
_ATTEMPTS = 5
_FIRST_MS = -(1 << 62)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What a set of matchers selects, as long as no series joins."""

    wanted: BoolArray
    in_head: tuple[tuple[GroupView, Columns, SeriesIds], ...]


class StoreReader:
    """Implements `Querier`. `attach` may be called from any thread too."""

    def __init__(self, folder: Path, config: StoreConfig) -> None:
        """Look at a data folder, which need not exist yet; nothing is opened before the first use."""
        self._lock = threading.Lock()
        self._files_lock = threading.Lock()
        self._index = LabelIndex()
        self._files = DayFiles(folder, config, self._index)
        self._generation = -1
        self._file_warnings: list[str] = []
        self._head: HeadView | None = None
        self._head_series: list[SeriesIds] = []
        self._plans: dict[tuple[Matcher, ...], _Plan] = {}
        self._offline_warnings: tuple[str, ...] = ()

    @classmethod
    def open_offline(cls, folder: Path, config: StoreConfig) -> Self:
        """Open a folder without its keeper: what was committed until now, ticks that are only in the ring included.

        Raises:
            FolderError: There is no store in this folder, or it cannot be read.
            VersionError: A file was written by a newer program.
        """
        sqlite.check_sqlite_version()
        path = folder / filenames.LIVE
        if not path.exists() and not filenames.block_names(folder):
            raise FolderError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")
        reader = cls(folder, config)
        if path.exists():
            reader._read_ring(path)
        return reader

    def attach(self, buffer: memoryview) -> None:
        """Take a (new) head segment.

        Raises:
            VersionError: Its writer is another version of the program.
        """
        view = HeadView(buffer)
        with self._lock:
            self._head = view
            self._head_series = []
            self._generation = -1
            self._plans.clear()

    @property
    def damaged(self) -> int:
        """How often something damaged was met in block files."""
        return self._files.damaged

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesSet:
        """See `Querier`. A range that lies inside the head touches no file."""
        key = tuple(matchers)
        for _ in range(_ATTEMPTS):
            with self._lock:
                plan = self._plan(key)
                head, generation = self._head, self._generation
            newest, covered = _read_head(plan, start_ms, end_ms)
            warnings: list[str] = []
            try:
                pieces = self._read_files(plan, start_ms, end_ms, covered, warnings)
            except MovedError:
                self._generation = -1
                continue
            if head is not None and head.fold_generation != generation:
                # rows may have left the head after the files were looked at
                continue
            for source, piece in newest.items():
                pieces.setdefault(source, []).append(piece)
            groups = assemble(_with_late(pieces), self._index.labels)
            return SeriesSet(groups, (*self._offline_warnings, *dict.fromkeys(warnings)))
        raise StoreError("blocks were merged faster than they could be read; ask again")

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        return sorted(self._index.labels[number] for number in found.tolist())

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        with self._lock:
            return self._index.names_of(found)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        found = self._matching(matchers, start_ms, end_ms)
        with self._lock:
            return self._index.values_of(name, found)

    def metadata(self) -> dict[str, Family]:
        """See `Querier`."""
        with self._lock:
            self._sync()
            head = self._head
            families = self._files.families()
        for view in head.groups if head is not None else ():
            families.update((info.family.name, info.family) for info in view.columns)
        return families

    @property
    def newest_ms(self) -> int:
        """See `Querier`."""
        with self._lock:
            if self._head is not None and self._head.newest_ms:
                return self._head.newest_ms
            self._sync()
            return self._files.newest_ms()

    def close(self) -> None:
        """Close what is open; the reader must not be used afterwards."""
        with self._lock, self._files_lock:
            self._files.close()
            self._head = None

    def _plan(self, key: tuple[Matcher, ...]) -> _Plan:
        """Return what the matchers select. The lock is held."""
        known = len(self._index)
        self._sync()
        if len(self._index) != known:
            self._plans.clear()
        plan = self._plans.get(key)
        if plan is None:
            wanted = self._index.match(key)
            plan = _Plan(wanted, tuple(self._head_columns(wanted)))
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _sync(self) -> None:
        """Take in what has changed: new columns of the head, and block files after a fold. The lock is held."""
        head = self._head
        if head is not None and (head.refresh() or not self._head_series):
            self._head_series = [self._index.add_all(info.labels for info in view.columns) for view in head.groups]
            self._plans.clear()
        generation = head.fold_generation if head is not None else 0
        if generation != self._generation:
            self._refresh_files(generation)

    def _refresh_files(self, generation: int) -> None:
        with self._files_lock:
            self._file_warnings = []
            self._files.refresh(self._file_warnings)
        self._generation = generation

    def _head_columns(self, wanted: BoolArray) -> list[tuple[GroupView, Columns, SeriesIds]]:
        found: list[tuple[GroupView, Columns, SeriesIds]] = []
        for view, series in zip(self._head.groups if self._head else (), self._head_series, strict=True):
            rows = np.flatnonzero(wanted[series])
            rows = rows[np.argsort(series[rows], kind="stable")]
            columns: Columns = rows
            if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
                columns = slice(int(rows[0]), int(rows[0]) + len(rows))
            found.append((view, columns, series[rows]))
        return found

    def _read_files(
        self, plan: _Plan, start_ms: int, end_ms: int, covered: dict[str, tuple[int, int]], warnings: list[str]
    ) -> dict[str, list[Piece]]:
        """Return for each source the pieces of block files that the head does not cover, oldest span first.

        Raises:
            MovedError: Blocks were merged since the files were looked at.
        """
        pieces: dict[str, list[Piece]] = {}
        with self._files_lock:
            warnings += self._file_warnings
            for file, span in self._files.spans_between(start_ms, end_ms):
                ranges = _outside(start_ms, end_ms, covered.get(span.source))
                if any(low <= span.last_ms and high >= span.first_ms for low, high in ranges):
                    found = self._files.read(file, span, plan.wanted, ranges, warnings)
                    if found:
                        pieces.setdefault(span.source, []).extend(found)
        return pieces

    def _matching(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> SeriesIds:
        """Return the numbers of matching series that may have samples in the range, sorted."""
        with self._lock:
            plan = self._plan(tuple(matchers))
            parts = self._files.series_between(start_ms, end_ms)
            for view, series in zip(self._head.groups if self._head else (), self._head_series, strict=True):
                oldest, newest = view.covers()
                if oldest <= end_ms and newest >= start_ms and newest >= oldest:
                    parts.append(series)
        present = np.unique(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
        present = present[present >= 0]
        return present[plan.wanted[present]]

    def _read_ring(self, path: Path) -> None:
        """Replay the ring of a live.db into a head of our own."""
        segments = MemorySegments()
        try:
            connection = sqlite.open_reading(path)
            try:
                if sqlite.check_format(connection, path, log.FORMAT) == 0:
                    return
                with connection:
                    meta = log.read_meta(connection)
                    damaged = replay(connection, Head(segments, meta["slots"]), meta["folded_tick"], {})
            finally:
                connection.close(True)
        except (*sqlite.DAMAGE_ERRORS, KeyError) as error:
            self._offline_warnings = (f"{path} is damaged ({error}): the newest samples are shown as a gap",)
            return
        except apsw.Error as error:
            raise FolderError(
                f"{path} cannot be read ({error}): is it a Barograph store, and yours to read?"
            ) from error
        if damaged:
            self._offline_warnings = (f"{damaged} damaged records of {path} are shown as gaps",)
        if segments.current is not None:
            self.attach(segments.current.buffer)


def _with_late(pieces: dict[str, list[Piece]]) -> list[list[Piece]]:
    """Return the pieces of each source, those of late rows behind the others: they were written later."""
    joined: dict[str, list[Piece]] = {}
    for source in sorted(pieces, key=is_late):
        joined.setdefault(base_source(source), []).extend(pieces[source])
    return list(joined.values())


def _read_head(plan: _Plan, start_ms: int, end_ms: int) -> tuple[dict[str, Piece], dict[str, tuple[int, int]]]:
    """Return for each source the head's piece, and the range of time that the head has whole."""
    pieces: dict[str, Piece] = {}
    covered: dict[str, tuple[int, int]] = {}
    for view, columns, series in plan.in_head:
        oldest, newest = view.covers()
        if newest < oldest:
            continue
        if len(series) and start_ms <= newest and end_ms >= oldest:
            times, values = view.read(start_ms, end_ms, columns)
            if len(times):
                has_absent, has_stale = bool(is_absent(values).any()), bool(is_stale(values).any())
                pieces[view.source] = Piece(series, times, values, has_absent, has_stale)
        if view.is_late:
            # what has left this ring may lie anywhere in time
            continue
        # what the ring holds after reading was all there while it was read; what joined since then was perhaps not
        oldest, still = view.covers()
        if still >= oldest:
            covered[view.source] = (oldest, newest)
    return pieces, covered


def _outside(start_ms: int, end_ms: int, covered: tuple[int, int] | None) -> list[tuple[int, int]]:
    """Return the parts of a range before and after what the head covers."""
    if covered is None:
        return [(start_ms, end_ms)]
    parts = [(start_ms, min(end_ms, covered[0] - 1)), (max(start_ms, covered[1] + 1), end_ms)]
    return [(low, high) for low, high in parts if low <= high]
