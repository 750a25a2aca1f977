"""The bulk load's first half: columns of samples become encoded spans, past the head. Pure but for the processor.

Series that share timestamps become one matrix, as everywhere in the store; what comes ragged, from a file, is sorted
and grouped first. Imports, offline and in the keeper's worker, and `tsdb/load.py` call it.
"""

import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from barograph.model.columns import SampleColumns
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, FloatArray, IntArray, absent_array
from barograph.tsdb.assemble import IMPORTED
from barograph.tsdb.blocks import LOADED, SERIES_PER_BLOCK, EncodedBlock, EncodedSpan
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import encode_block
from barograph.tsdb.filenames import DAY_MS, BlockName, day_block

SAMPLES_PER_SPAN = 3600
_BLOCKS_PER_SPAN = 4
_LEAST_FILL = 0.6
"""Series with nearly the same timestamps share a matrix as long as this much of it is samples."""


class LoadedSpan(NamedTuple):
    """A span and the file it belongs to."""

    name: BlockName
    span: EncodedSpan

    @property
    def samples(self) -> int:
        """How many sample places its chunks have."""
        return sum(len(block.entries) for block in self.span.blocks) * len(self.span.timestamps)

    @property
    def size_bytes(self) -> int:
        """About what it takes in the file."""
        return sum(len(block.payload) + 64 * len(block.entries) for block in self.span.blocks) + 256


class _Run(NamedTuple):
    """Samples `low` to `high - 1` of sorted columns: one series within one day."""

    series: int
    low: int
    high: int


class _Cluster(NamedTuple):
    """Runs that have exactly these timestamps."""

    times: IntArray
    runs: list[_Run]

    @property
    def samples(self) -> int:
        return len(self.times) * len(self.runs)


class _Sorted(NamedTuple):
    """Columns by series, then by time, without duplicates."""

    series: IntArray
    timestamps_ms: IntArray
    values: FloatArray


def source_of(labels: Labels) -> str:
    """Return the source that a series is loaded under: always the same for a series, and shared by those of a target.

    Series of one source are read as one matrix, so targets with timestamps of their own must not all share one; and
    there must not be as many sources as targets.
    """
    target = f"{labels.get('job')}\n{labels.get('instance')}".encode()
    return f"{IMPORTED}{zlib.crc32(target) % 64:02d}"


def encode_matrix(
    infos: Sequence[SeriesInfo], timestamps_ms: IntArray, values: FloatArray, span_samples: int = SAMPLES_PER_SPAN
) -> Iterator[LoadedSpan]:
    """Encode series that share timestamps.

    Args:
        infos: The series, no duplicates.
        timestamps_ms: int64 `[samples]`, strictly increasing.
        values: float64 `[series, samples]`; may hold absent places and stale markers.
        span_samples: The most timestamps of a span.
    """
    rows_of: dict[str, list[int]] = {}
    for row, info in enumerate(infos):
        rows_of.setdefault(source_of(info.labels), []).append(row)
    width = SERIES_PER_BLOCK * _BLOCKS_PER_SPAN
    for name, low, high in _cut(timestamps_ms, span_samples):
        for source, rows in rows_of.items():
            for start in range(0, len(rows), width):
                some = rows[start : start + width]
                span = _encode_span(source, [infos[row] for row in some], timestamps_ms[low:high],
                                    values[some, low:high])  # fmt: skip
                if span.blocks:
                    yield LoadedSpan(name, span)


def encode_samples(columns: SampleColumns, span_samples: int = SAMPLES_PER_SPAN) -> Iterator[LoadedSpan]:
    """Encode samples of any series in any order, day by day; of duplicates the last one counts."""
    ordered = _sort(columns)
    for runs in _runs_by_day(ordered):
        by_source: dict[str, list[_Run]] = {}
        for run in runs:
            by_source.setdefault(source_of(columns.labels[run.series]), []).append(run)
        for some in by_source.values():
            for clusters in _join_similar(_cluster(some, ordered.timestamps_ms)):
                infos = [
                    SeriesInfo(columns.labels[run.series], columns.families[run.series])
                    for cluster in clusters
                    for run in cluster.runs
                ]
                times, values = _matrix(clusters, ordered.values)
                yield from encode_matrix(infos, times, values, span_samples)


def ordered_matrix(timestamps_ms: IntArray, values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return columns with strictly increasing timestamps; of columns with the same timestamp the last one counts."""
    if len(timestamps_ms) < 2 or bool((timestamps_ms[1:] > timestamps_ms[:-1]).all()):
        return timestamps_ms, values
    order = np.argsort(timestamps_ms, kind="stable")
    times = timestamps_ms[order]
    order = order[np.append(times[1:] != times[:-1], True)]
    return timestamps_ms[order], values[:, order]


def _encode_span(source: str, infos: Sequence[SeriesInfo], times: IntArray, values: FloatArray) -> EncodedSpan:
    blocks: list[EncodedBlock] = []
    for start in range(0, len(infos), SERIES_PER_BLOCK):
        stop = start + SERIES_PER_BLOCK
        entries, payload = encode_block(np.ascontiguousarray(values[start:stop]))
        if len(entries):
            blocks.append(EncodedBlock(infos[start:stop], entries, payload))
    return EncodedSpan(source, 0, times, blocks, LOADED)


def _cut(times: IntArray, span_samples: int) -> Iterator[tuple[BlockName, int, int]]:
    """Cut timestamps where a UTC day begins, and each day into spans of about the same length."""
    low = 0
    while low < len(times):
        name = day_block(int(times[low]))
        high = int(np.searchsorted(times, name.end_ms, side="left"))
        spans = -(-(high - low) // span_samples)
        edges = np.linspace(low, high, spans + 1).astype(np.int64).tolist()
        for first, end in pairwise(edges):
            yield name, first, end
        low = high


def _sort(columns: SampleColumns) -> _Sorted:
    series, times, values = columns.series, columns.timestamps_ms, columns.values
    absent = values.view(np.uint64) == ABSENT_BITS
    if absent.any():
        series, times, values = series[~absent], times[~absent], values[~absent]
    same, risen = series[1:] == series[:-1], times[1:] > times[:-1]
    if bool(((series[1:] > series[:-1]) | (same & risen)).all()):
        return _Sorted(series, times, values)
    order = np.lexsort((times, series))  # stable: of duplicates the last stays last
    series, times, values = series[order], times[order], values[order]
    kept = np.append((series[1:] != series[:-1]) | (times[1:] != times[:-1]), True)
    return _Sorted(series[kept], times[kept], values[kept])


def _runs_by_day(ordered: _Sorted) -> Iterator[list[_Run]]:
    if not len(ordered.series):
        return
    days = ordered.timestamps_ms // DAY_MS
    edges = np.flatnonzero((np.diff(ordered.series) != 0) | (np.diff(days) != 0)) + 1
    lows = np.concatenate([[0], edges])
    highs = np.append(edges, len(days))
    of_day: dict[int, list[_Run]] = {}
    for day, series, low, high in zip(
        days[lows].tolist(), ordered.series[lows].tolist(), lows.tolist(), highs.tolist(), strict=True
    ):
        of_day.setdefault(day, []).append(_Run(series, low, high))
    for day in sorted(of_day):
        yield of_day[day]


def _cluster(runs: Sequence[_Run], timestamps_ms: IntArray) -> list[_Cluster]:
    """Put runs with exactly the same timestamps together."""
    found: dict[tuple[int, int, int], list[_Cluster]] = {}
    for run in runs:
        times = timestamps_ms[run.low : run.high]
        similar = found.setdefault((len(times), int(times[0]), int(times[-1])), [])
        cluster = next((each for each in similar if np.array_equal(each.times, times)), None)
        if cluster is None:
            similar.append(_Cluster(times, [run]))
        else:
            cluster.runs.append(run)
    return [cluster for similar in found.values() for cluster in similar]


def _join_similar(clusters: list[_Cluster]) -> Iterator[list[_Cluster]]:
    """Yield clusters that are to share a matrix: those whose timestamps are nearly the same, else one alone."""
    rest = sorted(clusters, key=lambda cluster: -len(cluster.times))
    while rest:
        largest = rest[0].times
        alike = [each for each in rest if _is_alike(each.times, largest)]
        rest = [each for each in rest if not _is_alike(each.times, largest)]
        union = np.unique(np.concatenate([each.times for each in alike]))
        places = len(union) * sum(len(each.runs) for each in alike)
        if sum(each.samples for each in alike) >= _LEAST_FILL * places:
            yield alike
        else:
            yield from ([each] for each in alike)


def _is_alike(times: IntArray, largest: IntArray) -> bool:
    """Tell whether timestamps are about as many as the most, and lie within the same time."""
    if len(times) < _LEAST_FILL * len(largest):
        return False
    return bool(times[0] <= largest[-1] and times[-1] >= largest[0])


def _matrix(clusters: Sequence[_Cluster], values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the timestamps of clusters, and float64 `[runs, samples]`."""
    if len(clusters) == 1:
        runs = clusters[0].runs
        if all(before.high == after.low for before, after in pairwise(runs)):
            return clusters[0].times, values[runs[0].low : runs[-1].high].reshape(len(runs), -1)
        return clusters[0].times, np.stack([values[run.low : run.high] for run in runs])
    times = np.unique(np.concatenate([cluster.times for cluster in clusters]))
    matrix = absent_array(sum(len(cluster.runs) for cluster in clusters), len(times))
    row = 0
    for cluster in clusters:
        places = np.searchsorted(times, cluster.times)
        for run in cluster.runs:
            matrix.view(np.uint64)[row, places] = values[run.low : run.high].view(np.uint64)
            row += 1
    return times, matrix
