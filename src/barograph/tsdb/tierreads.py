"""Tiers, reader's side: which of them hold a day as it is, and their buckets out of the files.

`StoreReader` calls it with its lock on the files held. A tier is read where it is as new as the samples it was made
of, or where these are gone; whatever else is asked for is made from samples.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from barograph.model.sample import ABSENT, STALE, BoolArray, FloatArray, absent_array, is_absent
from barograph.model.tiers import Column
from barograph.model.units import Duration
from barograph.tsdb.assemble import Found, Piece
from barograph.tsdb.buckets import ZERO_WHERE_EMPTY, Buckets
from barograph.tsdb.daychunks import Asked
from barograph.tsdb.dayfiles import DayFiles
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.index import SeriesIds
from barograph.tsdb.openfiles import DayFile
from barograph.tsdb.tiercodec import unfill
from barograph.tsdb.tombstones import Tombstone


class TierOfDay(NamedTuple):
    """A day as one tier of one class has it."""

    day_ms: int
    width_ms: int
    file: DayFile


class DayPlan(NamedTuple):
    """What a day's buckets are read from.

    Attributes:
        day_ms: Where the day begins.
        tiers: The tiers to be read.
        with_samples: Whether samples must be read as well, or instead.
    """

    day_ms: int
    tiers: tuple[TierOfDay, ...]
    with_samples: bool


class TierPiece(NamedTuple):
    """Buckets of some series of one source on one day."""

    source: str
    series: SeriesIds
    buckets: Buckets


def plan_days(
    files: DayFiles, widths_ms: Mapping[str, int], unfolded: Sequence[tuple[int, int]], asked: range
) -> list[DayPlan]:
    """Return the days that have tiers to be read, oldest first. All other days have samples, or nothing.

    Args:
        files: All files.
        widths_ms: The widths by name.
        unfolded: Ranges of time that samples outside of files lie in: no tier knows these.
        asked: For buckets that end in `start < end <= stop`, of the width `step`.
    """
    plans: list[DayPlan] = []
    samples = _samples_by_day(files)
    for day_ms, options in sorted(_options(files, widths_ms, asked.start, asked.stop).items()):
        raw = samples.get(day_ms, {})
        with_samples = is_open = any(low < day_ms + DAY_MS and high >= day_ms for low, high in unfolded)
        chosen: dict[str, TierOfDay] = {}
        for name in {*options, *raw}:
            if is_open and name in raw:
                continue
            usable = [tier for tier in options.get(name, ()) if _holds(tier, raw.get(name))]
            fine = [tier for tier in usable if asked.step % tier.width_ms == 0]
            if fine:
                chosen[name] = fine[-1]
            elif name in raw:
                with_samples = True
            elif usable:
                chosen[name] = usable[0]
        # the head does not know classes: where some are read as samples, all are
        kept = tuple(tier for name, tier in sorted(chosen.items()) if not with_samples or name not in raw)
        if kept:
            plans.append(DayPlan(day_ms, kept, with_samples))
    return plans


def thinned_days(files: DayFiles, widths_ms: Mapping[str, int], start_ms: int, end_ms: int) -> list[TierOfDay]:
    """Return, for each day of the range whose samples are gone, its finest tiers."""
    found: list[TierOfDay] = []
    tiers_of = _options(files, widths_ms, start_ms - 1, end_ms)
    samples = _samples_by_day(files) if tiers_of else {}
    for day_ms, options in sorted(tiers_of.items()):
        found += [tiers[0] for name, tiers in sorted(options.items()) if name not in samples.get(day_ms, {})]
    return found


def thinned_series(files: DayFiles, widths_ms: Mapping[str, int], start_ms: int, end_ms: int) -> list[SeriesIds]:
    """Return the series of the files that are all there is of a part of the range."""
    found = {tier.file.number: tier.file for tier in thinned_days(files, widths_ms, start_ms, end_ms)}
    return [file.series for file in found.values()]


def read_tier(
    files: DayFiles, tier: TierOfDay, wanted: BoolArray, columns: Sequence[Column], warnings: list[str]
) -> Iterator[TierPiece]:
    """Yield the buckets of the wanted series of one day, source by source.

    Args:
        files: All files.
        tier: The day.
        wanted: For each number of the index whether it is wanted.
        columns: As `columns_for` gives them.
        warnings: What is damaged is said here; it is shown as a gap.

    Raises:
        MovedError: The day was made anew since `refresh`.
    """
    everything = Asked(wanted, [(-(1 << 62), 1 << 62)])
    for source, spans in tier.file.tiers[tier.day_ms].items():
        if not all(column in spans for column in columns):
            warnings.append(f"{tier.file.name.file_name}: columns of {source!r} are lost; they are shown as gaps")
            continue
        found = {column: files.read(tier.file, spans[column], everything, warnings) for column in columns}
        pieces = {column: parts[0] for column, parts in found.items() if parts}
        if len(pieces) == len(columns):
            part = _tier_piece(source, pieces)
            for each in files.erased(tier.file, spans[Column.COUNT]):
                _erase(part, each, files.matching(each, part.series), tier.width_ms)
            yield part


THINNED_COLUMNS = (Column.COUNT, Column.LAST, Column.LAST_AGE, Column.STALE)
"""What stands for samples that are gone is made of these."""


def read_thinned(
    files: DayFiles, widths_ms: Mapping[str, int], wanted: BoolArray, time_range: tuple[int, int], found: Found
) -> None:
    """Read the newest sample of each bucket where there is nothing finer.

    Args:
        files: What is read.
        widths_ms: The tiers' names and widths.
        wanted: For each number of the index whether it is wanted.
        time_range: The first and the last instant.
        found: Takes it.

    Raises:
        MovedError: Blocks were merged since the files were looked at.
    """
    start_ms, end_ms = time_range
    for tier in thinned_days(files, widths_ms, start_ms, end_ms):
        for part in read_tier(files, tier, wanted, THINNED_COLUMNS, found.warnings):
            piece = newest_samples(part, start_ms, end_ms)
            if piece is not None:
                found.pieces.setdefault(part.source, []).append(piece)
                found.thinned_until_ms = max(found.thinned_until_ms, int(piece.timestamps_ms[-1]))
                found.thinned_ms = max(found.thinned_ms, tier.width_ms)
    if found.thinned_until_ms:
        found.warnings.append(
            f"up to {time_text(found.thinned_until_ms)} samples are gone, and the newest one of every "
            f"{Duration(found.thinned_ms)} stands for them"
        )


def newest_samples(part: TierPiece, start_ms: int, end_ms: int) -> Piece | None:
    """Return the newest sample of each bucket at the instant it was taken, and a stale marker where a series ended.

    The marker's own instant is not kept: it stands at its bucket's end.

    Args:
        part: Buckets with `THINNED_COLUMNS`.
        start_ms: Only samples from here on.
        end_ms: Only samples until here.
    """
    columns, ends = part.buckets.columns, part.buckets.ends_ms
    rows, places = np.nonzero(columns[Column.COUNT] > 0)
    stale_rows, stale_places = np.nonzero(columns[Column.STALE] > 0)
    times = np.concatenate((ends[places] - columns[Column.LAST_AGE][rows, places].astype(np.int64), ends[stale_places]))
    values = np.concatenate((columns[Column.LAST][rows, places], np.full(len(stale_rows), STALE)))
    inside = (times >= start_ms) & (times <= end_ms)
    if not inside.any():
        return None
    instants, at = np.unique(times[inside], return_inverse=True)
    matrix = absent_array(len(part.series), len(instants))
    matrix[np.concatenate((rows, stale_rows))[inside], at] = values[inside]
    return Piece(part.series, instants, matrix, has_absent=True, has_stale=bool(len(stale_rows)))


def time_text(timestamp_ms: int) -> str:
    """Return an instant in words for a warning."""
    return datetime.fromtimestamp(timestamp_ms // 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _tier_piece(source: str, pieces: Mapping[Column, Piece]) -> TierPiece:
    series = pieces[Column.COUNT].series
    if any(not np.array_equal(piece.series, series) for piece in pieces.values()):
        # a damaged block took its series out of one column: they go from all
        for piece in pieces.values():
            series = np.intersect1d(series, piece.series)
        pieces = {column: _rows_of(piece, series) for column, piece in pieces.items()}
    # in files every bucket has a value: what is absent was damaged
    lost = np.zeros(len(series), np.bool_)
    for piece in pieces.values():
        if piece.has_absent:
            lost |= is_absent(piece.values).any(axis=1)
    count = pieces[Column.COUNT].values
    columns: dict[Column, FloatArray] = {}
    for column, piece in pieces.items():
        columns[column] = unfill(column, piece.values, count)
        columns[column][lost] = 0.0 if column in ZERO_WHERE_EMPTY else ABSENT
    return TierPiece(source, series, Buckets(pieces[Column.COUNT].timestamps_ms, columns))


def _erase(part: TierPiece, tombstone: Tombstone, about: BoolArray, width_ms: int) -> None:
    """Empty every bucket that something deleted may be in: what else was in it cannot be told apart any more."""
    ends = part.buckets.ends_ms
    touched = (ends >= tombstone.start_ms) & (ends - width_ms < tombstone.end_ms)
    box = np.ix_(np.flatnonzero(about), np.flatnonzero(touched))
    for column, values in part.buckets.columns.items():
        values[box] = 0.0 if column in ZERO_WHERE_EMPTY else ABSENT


def _rows_of(piece: Piece, series: SeriesIds) -> Piece:
    order = np.argsort(piece.series, kind="stable")
    rows = order[np.searchsorted(piece.series[order], series)]
    return Piece(series, piece.timestamps_ms, piece.values[rows], piece.has_absent, piece.has_stale)


def _options(
    files: DayFiles, widths_ms: Mapping[str, int], start_ms: int, end_ms: int
) -> dict[int, dict[str, list[TierOfDay]]]:
    """Return by day and class the tiers that are there, the finest first."""
    found: dict[int, dict[str, list[TierOfDay]]] = {}
    for file in files.of_tiers:
        width_ms = widths_ms.get(file.name.tier, 0)
        if not width_ms:
            continue
        for day_ms in file.tiers:
            if day_ms <= end_ms and day_ms + DAY_MS > start_ms:
                tiers = found.setdefault(day_ms, {}).setdefault(file.name.retention_class, [])
                tiers.append(TierOfDay(day_ms, width_ms, file))
                tiers.sort(key=lambda tier: tier.width_ms)
    return found


def _samples_by_day(files: DayFiles) -> dict[int, dict[str, DayFile]]:
    found: dict[int, dict[str, DayFile]] = {}
    for file in files.of_samples:
        found.setdefault(file.start_ms, {})[file.name.retention_class] = file
    return found


def _holds(tier: TierOfDay, raw: DayFile | None) -> bool:
    """Tell whether a tier has all that the samples have it was made of."""
    if raw is None:
        return True
    spans = next(iter(tier.file.tiers[tier.day_ms].values()))
    made_from = min(span.last_tick for span in spans.values())
    return made_from >= raw.sequence and not tier.file.missing
