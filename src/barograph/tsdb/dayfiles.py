"""Block files, reader's side: which there are, what their spans cover, and what was deleted of them.

`StoreReader` owns one and holds a lock around every call. Samples come through `daychunks.py`.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np

from barograph.model.batch import Family
from barograph.model.errors import VersionError
from barograph.model.sample import ABSENT_BITS, BoolArray
from barograph.tsdb import blocks, filenames, sqlite
from barograph.tsdb.assemble import Piece
from barograph.tsdb.blocks import Span
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.daychunks import Asked, DayChunks
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.index import LabelIndex, SeriesIds, collector_at_rest
from barograph.tsdb.openfiles import DayFile, MovedError, OpenFiles
from barograph.tsdb.tombstones import Tombstone, reaching, read_tombstones


class DayFiles:
    """All block files of a folder."""

    def __init__(self, folder: Path, config: StoreConfig, index: LabelIndex) -> None:
        self._reported = 0
        self._folder = folder
        self._index = index
        self._days: dict[BlockName, DayFile] = {}
        self._numbered = 0
        self._tombstones: list[Tombstone] = []
        self._open = OpenFiles(folder)
        self._chunks = DayChunks(self._open, config, self._report)

    @property
    def damaged(self) -> int:
        """Chunks, directories and spans found damaged since start; those met again count again."""
        return self._reported + self._chunks.lost

    @property
    def chunks_cached(self) -> int:
        """Chunks that were in the cache, since start."""
        return self._chunks.cached

    @property
    def chunks_decoded(self) -> int:
        """Chunks that were decoded, since start."""
        return self._chunks.decoded

    def refresh(self, warnings: list[str]) -> None:
        """Look at the folder again: new files, new spans, files that retention took, what was deleted."""
        with collector_at_rest():
            self._refresh(warnings)

    def files_ahead(self) -> list[DayFile]:
        """Return the files of the folder, of which series may be read ahead of `refresh`; it is told what is wrong."""
        found: list[DayFile] = []
        for name in filenames.block_names(self._folder):
            with suppress(OSError):
                found.append(self._known(name))
        return found

    def next_run(self, file: DayFile) -> tuple[int, list[SeriesInfo]] | None:
        """Return the next series of a file that are not taken in yet; None where none are, or none can be read."""
        try:
            connection = self._open.connection(file)
            if sqlite.check_format(connection, self._folder / file.name.file_name, blocks.FORMAT):
                return next(blocks.read_series(connection, len(file.series)), None)
        except (apsw.Error, OSError, VersionError, MovedError, *sqlite.UNREADABLE):
            pass
        return None

    def _known(self, name: BlockName) -> DayFile:
        """Return a file of the folder; another of the same name is a new one.

        Raises:
            OSError: It is gone.
        """
        identity = (self._folder / name.file_name).stat().st_ino
        if name in self._days and self._days[name].identity != identity:
            self._forget(name)
        if name not in self._days:
            self._numbered += 1
            self._days[name] = DayFile(name, identity, self._numbered, name.start_ms, name.end_ms)
        return self._days[name]

    def take_series(self, file: DayFile, first: int, infos: Sequence[SeriesInfo]) -> None:
        """Take in a run of series of a file; those before it that are not known yet are damaged."""
        end = first + len(infos)
        if end > len(file.series):
            longer = np.full(end, -1, np.int64)
            longer[: len(file.series)] = file.series
            file.series = longer
        file.series[first:end] = self._index.add_all(info.labels for info in infos)
        file.families.update((info.family.name, info.family) for info in infos)

    def _refresh(self, warnings: list[str]) -> None:
        self._read_tombstones(warnings)
        present = filenames.block_names(self._folder)
        recent = sorted({name.period for name in present if not name.tier})[-2:]
        recent += sorted({name.period for name in present if name.tier})[-2:]
        for name in set(self._days) - set(present):
            self._forget(name)
        for name in present:
            path = self._folder / name.file_name
            try:
                file = self._known(name)
                self._load(file, is_recent=name.period in recent)
                warnings += file.warnings
            except (FileNotFoundError, MovedError):
                # retention took it just now
                self._forget(name)
            except (apsw.Error, OSError, VersionError, *sqlite.UNREADABLE) as error:
                if path.with_name(f"{path.name}-journal").exists():
                    # its making was cut off, before anything was in it: the store's next start undoes that
                    continue
                self._report(f"{path.name} cannot be read and is shown as a gap: {error}", warnings)

    @property
    def of_samples(self) -> list[DayFile]:
        """The files of samples, oldest first."""
        return [self._days[name] for name in sorted(self._days) if not name.tier]

    @property
    def of_tiers(self) -> list[DayFile]:
        """The files of tiers, oldest first."""
        return [self._days[name] for name in sorted(self._days) if name.tier]

    def names(self) -> set[BlockName]:
        """Return which files there are."""
        return set(self._days)

    def bounds(self) -> tuple[int, int]:
        """Return the first and last timestamp in any file; the first is greater where there is none."""
        spans = [span for day in self._days.values() for span in day.spans]
        return min((span.first_ms for span in spans), default=1 << 62), max((span.last_ms for span in spans), default=0)

    def newest_ms(self) -> int:
        """Return the newest timestamp in any file, 0 where there is none; of tiers the end of the finest's newest."""
        newest: dict[str, int] = {}
        for name, day in self._days.items():
            last_ms = max((span.last_ms for span in day.spans), default=0)
            newest[name.tier] = max(newest.get(name.tier, 0), last_ms)
        return newest.pop("", 0) or min(newest.values(), default=0)

    def families(self) -> dict[str, Family]:
        """Return the metric families of all files; newer files win."""
        found: dict[str, Family] = {}
        for name in sorted(self._days):
            found.update(self._days[name].families)
        return found

    def series_between(self, start_ms: int, end_ms: int) -> list[SeriesIds]:
        """Return the series of every file that has a span in the range."""
        return [day.series for day in self.of_samples if any(_overlaps(span, start_ms, end_ms) for span in day.spans)]

    def spans_between(self, start_ms: int, end_ms: int) -> Iterator[tuple[DayFile, Span]]:
        """Yield the spans that overlap the range, files in order of time, spans in order of writing."""
        for file in self.of_samples:
            if file.start_ms <= end_ms and file.end_ms > start_ms:
                for span in file.spans:
                    if span.first_ms <= end_ms and span.last_ms >= start_ms:
                        yield file, span

    def read(self, file: DayFile, span: Span, asked: Asked, warnings: list[str]) -> list[Piece]:
        """Read the wanted series of a span; a piece is made for each range that has timestamps of it.

        Args:
            file: The file it is in.
            span: The span.
            asked: Which series and times.
            warnings: What is damaged is said here.

        Raises:
            MovedError: The span was merged since `refresh`.
        """
        # of buckets more goes than those that end within a deletion
        erased = [] if span.column else self.erased(file, span)
        pieces = self._chunks.read(file, span, asked._replace(newest=None) if erased else asked, warnings)
        return [self._without_deleted(piece, erased) for piece in pieces] if erased else pieces

    def count_rows(self, file: DayFile, span: Span, wanted: BoolArray, warnings: list[str]) -> int:
        """Return how many of the wanted series a span has; all of them where its directory cannot be read.

        Raises:
            MovedError: The span was merged since `refresh`.
        """
        return self._chunks.count_rows(file, span, wanted, warnings)

    def erased(self, file: DayFile, span: Span) -> list[Tombstone]:
        """Return the tombstones that may have taken something out of a span."""
        return reaching(self._tombstones, file.name.file_name, span.span, span.first_ms, span.last_ms)

    def matching(self, tombstone: Tombstone, series: SeriesIds) -> BoolArray:
        """Tell which of some series a tombstone is about."""
        about: BoolArray = self._index.match(tombstone.matchers)[series]
        return about

    def _without_deleted(self, piece: Piece, erased: Sequence[Tombstone]) -> Piece:
        for each in erased:
            rows = np.flatnonzero(self.matching(each, piece.series))
            columns = (piece.timestamps_ms >= each.start_ms) & (piece.timestamps_ms <= each.end_ms)
            piece.values.view(np.uint64)[np.ix_(rows, np.flatnonzero(columns))] = ABSENT_BITS
        return replace(piece, has_absent=True)

    def _read_tombstones(self, warnings: list[str]) -> None:
        try:
            self._tombstones, damaged = read_tombstones(self._folder)
        except (apsw.Error, VersionError) as error:
            self._report(f"{filenames.TOMBSTONES} cannot be read, so what was deleted may be shown: {error}", warnings)
            return
        if damaged:
            self._report(f"{damaged} tombstones are damaged: what they cover is shown", warnings)

    def close(self) -> None:
        """Close all files."""
        self._open.close()

    def _load(self, file: DayFile, *, is_recent: bool) -> None:
        """Read a file's spans and series where they may have changed."""
        signature = filenames.signature(self._folder / file.name.file_name)
        # the clock of a file's times is coarse, so it is trusted only where hardly anything changes
        if signature == file.signature and not is_recent:
            return
        connection = self._open.connection(file)
        version = int(connection.pragma("data_version"))
        if version != file.version:
            if sqlite.check_format(connection, self._folder / file.name.file_name, blocks.FORMAT) == 0:
                return
            self._read(file, connection)
            file.version = version
        # not before: what could not be read just now is tried again
        file.signature = signature

    def _read(self, file: DayFile, connection: apsw.Connection) -> None:
        with connection:
            spans, missing = blocks.read_spans(connection)
            series_count = blocks.read_tally(connection)[1]
            if series_count < len(file.series):
                file.series = np.zeros(0, np.int64)
            # series are never taken out of a file: what is known of the others need not be read again
            runs = list(blocks.read_series(connection, len(file.series)))
            sequence = blocks.sequence(connection)
        file.warnings = []
        if missing:
            self._report(f"{file.name.file_name}: {missing} damaged spans are shown as gaps", file.warnings)
        for first, infos in runs:
            self.take_series(file, first, infos)
        if (unnamed := series_count - int(np.count_nonzero(file.series >= 0))) > 0:
            self._report(
                f"{file.name.file_name}: the labels of {unnamed} series are damaged; they are shown as gaps",
                file.warnings,
            )
        file.spans = sorted(spans, key=lambda span: span.span)
        file.sequence, file.missing = sequence, missing
        file.tiers = _by_day(spans)

    def _forget(self, name: BlockName) -> None:
        forgotten = self._days.pop(name, None)
        if forgotten is not None:
            self._chunks.forget(forgotten.number)
        self._open.forget(name)

    def _report(self, text: str, warnings: list[str]) -> None:
        self._reported += 1
        warnings.append(text)


def _by_day(spans: Sequence[Span]) -> dict[int, dict[str, dict[int, Span]]]:
    found: dict[int, dict[str, dict[int, Span]]] = {}
    for span in spans:
        if span.column:
            found.setdefault(span.day_ms, {}).setdefault(span.source, {})[span.column] = span
    return found


def _overlaps(span: Span, start_ms: int, end_ms: int) -> bool:
    return span.first_ms <= end_ms and span.last_ms >= start_ms
