"""The parts of an answer in buckets, from tiers and from samples, put together. Pure; the reader brings the parts."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from barograph.model.labels import Labels
from barograph.model.tiers import BucketGroup, BucketSet, Column
from barograph.model.units import Duration
from barograph.tsdb.assemble import SHARED, Piece, join_sources
from barograph.tsdb.bucketgrid import BucketGrid
from barograph.tsdb.buckets import Buckets, columns_for, increase_of, make_buckets, widen
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.tierreads import TierPiece, time_text

_VALUES_AT_ONCE = 4_000_000
"""Samples in memory at once, were there one a second: 32 MB."""


class BucketJoining:
    """Takes parts in order of time and makes one answer of them."""

    def __init__(self, width_ms: int, columns: Sequence[Column]) -> None:
        self.warnings: list[str] = []
        self.columns = columns_for(columns)
        """What is needed of each part."""
        self._asked = tuple(columns)
        self._width_ms = width_ms
        self._parts: dict[str, list[TierPiece]] = {}
        self._read = 0
        self._coarse_until_ms = self._coarse_ms = 0

    def slice_ms(self, series: int) -> int:
        """Return how much time of so many series is read at once: whole buckets."""
        seconds = _VALUES_AT_ONCE // max(1, series)
        return min(DAY_MS, max(1, seconds * 1000 // self._width_ms) * self._width_ms)

    def add_tier(self, part: TierPiece, width_ms: int, asked: range) -> None:
        """Take a day's buckets of a tier, of which those that end in `start < end <= stop` count."""
        ends = part.buckets.ends_ms
        self._read += sum(values.size for values in part.buckets.columns.values())
        low, high = (int(np.searchsorted(ends, edge, side="right")) for edge in (asked.start, asked.stop))
        # a finer tier's buckets belong to the wider one that ends with or after them
        if width_ms < self._width_ms:
            wide = -(-ends // self._width_ms) * self._width_ms
            low, high = (int(np.searchsorted(wide, edge, side="right")) for edge in (asked.start, asked.stop))
        if low == high:
            return
        buckets = Buckets(ends[low:high], {column: v[:, low:high] for column, v in part.buckets.columns.items()})
        if width_ms > self._width_ms:
            self._coarse_until_ms = max(self._coarse_until_ms, int(ends[high - 1]))
            self._coarse_ms = max(self._coarse_ms, width_ms)
        self._add(part.source, part.series, widen(buckets, self._width_ms))

    def add_samples(self, pieces: Mapping[str, Sequence[Piece]], warnings: Iterable[str]) -> None:
        """Take samples, by source."""
        self.warnings += warnings
        for source, piece in join_sources(pieces).items():
            self._read += piece.values.size
            made = make_buckets(piece.timestamps_ms, piece.values, self._width_ms, self.columns)
            self._add(source, piece.series, made)

    def finish(self, labels: Sequence[Labels], warnings: Iterable[str]) -> BucketSet:
        """Return the answer."""
        self._take_shared_apart()
        groups = [self._group(parts, labels) for parts in self._parts.values()]
        if self._coarse_until_ms:
            self.warnings.append(
                f"up to {time_text(self._coarse_until_ms)} only buckets of {Duration(self._coarse_ms)} are kept, "
                f"coarser than the {Duration(self._width_ms)} asked for"
            )
        return BucketSet(
            groups=tuple(group for group in groups if group is not None),
            width_ms=self._width_ms,
            coarse_until_ms=self._coarse_until_ms,
            samples_read=self._read,
            warnings=(*warnings, *dict.fromkeys(self.warnings)),
        )

    def _add(self, source: str, series: "np.ndarray[tuple[int], np.dtype[np.int64]]", buckets: Buckets) -> None:
        self._parts.setdefault(source, []).append(TierPiece(source, series, buckets))

    def _take_shared_apart(self) -> None:
        """Put series that have several sources, perhaps on different days, together under none of them."""
        if len(self._parts) < 2:
            return
        sets = [np.unique(np.concatenate([part.series for part in parts])) for parts in self._parts.values()]
        every, counts = np.unique(np.concatenate(sets), return_counts=True)
        shared = every[counts > 1]
        if not len(shared):
            return
        kept: dict[str, list[TierPiece]] = {}
        taken: list[TierPiece] = []
        for source, parts in self._parts.items():
            for part in parts:
                mine = np.isin(part.series, shared)
                for rows, to in ((~mine, kept.setdefault(source, [])), (mine, taken)):
                    if rows.any():
                        columns = {column: values[rows] for column, values in part.buckets.columns.items()}
                        to.append(TierPiece(source, part.series[rows], Buckets(part.buckets.ends_ms, columns)))
        taken.sort(key=lambda part: int(part.buckets.ends_ms[0]))
        self._parts = {source: parts for source, parts in kept.items() if parts} | {SHARED: taken}

    def _group(self, parts: Sequence[TierPiece], labels: Sequence[Labels]) -> BucketGroup | None:
        series = np.unique(np.concatenate([part.series for part in parts]))
        ends = np.unique(np.concatenate([part.buckets.ends_ms for part in parts]))
        grid = BucketGrid(len(series), ends, self.columns)
        for part in parts:
            grid.put(np.searchsorted(series, part.series), part.buckets)
        some = grid.filled()
        if not some.any():
            return None
        columns = dict(grid.columns)
        if not some.all():
            columns = {column: values[some] for column, values in columns.items()}
        if Column.INCREASE in self._asked:
            columns[Column.INCREASE] = increase_of(columns)
        return BucketGroup(
            labels=tuple(labels[number] for number in series[some].tolist()),
            ends_ms=ends,
            columns={column: columns[column] for column in self._asked},
        )
