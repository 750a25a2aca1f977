"""Pieces of series, from blocks and head, put together as the groups that a selection answers. Pure.

Later pieces win where two have a sample of one series at one timestamp, so that doing a fold twice, or a clock that
stepped back over a restart, never doubles a sample.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray, IntArray, absent_array, is_absent
from barograph.model.series import ReadCounts, SeriesGroup
from barograph.tsdb.index import SeriesIds

IMPORTED = "import/"
"""What the source of everything begins with that was loaded in bulk."""
_KEPT_BYTES = 8 << 20
"""What the rows of labels that are kept take together."""
_LARGEST_SHARE = 8
"""A row larger than this part of it is not kept."""
_ROW_BYTES = 400
_PLACE_BYTES = 16
"""What a row costs, and each series in it: its number in the key, and a place in the tuple."""
SHARED = ""
"""Stands for the source of series that came with several."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some series of one source over one run of timestamps.

    Attributes:
        series: Their numbers in the reader's index, no duplicates.
        timestamps_ms: int64 `[samples]`, increasing, at least one.
        values: float64 `[series, samples]`, the samples of a series side by side; may be a part of what is kept.
        has_absent: False promises that no value is absent.
        has_stale: False promises that no value is a stale marker.
        never_falls: True promises that no value is less than the one before it, and that none is absent or stale.
        step_ms: The constant distance of timestamps, 0 where it is not constant, -1 where nobody has looked.
    """

    series: SeriesIds
    timestamps_ms: IntArray
    values: FloatArray
    has_absent: bool
    has_stale: bool
    never_falls: bool = False
    step_ms: int = -1


@dataclass(slots=True, eq=False)
class Found:
    """What was read of a range, by source.

    Attributes:
        pieces: Of each source, in order of writing.
        warnings: What is missing, and why.
        thinned_until_ms: Up to where newest samples of buckets stand for samples that are gone; 0: nowhere.
        thinned_ms: The widest of those buckets.
        counts: What that cost.
    """

    pieces: dict[str, list[Piece]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    thinned_until_ms: int = 0
    thinned_ms: int = 0
    counts: ReadCounts = field(default_factory=ReadCounts)


class LabelRows:
    """The labels of rows, as the same tuple for the same rows, so that what others derive from it can be kept.

    Args:
        labels: The labels of every series number; it may grow.
    """

    def __init__(self, labels: Sequence[Labels]) -> None:
        self._labels = labels
        self._known: dict[bytes, tuple[Labels, ...]] = {}
        self._known_bytes = 0

    def of(self, series: SeriesIds) -> tuple[Labels, ...]:
        """Return the labels of series by their numbers."""
        key = series.tobytes()
        found = self._known.get(key)
        if found is None:
            found = tuple(self._labels[number] for number in series.tolist())
            size_bytes = _ROW_BYTES + _PLACE_BYTES * len(found)
            if size_bytes > _KEPT_BYTES // _LARGEST_SHARE:
                return found
            if self._known_bytes + size_bytes > _KEPT_BYTES:
                self._known.clear()
                self._known_bytes = 0
            self._known[key] = found
            self._known_bytes += size_bytes
        return found


def assemble(sources: Mapping[str, Sequence[Piece]], rows: LabelRows) -> tuple[SeriesGroup, ...]:
    """Make one group of each source; series that came with more than one source get a group of their own.

    Args:
        sources: For each source its pieces; of two that overlap the later wins.
        rows: The labels of series.
    """
    return tuple(_group(piece, rows) for piece in join_sources(sources).values())


def precedence(source: str) -> tuple[bool, str]:
    """Return what sources are sorted by: of two samples of one series at one timestamp the last source's counts.

    What someone has loaded is meant to correct what was collected.
    """
    return source.startswith(IMPORTED), source


def join_sources(sources: Mapping[str, Sequence[Piece]]) -> dict[str, Piece]:
    """Make one piece of each source, and one of the series that came with several."""
    joined = {source: join(sources[source]) for source in sorted(sources, key=precedence) if sources[source]}
    found = {source: piece for source, piece in joined.items() if piece is not None}
    return _separate_shared(found) if len(found) > 1 else found


def join(pieces: Sequence[Piece]) -> Piece | None:
    """Put the pieces of one source side by side, series in order; None where no series has a sample.

    Of two that overlap the later one wins.
    """
    if len(pieces) == 1:
        return _without_empty(pieces[0])
    ordered = sorted(pieces, key=lambda piece: int(piece.timestamps_ms[0]))
    times = np.concatenate([piece.timestamps_ms for piece in ordered])
    if not bool((times[1:] > times[:-1]).all()):
        return _without_empty(_interleaved(pieces, np.unique(times)))
    series = _union(ordered)
    # absent places are written only where a series has no piece: the rest is overwritten
    complete = all(len(piece.series) == len(series) for piece in ordered)
    values = np.empty((len(series), len(times))) if complete else absent_array(len(series), len(times))
    offset = 0
    for piece in ordered:
        values[_rows_of(piece, series), offset : offset + len(piece.timestamps_ms)] = piece.values
        offset += len(piece.timestamps_ms)
    has_absent = not complete or any(piece.has_absent for piece in ordered)
    rises = complete and all(piece.never_falls for piece in ordered) and _rises_between(ordered, values)
    whole = Piece(series, times, values, has_absent, any(piece.has_stale for piece in ordered), rises)
    return _without_empty(whole)


def _interleaved(pieces: Sequence[Piece], times: IntArray) -> Piece:
    """Put pieces together whose times overlap; of two samples of one series at one instant the later piece's wins."""
    series = _union(pieces)
    values = absent_array(len(series), len(times))
    reached_ms = np.full(len(series), np.iinfo(np.int64).min)
    untouched = values.size
    for piece in pieces:
        rows, columns = _rows_of(piece, series), np.searchsorted(times, piece.timestamps_ms)
        is_fresh = bool((reached_ms[rows] < piece.timestamps_ms[0]).all())
        if is_fresh and columns[-1] - columns[0] + 1 == len(columns):
            values[rows, columns[0] : columns[-1] + 1] = piece.values
            untouched -= piece.values.size
        else:
            _overlay(values, rows, columns, piece)
        reached_ms[rows] = np.maximum(reached_ms[rows], piece.timestamps_ms[-1])
    has_absent = untouched > 0 or any(piece.has_absent for piece in pieces)
    return Piece(series, times, values, has_absent, any(piece.has_stale for piece in pieces))


def _rows_of(piece: Piece, series: SeriesIds) -> NDArray[np.intp] | slice:
    """Return which rows of a matrix of `series` a piece's are."""
    if len(piece.series) == len(series) and np.array_equal(piece.series, series):
        return slice(None)
    return np.searchsorted(series, piece.series)


def _rises_between(pieces: Sequence[Piece], values: FloatArray) -> bool:
    """Tell whether no value falls from one of the joined pieces to the next."""
    firsts = np.cumsum([len(piece.timestamps_ms) for piece in pieces[:-1]])
    return not bool((values[:, firsts] < values[:, firsts - 1]).any())


def _union(pieces: Sequence[Piece]) -> SeriesIds:
    first = pieces[0].series
    if all(np.array_equal(piece.series, first) for piece in pieces[1:]) and bool((first[1:] > first[:-1]).all()):
        return first
    return np.unique(np.concatenate([piece.series for piece in pieces]))


def _overlay(values: FloatArray, rows: NDArray[np.intp] | slice, columns: NDArray[np.intp], piece: Piece) -> None:
    """Write a piece over what is there, but not its absent places."""
    places = values[rows][:, columns]
    present = ~is_absent(piece.values)
    places[present] = piece.values[present]
    row_numbers = np.arange(len(values))[rows]
    values[np.ix_(row_numbers, columns)] = places


def _without_empty(piece: Piece) -> Piece | None:
    """Leave out series without any sample."""
    if not piece.has_absent:
        return piece
    absent = is_absent(piece.values)
    some = ~absent.all(axis=1)
    if not some.any():
        return None
    if some.all():
        return Piece(piece.series, piece.timestamps_ms, piece.values, bool(absent.any()), piece.has_stale)
    has_absent = bool(absent[some].any())
    return Piece(piece.series[some], piece.timestamps_ms, piece.values[some], has_absent, piece.has_stale)


def _separate_shared(joined: dict[str, Piece]) -> dict[str, Piece]:
    """Take series that several sources have out of those and join them over all timestamps."""
    every, counts = np.unique(np.concatenate([piece.series for piece in joined.values()]), return_counts=True)
    shared = every[counts > 1]
    if not len(shared):
        return joined
    kept: dict[str, Piece] = {}
    taken: list[Piece] = []
    for source, piece in joined.items():
        mine = np.isin(piece.series, shared)
        if mine.any():
            taken.append(_some_rows(piece, mine))
        if not mine.all():
            kept[source] = _some_rows(piece, ~mine)
    rest = join(taken)
    return kept if rest is None else kept | {SHARED: rest}


def _some_rows(piece: Piece, rows: BoolArray) -> Piece:
    values = np.ascontiguousarray(piece.values[rows])
    return Piece(piece.series[rows], piece.timestamps_ms, values, piece.has_absent, piece.has_stale)


def _group(piece: Piece, rows: LabelRows) -> SeriesGroup:
    return SeriesGroup(
        labels=rows.of(piece.series),
        timestamps_ms=piece.timestamps_ms,
        values=piece.values,
        has_absent=piece.has_absent,
        has_stale=piece.has_stale,
        step_ms=constant_step(piece.timestamps_ms) if piece.step_ms < 0 else piece.step_ms,
        never_falls=piece.never_falls,
    )


def constant_step(timestamps_ms: IntArray) -> int:
    """Return the distance of timestamps where it is constant, else 0."""
    if len(timestamps_ms) < 2:
        return 0
    step = int(timestamps_ms[1] - timestamps_ms[0])
    # the ends are looked at first: they tell most irregular runs apart without a pass
    if int(timestamps_ms[-1] - timestamps_ms[0]) != step * (len(timestamps_ms) - 1):
        return 0
    return step if bool((np.diff(timestamps_ms) == step).all()) else 0
