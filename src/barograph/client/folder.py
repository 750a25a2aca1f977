"""A data folder as a source of answers: the store opened read-only, evaluated in this process.

A server may be writing the folder: what it has committed is taken in before each answer. Nothing is ever written.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from barograph.analysis.who import Question, WhoTable, table_of
from barograph.client.answer import Answer
from barograph.client.frames import Series
from barograph.client.selecting import matchers_of
from barograph.model.clock import SystemClock
from barograph.model.errors import StoreError
from barograph.model.labels import EMPTY
from barograph.model.sample import is_absent, is_stale
from barograph.model.series import SeriesGroup
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import QueryResult, RawMatrix, StepScalar, StepVector, StringValue
from barograph.tsdb import filenames
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.process_reader import ProcessLogReader
from barograph.tsdb.reader import StoreReader

_Seen = tuple[tuple[int, int], ...]


class FolderSource:
    """Reads one data folder."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            FolderError, VersionError: The folder holds no store, or one that cannot be read.
        """
        self._folder = folder
        self._clock = SystemClock()
        self._seen = self._look()
        self._reader = StoreReader.open_offline(folder, StoreConfig())
        self._processes = ProcessLogReader(folder)
        self._engine = Engine(self._reader, QueryConfig(), self._clock)

    def query(self, expression: str, at_s: float | None, *, explain: bool = False) -> Answer:
        """See `Client`."""
        self._catch_up()
        at_ms = self._clock.now_ms() if at_s is None else _ms(at_s)
        return _answer(self._engine.instant(expression, at_ms, explain=explain))

    def query_range(
        self, expression: str, start_s: float, end_s: float, step_s: float, *, explain: bool = False
    ) -> Answer:
        """See `Client`."""
        self._catch_up()
        return _answer(self._engine.range(expression, _ms(start_s), _ms(end_s), _ms(step_s), explain=explain))

    def select(self, selector: str, start_s: float, end_s: float) -> Answer:
        """See `Client`."""
        self._catch_up()
        found = self._reader.select(matchers_of(selector), _ms(start_s), _ms(end_s))
        series = [one for group in found.groups for one in _samples(group)]
        series.sort(key=lambda one: one.labels)
        return Answer("matrix", tuple(series), warnings=found.warnings)

    def who(self, at_s: float | None, against_s: float | None, question: Question) -> WhoTable:
        """See `Client`."""
        at_ms = self._clock.now_ms() if at_s is None else _ms(at_s)
        sample = self._processes.at(at_ms)
        against = None if against_s is None else self._processes.at(_ms(against_s))
        for found, wanted, asked_ms in ((sample, True, at_ms), (against, against_s is not None, _ms(against_s or 0))):
            if wanted and found is None:
                at = datetime.fromtimestamp(asked_ms / 1000, UTC)
                raise StoreError(f"the flight recorder in {self._folder} has nothing of {at:%Y-%m-%d %H:%M:%S} UTC")
        assert sample is not None
        return table_of(sample, at_ms, question, against)

    def close(self) -> None:
        """See `Client`."""
        self._reader.close()

    def _catch_up(self) -> None:
        """Take in what was committed since the last answer."""
        seen = self._look()
        if seen != self._seen:
            # noted before it is read: what is committed between the two is read again, not missed
            self._seen = seen
            self._reader.read_ring(self._folder)

    def _look(self) -> _Seen:
        """Return what changes with every commit: when the ring's two files were written, and their sizes."""
        found = []
        for name in (filenames.LIVE, f"{filenames.LIVE}-wal"):
            try:
                status = (self._folder / name).stat()
            except OSError:
                # whatever is wrong with the folder is said by those who open it
                found.append((0, 0))
            else:
                found.append((status.st_mtime_ns, status.st_size))
        return tuple(found)


def _ms(time_s: float) -> int:
    return round(time_s * 1000)


def _samples(group: SeriesGroup) -> Iterator[Series]:
    """Yield the series of a group that have samples."""
    for labels, values in zip(group.labels, group.values, strict=True):
        kept = ~(is_absent(values) | is_stale(values))
        if kept.all():
            yield Series(labels, group.timestamps_ms, values)
        elif kept.any():
            yield Series(labels, group.timestamps_ms[kept], values[kept])


def _answer(result: QueryResult) -> Answer:
    return replace(_plain_answer(result), explained=result.explained)


def _plain_answer(result: QueryResult) -> Answer:
    value, times = result.value, result.times_ms
    warnings = (*result.warnings, *result.infos)
    if isinstance(value, StringValue):
        return Answer("string", (), value.value, warnings)
    if isinstance(value, StepScalar):
        kind = "scalar" if len(times) == 1 else "matrix"
        return Answer(kind, (Series(EMPTY, times, value.values),), warnings=warnings)
    if isinstance(value, RawMatrix):
        rows = tuple(Series(row.labels, row.timestamps_ms, row.values) for row in value.series)
        return Answer("matrix", rows, warnings=warnings)
    kind = "vector" if len(times) == 1 else "matrix"
    return Answer(kind, tuple(_present(value, i, result) for i in range(len(value.labels))), warnings=warnings)


def _present(value: StepVector, row: int, result: QueryResult) -> Series:
    kept = slice(None) if value.present is None else value.present[row]
    return Series(value.labels[row], result.times_ms[kept], value.values[row][kept])
