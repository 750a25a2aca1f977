"""The bulk load's second half: encoded spans into the day files of a store, in small transactions between ticks.

`load` and `adopt` are works (`tsdb/jobs.py`); `BulkLoader` is for a process that has the folder to itself. What is
loaded never passes the head or its ring, and doing it twice is harmless: readers take one sample a timestamp.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import apsw

from barograph.model.batch import Family, MetricType
from barograph.model.clock import Clock
from barograph.model.columns import SampleColumns
from barograph.model.errors import CorruptError, ReadOnlyError, StoreError
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.blocks import (
    BlockWriter,
    EncodedBlock,
    EncodedSpan,
    Span,
    read_directories,
    read_payload,
    read_series,
    read_spans,
)
from barograph.tsdb.bulk import LoadedSpan, encode_matrix, encode_samples, ordered_matrix
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.classes import by_class
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.jobs import StoreParts, Work
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.space import LOW_SHARE
from barograph.tsdb.store import Store

_TRANSACTION_BYTES = 1 << 20
"""About what one commit between two ticks writes; it takes as long as the disk does."""
_OFFLINE_BYTES = 32 << 20
_RUNS_KEPT = 16


@dataclass(slots=True, kw_only=True)
class LoadResult:
    """What a load did.

    Attributes:
        samples: Sample places written.
        spans: Spans written.
        written_bytes: Bytes of blocks written.
    """

    samples: int = 0
    spans: int = 0
    written_bytes: int = 0


def load(spans: Iterable[LoadedSpan], transaction_bytes: int = _TRANSACTION_BYTES) -> Work[LoadResult]:
    """Return the work that writes spans to their files, each transaction durable before the next begins.

    Raises (the work):
        StoreError: A file could not be written; what was written before stays.
    """

    def work(parts: StoreParts) -> Generator[None, None, LoadResult]:
        result = LoadResult()
        opened: set[BlockName] = set()
        before = set(parts.files.open_blocks)
        if parts.stats.low_space:
            raise ReadOnlyError(
                f"{parts.files.folder} has {parts.stats.free_bytes:,} bytes free, less than {LOW_SHARE:.0%} of its "
                "disk: nothing is loaded in bulk until there is more"
            )
        try:
            for day, some in _transactions(spans, transaction_bytes):
                for retention_class, encoded in by_class([each.span for each in some], parts.files.classes).items():
                    name = day._replace(retention_class=retention_class)
                    opened.add(name)
                    result.written_bytes += _commit(parts, name, encoded)
                    yield
                    _checkpoint(parts, name)
                    yield
                result.samples += sum(each.samples for each in some)
                result.spans += len(some)
        finally:
            for name in opened - before:
                parts.files.close_block(name)
            if result.spans:
                parts.head.raise_fold_generation(0)
        return result

    return work


def adopt(folder: Path) -> Work[LoadResult]:
    """Return the work that takes over the spans of stand-alone block files, written by `write_apart`.

    They are in `folder`, or in folders of it: then in the order of their names, since of two samples of one instant the
    later counts. Chunks are copied as they are. The files stay: the asker removes the folder.
    """
    folders = [folder, *sorted(part for part in folder.iterdir() if part.is_dir())]
    return load(span for each in folders for span in _stored_spans(each))


def write_apart(folder: Path, spans: Iterable[LoadedSpan]) -> LoadResult:
    """Write spans to block files of their own, in a folder that no store knows yet, for `adopt`.

    Raises:
        StoreError: They could not be written.
    """
    result = LoadResult()
    writers: dict[BlockName, BlockWriter] = {}
    try:
        for name, some in _transactions(spans, _OFFLINE_BYTES):
            if name not in writers:
                writers[name] = BlockWriter(folder / name.file_name)
                # nobody relies on these files: a crash drops them, and the request is not acknowledged yet
                writers[name].connection.pragma("synchronous", "OFF")
            result.written_bytes += writers[name].write([each.span for each in some])
            result.samples += sum(each.samples for each in some)
            result.spans += len(some)
    except apsw.Error as error:
        raise StoreError(f"{folder} takes no writes ({type(error).__name__}: {error})") from error
    finally:
        for writer in writers.values():
            writer.close()
    return result


class BulkLoader:
    """A store opened for bulk loads only, by a process that has the folder to itself. A context manager.

    Each `write_*` is durable when it returns.
    """

    def __init__(self, store: Store, config: StoreConfig) -> None:
        self._store = store
        self._span_samples = config.merge_samples

    @classmethod
    def open(cls, folder: Path, config: StoreConfig, clock: Clock) -> Self:
        """Open a data folder, or make it.

        Raises:
            FolderError: The folder is held by another process, cannot be written or is on a network file system.
            VersionError: SQLite is too old, or a file in the folder is too new.
        """
        return cls(Store.open(folder, config, clock, MemorySegments()), config)

    def write_columns(
        self,
        labels: Sequence[Labels],
        timestamps_ms: IntArray,
        values: FloatArray,
        families: Sequence[Family] | None = None,
    ) -> LoadResult:
        """Store series that share timestamps.

        Args:
            labels: The series, no duplicates.
            timestamps_ms: int64 `[samples]`; of equal ones the last counts.
            values: float64 `[series, samples]`; `sample.ABSENT` where a series has no sample.
            families: The family of each series; untyped where not given.

        Raises:
            ValueError: The shapes do not fit.
            StoreError: They could not be written.
        """
        if values.shape != (len(labels), len(timestamps_ms)):
            raise ValueError(f"values are {values.shape}: {(len(labels), len(timestamps_ms))} is expected")
        known = families or [Family(each.name, MetricType.UNTYPED, "") for each in labels]
        infos = [SeriesInfo(each, family) for each, family in zip(labels, known, strict=True)]
        times, ordered = ordered_matrix(timestamps_ms, values)
        return self._load(encode_matrix(infos, times, ordered, self._span_samples))

    def write_samples(self, columns: SampleColumns) -> LoadResult:
        """Store samples of any series in any order.

        Raises:
            StoreError: They could not be written.
        """
        return self._load(encode_samples(columns, self._span_samples))

    def close(self) -> None:
        """Close the store, cleanly."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self, spans: Iterable[LoadedSpan]) -> LoadResult:
        return self._store.perform(load(spans, _OFFLINE_BYTES))


def _transactions(spans: Iterable[LoadedSpan], most_bytes: int) -> Iterator[tuple[BlockName, list[LoadedSpan]]]:
    """Yield runs of spans of one file, of about `most_bytes` each."""
    some: list[LoadedSpan] = []
    size_bytes = 0
    for span in spans:
        if some and (span.name != some[0].name or size_bytes + span.size_bytes > most_bytes):
            yield some[0].name, some
            some, size_bytes = [], 0
        some.append(span)
        size_bytes += span.size_bytes
    if some:
        yield some[0].name, some


def _commit(parts: StoreParts, name: BlockName, spans: Sequence[EncodedSpan]) -> int:
    try:
        try:
            return parts.files.block(name).write(spans)
        except sqlite.DAMAGE_ERRORS as error:
            parts.files.set_aside_block(name, error)
            return parts.files.block(name).write(spans)
    except apsw.Error as error:
        # a handle that failed is not used again
        parts.files.close_block(name)
        raise parts.files.explain(error) from error


def _checkpoint(parts: StoreParts, name: BlockName) -> None:
    try:
        parts.files.block(name).checkpoint()
    except apsw.Error as error:
        parts.files.close_block(name)
        raise parts.files.explain(error) from error


class _Catalogue:
    """The series of a file, of which a few runs are in memory: a span asks for those that were written with it."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._firsts = [int(first) for (first,) in connection.execute("SELECT first FROM series ORDER BY first")]
        self._runs: OrderedDict[int, list[SeriesInfo]] = OrderedDict()

    def info(self, number: int) -> SeriesInfo:
        """Return a series.

        Raises:
            CorruptError: It is damaged, or not there.
        """
        place = bisect_right(self._firsts, number) - 1
        first = self._firsts[place] if place >= 0 else 0
        run = self._runs.get(first)
        if run is None:
            run = self._runs[first] = self._read(first)
            if len(self._runs) > _RUNS_KEPT:
                self._runs.popitem(last=False)
        self._runs.move_to_end(first)
        if number - first >= len(run):
            raise CorruptError(f"{self._connection.filename}: a series is damaged: send the samples again")
        return run[number - first]

    def _read(self, first: int) -> list[SeriesInfo]:
        found, run = next(read_series(self._connection, first), (first, []))
        return run if found == first else []


def _stored_spans(folder: Path) -> Iterator[LoadedSpan]:
    """Yield the spans of every block file of a folder, as they were encoded."""
    for name in filenames.block_names(folder):
        path = folder / name.file_name
        connection = sqlite.open_reading(path)
        try:
            catalogue = _Catalogue(connection)
            spans, missing = read_spans(connection)
            if missing:
                raise CorruptError(f"{path} has lost {missing} spans: send the samples again")
            for span in sorted(spans, key=lambda each: each.span):
                yield LoadedSpan(name, _read_span(connection, span, catalogue))
        finally:
            connection.close(True)


def _read_span(connection: apsw.Connection, span: Span, catalogue: _Catalogue) -> EncodedSpan:
    blocks: list[EncodedBlock] = []
    for block, entries in read_directories(connection, span.span):
        payload = read_payload(connection, block)
        if entries is None or payload is None:
            raise CorruptError(f"{connection.filename}: block {block} is damaged: send the samples again")
        numbers = entries["series"].tolist()
        entries["series"] = range(len(numbers))
        blocks.append(EncodedBlock([catalogue.info(number) for number in numbers], entries, payload))
    return EncodedSpan(span.source, span.last_tick, span.timestamps(), blocks, span.origin)
