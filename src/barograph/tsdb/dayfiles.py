"""Block files, reader's side: which there are, what their spans cover, and their chunks through three caches.

`StoreReader` owns one and holds a lock around every call. Directories, compressed blocks and decoded chunks are cached
within budgets; a checksum is verified each time a chunk is decoded, and what does not hold is a gap with a warning.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Family
from barograph.model.errors import VersionError
from barograph.model.sample import ABSENT_BITS, BoolArray, FloatArray, IntArray, absent_array
from barograph.model.series import NewestAt
from barograph.model.tiers import Column
from barograph.tsdb import blocks, filenames, sqlite
from barograph.tsdb.assemble import Piece
from barograph.tsdb.blocks import Span
from barograph.tsdb.cache import ByteCache
from barograph.tsdb.chunk import ENTRY, Entries, Flag, Kind, decode_chunk
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.index import LabelIndex, SeriesIds, collector_at_rest
from barograph.tsdb.tombstones import Tombstone, reaching, read_tombstones

_CHECK_EVERY = 64
"""Chunks that are decoded between two looks at the time: a few milliseconds."""
_OPEN_FILES = 4
"""Connections kept open: a query of a month opens the others for as long as it reads them."""
_RANK: dict[int, int] = {Column.FIRST: 0, Column.LAST: 1}
"""A column may repeat one of lower rank, so that whoever follows comes to an end; all others have the rank 2."""
_MASKED = Flag.ABSENT | Flag.STALE


class MovedError(Exception):
    """A block is gone: it was merged since `refresh`. Refresh, and read again."""


@dataclass(slots=True, eq=False)
class SpanDirectory:
    """The chunks of one span, over all its blocks."""

    entries: Entries
    block_of: IntArray
    series: SeriesIds


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """Some rows of a span's directory, and the span's timestamps."""

    span: Span
    directory: SpanDirectory
    rows: NDArray[np.intp]
    times: IntArray
    part: slice


class Asked(NamedTuple):
    """What is read of a span.

    Attributes:
        wanted: For each number of the index whether it is wanted.
        ranges: Inclusive ranges of time.
        newest: What of them is looked at; None: everything.
        check: Called every few milliseconds; what it raises ends the reading.
    """

    wanted: BoolArray
    ranges: Sequence[tuple[int, int]]
    newest: NewestAt | None = None
    check: Callable[[], None] = lambda: None


@dataclass(slots=True, eq=False)
class DayFile:
    """What is known of one block file."""

    name: BlockName
    identity: int
    number: int
    start_ms: int
    end_ms: int
    version: int = -1
    signature: tuple[int, ...] = ()
    spans: list[Span] = field(default_factory=list)
    """In order of writing."""
    series: SeriesIds = field(default_factory=lambda: np.zeros(0, np.int64))
    families: dict[str, Family] = field(default_factory=dict)
    sequence: int = 0
    """Rises with every change; what is made of the file says of which one."""
    missing: int = 0
    """How many spans are damaged or lost."""
    tiers: dict[int, dict[str, dict[int, Span]]] = field(default_factory=dict)
    """In a tier's file: where each day begins, to source, to column, to the span."""


class DayFiles:
    """All block files of a folder."""

    def __init__(self, folder: Path, config: StoreConfig, index: LabelIndex) -> None:
        self.damaged = 0
        """Chunks, directories and spans found damaged since start; those met again count again."""
        self.chunks_cached = self.chunks_decoded = 0
        """Since start."""
        self._folder = folder
        self._index = index
        self._days: dict[BlockName, DayFile] = {}
        self._numbered = 0
        self._tombstones: list[Tombstone] = []
        self._reach: dict[tuple[int, int], tuple[int, int]] = {}
        """The least and greatest series of each span whose directory was read: most questions are about few spans."""
        self._open: OrderedDict[BlockName, apsw.Connection] = OrderedDict()
        self._directories: ByteCache[tuple[int, int], SpanDirectory] = ByteCache(config.directory_cache.bytes)
        self._payloads: ByteCache[tuple[int, int], bytes] = ByteCache(config.compressed_cache.bytes)
        self._decoded: ByteCache[tuple[int, int, int], FloatArray] = ByteCache(config.decoded_cache.bytes // 2)

    def refresh(self, warnings: list[str]) -> None:
        """Look at the folder again: new files, new spans, files that retention took, what was deleted."""
        with collector_at_rest():
            self._refresh(warnings)

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
                identity = path.stat().st_ino
                if name in self._days and self._days[name].identity != identity:
                    self._forget(name)
                if name not in self._days:
                    self._numbered += 1
                    self._days[name] = DayFile(name, identity, self._numbered, name.start_ms, name.end_ms)
                self._load(self._days[name], warnings, is_recent=name.period in recent)
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
        wanted = asked.wanted
        reach = self._reach.get((file.number, span.span))
        if reach is not None and not wanted[reach[0] : reach[1] + 1].any():
            return []
        try:
            directory = self._directory(file, span, warnings)
            # series that joined after the matchers were evaluated are not wanted
            known = np.flatnonzero(directory.series < len(wanted))
            rows = known[wanted[directory.series[known]]]
            if not len(rows):
                return []
            times = span.timestamps()
        except (apsw.Error, *sqlite.UNREADABLE) as error:
            self._report(
                f"{file.name.file_name}: a span of {span.source} is damaged and shown as a gap: {error}", warnings
            )
            return []
        # of buckets more goes than those that end within a deletion
        erased = [] if span.column else self.erased(file, span)
        newest = None if erased else asked.newest
        pieces: list[Piece] = []
        for start_ms, end_ms in asked.ranges:
            low = int(np.searchsorted(times, start_ms, side="left"))
            high = int(np.searchsorted(times, end_ms, side="right"))
            if low < high:
                chosen = _Wanted(span, directory, rows, times, slice(low, high))
                pieces.append(self._piece(file, chosen, asked._replace(newest=newest), warnings))
        return [self._without_deleted(piece, erased) for piece in pieces] if erased else pieces

    def count_rows(self, file: DayFile, span: Span, wanted: BoolArray, warnings: list[str]) -> int:
        """Return how many of the wanted series a span has; all of them where its directory cannot be read.

        Raises:
            MovedError: The span was merged since `refresh`.
        """
        try:
            series = self._directory(file, span, warnings).series
        except (apsw.Error, *sqlite.UNREADABLE):
            return int(np.count_nonzero(wanted))
        return int(np.count_nonzero(wanted[series[series < len(wanted)]]))

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
        while self._open:
            self._open.popitem()[1].close(True)

    def _piece(self, file: DayFile, chunks: _Wanted, asked: Asked, warnings: list[str]) -> Piece:
        directory, rows = chunks.directory, chunks.rows
        entries = directory.entries[rows]
        flags = Flag(int(np.bitwise_or.reduce(entries["flags"])))
        columns: slice | IntArray = chunks.part
        # what may be absent or stale has to be looked at sample by sample
        if asked.newest is not None and not flags & _MASKED:
            columns = _newest_columns(chunks.times, chunks.part, asked.newest)
            if not asked.newest.with_values:
                return _any_values(directory.series[rows], chunks.times[columns])
        times = chunks.times[columns].copy()
        values = np.empty((len(rows), len(times)))
        constant = (entries["kind"] == Kind.CONSTANT) & (entries["flags"] & int(_MASKED) == 0)
        values.view(np.uint64)[constant] = entries["first"].view(np.uint64)[constant, np.newaxis]
        lost = 0
        for number, place in enumerate(np.flatnonzero(~constant).tolist()):
            if number % _CHECK_EVERY == 0:
                asked.check()
            decoded = self._chunk(file, chunks.span, directory, int(rows[place]))
            if decoded is None:
                lost += 1
                values[place] = absent_array(1)
            else:
                values[place] = decoded[columns]
        if lost:
            flags |= Flag.ABSENT
            self.damaged += lost - 1
            self._report(f"{file.name.file_name}: {lost} damaged chunks are shown as gaps", warnings)
        return Piece(directory.series[rows], times, values, bool(flags & Flag.ABSENT), bool(flags & Flag.STALE))

    def _chunk(self, file: DayFile, span: Span, directory: SpanDirectory, row: int) -> FloatArray | None:
        """Return a decoded chunk, None where it is damaged."""
        entry, block = directory.entries[row], int(directory.block_of[row])
        if int(entry["kind"]) == Kind.SAME:
            return self._repeated(file, span, entry)
        key = (file.number, block, int(entry["series"]))
        found = self._decoded.get(key)
        if found is not None:
            self.chunks_cached += 1
            return found
        self.chunks_decoded += 1
        try:
            payload = self._payloads.get((file.number, block))
            if payload is None:
                payload = blocks.read_payload(self._connection(file), block)
                if payload is None:
                    self._require_unmoved(file)
                    return None
                self._payloads.put((file.number, block), payload, len(payload))
            decoded = np.empty(span.samples)
            decode_chunk(entry, payload, decoded)
        except (apsw.Error, *sqlite.UNREADABLE):
            return None
        self._decoded.put(key, decoded, decoded.nbytes)
        return decoded

    def _repeated(self, file: DayFile, span: Span, entry: np.void) -> FloatArray | None:
        """Return the chunk of another column, which this one repeats."""
        other = file.tiers.get(span.day_ms, {}).get(span.source, {}).get(int(entry["decimals"]))
        if other is None or _RANK.get(other.column, 2) >= _RANK.get(span.column, 2):
            return None
        directory = self._directory(file, other, [])
        rows = np.flatnonzero(directory.entries["series"] == entry["series"])
        return self._chunk(file, other, directory, int(rows[0])) if len(rows) else None

    def _directory(self, file: DayFile, span: Span, warnings: list[str]) -> SpanDirectory:
        found = self._directories.get((file.number, span.span))
        if found is not None:
            return found
        parts: list[Entries] = []
        numbers: list[IntArray] = []
        for block, entries in blocks.read_directories(self._connection(file), span.span):
            if entries is not None:
                parts.append(entries)
                numbers.append(np.full(len(entries), block, np.int64))
        if len(parts) < span.blocks:
            if not blocks.has_span(self._connection(file), span.span):
                self._require_unmoved(file)
            lost = span.blocks - len(parts)
            self._report(f"{file.name.file_name}: {lost} damaged blocks of {span.source} are shown as gaps", warnings)
        entries = np.concatenate(parts) if parts else np.zeros(0, ENTRY)
        block_of = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
        known = entries["series"] < len(file.series)
        entries, block_of = entries[known], block_of[known]
        series = file.series[entries["series"]]
        named = series >= 0
        directory = SpanDirectory(entries[named], block_of[named], series[named])
        if len(parts) == span.blocks and len(directory.series):
            self._reach[file.number, span.span] = int(directory.series.min()), int(directory.series.max())
        self._directories.put((file.number, span.span), directory, entries.nbytes + 16 * len(entries))
        return directory

    def _require_unmoved(self, file: DayFile) -> None:
        """Return where a file is as it was at `refresh`: what is missing in it is damage.

        Raises:
            MovedError: It was written since then.
        """
        if blocks.sequence(self._connection(file)) != file.sequence:
            file.signature, file.version = (), -1
            raise MovedError

    def _load(self, file: DayFile, warnings: list[str], *, is_recent: bool) -> None:
        """Read a file's spans and series where they may have changed."""
        signature = filenames.signature(self._folder / file.name.file_name)
        # the clock of a file's times is coarse, so it is trusted only where hardly anything changes
        if signature == file.signature and not is_recent:
            return
        file.signature = signature
        connection = self._connection(file)
        version = int(connection.pragma("data_version"))
        if version == file.version:
            return
        if sqlite.check_format(connection, self._folder / file.name.file_name, blocks.FORMAT) == 0:
            return
        with connection:
            spans, missing = blocks.read_spans(connection)
            series_count = blocks.read_tally(connection)[1]
            runs = list(blocks.read_series(connection))
            sequence = blocks.sequence(connection)
        if missing:
            self._report(f"{file.name.file_name}: {missing} damaged spans are shown as gaps", warnings)
        if (unnamed := series_count - sum(len(infos) for _, infos in runs)) > 0:
            self._report(
                f"{file.name.file_name}: the labels of {unnamed} series are damaged; they are shown as gaps", warnings
            )
        count = max((first + len(infos) for first, infos in runs), default=0)
        if count != len(file.series):
            file.series = np.full(count, -1, np.int64)
            for first, infos in runs:
                file.series[first : first + len(infos)] = self._index.add_all(info.labels for info in infos)
                file.families.update((info.family.name, info.family) for info in infos)
        file.spans = sorted(spans, key=lambda span: span.span)
        file.version, file.sequence, file.missing = version, sequence, missing
        file.tiers = _by_day(spans)

    def _connection(self, file: DayFile) -> apsw.Connection:
        connection = self._open.get(file.name)
        if connection is None:
            connection = sqlite.open_reading(self._folder / file.name.file_name)
            self._open[file.name] = connection
            # what another connection saw says nothing about this one
            file.version = -1
            if len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)[1].close(True)
        self._open.move_to_end(file.name)
        return connection

    def _forget(self, name: BlockName) -> None:
        forgotten = self._days.pop(name)
        self._reach = {key: reach for key, reach in self._reach.items() if key[0] != forgotten.number}
        connection = self._open.pop(name, None)
        if connection is not None:
            connection.close(True)

    def _report(self, text: str, warnings: list[str]) -> None:
        self.damaged += 1
        warnings.append(text)


def _by_day(spans: Sequence[Span]) -> dict[int, dict[str, dict[int, Span]]]:
    found: dict[int, dict[str, dict[int, Span]]] = {}
    for span in spans:
        if span.column:
            found.setdefault(span.day_ms, {}).setdefault(span.source, {})[span.column] = span
    return found


def _overlaps(span: Span, start_ms: int, end_ms: int) -> bool:
    return span.first_ms <= end_ms and span.last_ms >= start_ms


def _newest_columns(times: IntArray, part: slice, newest: NewestAt) -> IntArray:
    """Return which of a part's timestamps are the newest at or before some instant."""
    inside = times[part]
    # the first instant at or after each end of the part: those before see none of it, those after see its last
    last = newest.steps - 1
    step_ms = max(newest.step_ms, 1)
    low = min(max(-((newest.start_ms - int(inside[0])) // step_ms), 0), last)
    high = min(max(-((newest.start_ms - int(inside[-1])) // step_ms), 0), last)
    instants = newest.start_ms + newest.step_ms * np.arange(low, high + 1)
    places = np.searchsorted(inside, instants, side="right") - 1
    kept: IntArray = np.unique(places[places >= 0]) + part.start
    return kept


def _any_values(series: SeriesIds, times: IntArray) -> Piece:
    """Return a piece of which only the timestamps have a meaning."""
    return Piece(series, times, np.broadcast_to(0.0, (len(series), len(times))), has_absent=False, has_stale=False)
