"""Pieces of series, from blocks and head, put together as the groups that a selection answers. Pure.

Later pieces win where two have a sample of one series at one timestamp, so that doing a fold twice, or a clock that
stepped back over a restart, never doubles a sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray, absent_array, is_absent
from barograph.model.series import SeriesGroup
from barograph.tsdb.index import SeriesIds


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some series of one source over one run of timestamps.

    Attributes:
        series: Their numbers in the reader's index, no duplicates.
        timestamps_ms: int64 `[samples]`, increasing, at least one.
        values: float64 `[series, samples]`, contiguous.
        has_absent: False promises that no value is absent.
        has_stale: False promises that no value is a stale marker.
    """

    series: SeriesIds
    timestamps_ms: IntArray
    values: FloatArray
    has_absent: bool
    has_stale: bool


def assemble(sources: Sequence[Sequence[Piece]], labels: Sequence[Labels]) -> tuple[SeriesGroup, ...]:
    """Make one group of each source; series that came with more than one source get a group of their own.

    Args:
        sources: For each source its pieces; of two that overlap the later wins.
        labels: The labels of every series number.
    """
    joined = [piece for piece in (_join(pieces) for pieces in sources if pieces) if piece is not None]
    if len(joined) > 1:
        joined = _separate_shared(joined)
    return tuple(_group(piece, labels) for piece in joined)


def _join(pieces: Sequence[Piece]) -> Piece | None:
    """Put the pieces of one source side by side; None where no series has a sample."""
    if len(pieces) == 1:
        return _without_empty(pieces[0])
    ordered = sorted(pieces, key=lambda piece: int(piece.timestamps_ms[0]))
    times = np.concatenate([piece.timestamps_ms for piece in ordered])
    in_order = bool((times[1:] > times[:-1]).all())
    if not in_order:
        ordered, times = list(pieces), np.unique(times)
    series = _union(ordered)
    # absent places are written only where a series has no piece: the rest is overwritten
    complete = in_order and all(len(piece.series) == len(series) for piece in ordered)
    values = np.empty((len(series), len(times))) if complete else absent_array(len(series), len(times))
    offset = 0
    for piece in ordered:
        rows: NDArray[np.intp] | slice = slice(None)
        if len(piece.series) < len(series) or not np.array_equal(piece.series, series):
            rows = np.searchsorted(series, piece.series)
        if in_order:
            values[rows, offset : offset + len(piece.timestamps_ms)] = piece.values
            offset += len(piece.timestamps_ms)
        else:
            _overlay(values, rows, np.searchsorted(times, piece.timestamps_ms), piece)
    has_absent = not complete or any(piece.has_absent for piece in ordered)
    whole = Piece(series, times, values, has_absent, any(piece.has_stale for piece in ordered))
    return _without_empty(whole)


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


def _separate_shared(joined: list[Piece]) -> list[Piece]:
    """Take series that several sources have out of those and join them over all timestamps."""
    every, counts = np.unique(np.concatenate([piece.series for piece in joined]), return_counts=True)
    shared = every[counts > 1]
    if not len(shared):
        return joined
    kept: list[Piece] = []
    taken: list[Piece] = []
    for piece in joined:
        mine = np.isin(piece.series, shared)
        for rows, to in ((~mine, kept), (mine, taken)):
            if rows.any():
                values = np.ascontiguousarray(piece.values[rows])
                to.append(Piece(piece.series[rows], piece.timestamps_ms, values, piece.has_absent, piece.has_stale))
    rest = _join(taken)
    return kept if rest is None else [*kept, rest]


def _group(piece: Piece, labels: Sequence[Labels]) -> SeriesGroup:
    return SeriesGroup(
        labels=tuple(labels[number] for number in piece.series.tolist()),
        timestamps_ms=piece.timestamps_ms,
        values=piece.values,
        has_absent=piece.has_absent,
        has_stale=piece.has_stale,
        step_ms=constant_step(piece.timestamps_ms),
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
