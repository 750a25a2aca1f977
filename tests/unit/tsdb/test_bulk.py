"""Columns to spans: what shares timestamps shares a matrix, and nothing is lost, doubled or reordered on the way."""

from collections.abc import Iterable, Sequence

import numpy as np

from barograph.model.batch import Family, MetricType
from barograph.model.columns import SampleColumns
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE, STALE_BITS
from barograph.tsdb.blocks import LOADED
from barograph.tsdb.bulk import LoadedSpan, encode_matrix, encode_samples, ordered_matrix, source_of
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import decode_chunk
from barograph.tsdb.filenames import DAY_MS
from unit.tsdb.stores import T0

GAUGE = Family("m", MetricType.GAUGE, "")
MIDNIGHT = T0 // DAY_MS * DAY_MS + DAY_MS


def series(count: int) -> list[Labels]:
    return [Labels.of("m", i=str(number)) for number in range(count)]


def columns(labels: Sequence[Labels], samples: Iterable[tuple[int, int, float]]) -> SampleColumns:
    rows = list(samples)
    return SampleColumns(
        labels=labels,
        families=[GAUGE] * len(labels),
        series=np.array([row[0] for row in rows], np.int64),
        timestamps_ms=np.array([row[1] for row in rows], np.int64),
        values=np.array([row[2] for row in rows], np.float64),
    )


def decoded(spans: Iterable[LoadedSpan]) -> dict[tuple[str, int], list[float]]:
    """Every sample of spans by series and time; more than one value where it is there more than once."""
    found: dict[tuple[str, int], list[float]] = {}
    for _, span in spans:
        for block in span.blocks:
            for entry in block.entries:
                row = np.empty(len(span.timestamps))
                decode_chunk(entry, block.payload, row)
                label = block.infos[int(entry["series"])].labels.get("i")
                for at, value in zip(span.timestamps.tolist(), row, strict=True):
                    if value.view(np.uint64) != np.float64(ABSENT).view(np.uint64):
                        found.setdefault((label, at), []).append(float(value))
    return found


def test_a_matrix_is_cut_at_midnight_and_at_the_length_of_a_span() -> None:
    times = np.arange(MIDNIGHT - 500, MIDNIGHT + 2000, 100)
    values = np.arange(50.0).reshape(2, 25)
    infos = [SeriesInfo(labels, GAUGE) for labels in series(2)]
    spans = list(encode_matrix(infos, times, values, 8))
    assert [(s.name.start_ms <= s.span.timestamps[0], len(s.span.timestamps)) for s in spans] == [
        (True, 5), (True, 6), (True, 7), (True, 7)]  # fmt: skip
    assert len({s.name for s in spans}) == 2
    assert all(s.span.origin == LOADED and s.span.last_tick == 0 for s in spans)
    assert decoded(spans) == {(str(i), int(t)): [values[i, j]] for i in range(2) for j, t in enumerate(times)}


def test_series_of_a_target_share_a_source_and_a_source_many_targets() -> None:
    one = source_of(Labels.of("a", instance="x", job="j"))
    assert one == source_of(Labels.of("b", instance="x", job="j", cpu="1"))
    assert len({source_of(Labels.of("a", instance=str(i))) for i in range(10_000)}) == 64


def test_more_series_than_a_block_or_a_span_takes() -> None:
    infos = [SeriesInfo(labels, GAUGE) for labels in series(300)]
    values = np.arange(900.0).reshape(300, 3)
    spans = list(encode_matrix(infos, np.array([T0, T0 + 1, T0 + 5]), values))
    assert [len(s.span.blocks) for s in spans] == [4, 1]
    assert sum(s.samples for s in spans) == 900
    assert len(decoded(spans)) == 900


def test_a_matrix_without_samples_makes_no_span() -> None:
    infos = [SeriesInfo(series(1)[0], GAUGE)]
    assert list(encode_matrix(infos, np.array([T0]), np.array([[ABSENT]]))) == []


def test_samples_in_any_order_are_sorted_and_of_duplicates_the_last_counts() -> None:
    given = [(1, T0 + 2, 3.0), (0, T0, 1.0), (1, T0, 4.0), (0, T0, 2.0), (1, T0 + 2, 5.0), (0, T0 + 1, STALE)]
    spans = list(encode_samples(columns(series(3), given)))
    found = decoded(spans)
    assert found[("0", T0)] == [2.0]
    assert np.array(found[("0", T0 + 1)]).view(np.uint64).tolist() == [STALE_BITS]
    assert found[("1", T0)] == [4.0] and found[("1", T0 + 2)] == [5.0]
    assert len(found) == 4


def test_ragged_series_share_a_matrix_where_they_share_timestamps() -> None:
    every = range(0, 100, 2)
    given = [(0, T0 + t, float(t)) for t in every]
    given += [(1, T0 + t, float(t)) for t in every]
    given += [(2, T0 + t, float(t)) for t in every if t != 50]
    given += [(3, T0 + t, float(t)) for t in range(1, 100, 9)]
    spans = list(encode_samples(columns(series(4), given)))
    assert sorted(len(s.span.timestamps) for s in spans) == [11, 50]
    assert decoded(spans) == {(str(i), at): [value] for i, at, value in given}


def test_series_of_different_times_do_not_share_a_matrix() -> None:
    given = [(0, T0 + 2 * t, 1.0 + t) for t in range(10)]
    given += [(1, T0 + 100 + 2 * t, 2.0 + t) for t in range(10)]
    given += [(2, T0 + 1 + 2 * t, 3.0 + t) for t in range(10)]
    spans = list(encode_samples(columns(series(3), given)))
    assert [s.samples for s in spans] == [10, 10, 10]
    assert decoded(spans) == {(str(i), at): [value] for i, at, value in given}


def test_times_that_are_alike_but_fill_too_little_stay_apart() -> None:
    # each of four series has a quarter of the timestamps
    given = [(i, T0 + 4 * t + i, float(t)) for i in range(4) for t in range(20)]
    spans = list(encode_samples(columns(series(4), given)))
    assert sorted(len(s.span.timestamps) for s in spans) == [20] * 4
    assert decoded(spans) == {(str(i), at): [value] for i, at, value in given}


def test_rows_that_share_timestamps_but_do_not_follow_each_other() -> None:
    given = [(i, T0 + t, float(10 * i + t)) for i in (0, 2) for t in range(5)]
    given += [(1, T0 + 7 + t, 1.0) for t in range(40)]
    spans = list(encode_samples(columns(series(3), given)))
    assert sorted(len(s.span.timestamps) for s in spans) == [5, 40]
    assert decoded(spans) == {(str(i), at): [value] for i, at, value in given}


def test_absent_values_and_no_values_are_no_samples() -> None:
    assert list(encode_samples(columns(series(1), []))) == []
    assert decoded(encode_samples(columns(series(1), [(0, T0, ABSENT), (0, T0 + 1, 1.0)]))) == {("0", T0 + 1): [1.0]}


def test_a_matrix_is_put_in_order() -> None:
    times, values = ordered_matrix(np.array([3, 1, 3, 2]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    assert times.tolist() == [1, 2, 3] and values.tolist() == [[2.0, 4.0, 3.0]]
    kept = np.array([1, 2])
    assert ordered_matrix(kept, np.zeros((1, 2)))[0] is kept
