import numpy as np
import pytest

from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE, FloatArray, is_absent
from barograph.model.series import SeriesGroup
from barograph.tsdb import assemble as assembling
from barograph.tsdb.assemble import Piece, constant_step
from unit.tsdb.stores import labels_of

LABELS = [labels_of(name) for name in "abcd"]


def piece(series: list[int], times: list[int], rows: list[list[float]]) -> Piece:
    values: FloatArray = np.array(rows, np.float64).reshape(len(series), len(times))
    return Piece(np.array(series), np.array(times), values, bool(is_absent(values).any()), False)


def assemble(sources: list[list[Piece]], labels: list[Labels]) -> tuple[SeriesGroup, ...]:
    rows = assembling.LabelRows(labels)
    return assembling.assemble({f"s{i}": pieces for i, pieces in enumerate(sources)}, rows)


def test_pieces_side_by_side() -> None:
    (group,) = assemble(
        [[piece([0, 1], [3, 4], [[3, 4], [30, 40]]), piece([0, 1], [1, 2], [[1, 2], [10, 20]])]], LABELS
    )
    assert group.labels == tuple(LABELS[:2])
    assert group.timestamps_ms.tolist() == [1, 2, 3, 4]
    assert group.values.tolist() == [[1, 2, 3, 4], [10, 20, 30, 40]]
    assert (group.has_absent, group.step_ms) == (False, 1)


def test_a_series_that_a_piece_lacks_is_absent_there() -> None:
    (group,) = assemble([[piece([0, 2], [1], [[1], [2]]), piece([1, 2], [5], [[3], [4]])]], LABELS)
    assert group.labels == tuple(LABELS[:3])
    assert is_absent(group.values).tolist() == [[False, True], [True, False], [False, False]]
    assert group.has_absent


def test_the_later_of_two_samples_wins_but_absence_does_not() -> None:
    older = piece([0, 1], [1, 2, 3], [[1, 2, 3], [4, 5, 6]])
    newer = piece([1, 2], [2, 3, 4], [[50, ABSENT, 70], [8, 9, 10]])
    (group,) = assemble([[older, newer]], LABELS)
    assert group.timestamps_ms.tolist() == [1, 2, 3, 4]
    assert group.values[1].tolist() == [4, 50, 6, 70]
    assert group.values[0, :3].tolist() == [1, 2, 3]
    assert is_absent(group.values[0]).tolist() == [False, False, False, True]


def test_series_without_samples_are_left_out() -> None:
    assert assemble([[piece([0], [1], [[ABSENT]])], []], LABELS) == ()
    (group,) = assemble([[piece([0, 1], [1], [[ABSENT], [2]])]], LABELS)
    assert (group.labels, group.has_absent) == ((LABELS[1],), False)


def test_a_series_of_two_sources_gets_a_group_of_its_own() -> None:
    first = piece([0, 1], [1, 3], [[1, 3], [10, 30]])
    second = piece([1, 2], [2], [[20], [5]])
    groups = assemble([[first], [second]], LABELS)
    assert [group.labels for group in groups] == [(LABELS[0],), (LABELS[2],), (LABELS[1],)]
    assert groups[2].values.tolist() == [[10, 20, 30]]
    only_shared = assemble([[piece([1], [1], [[1]])], [piece([1], [2], [[2]])]], LABELS)
    assert [group.values.tolist() for group in only_shared] == [[[1, 2]]]


def test_stale_markers_keep_their_bits() -> None:
    (group,) = assemble([[piece([0], [1], [[STALE]]), piece([0, 1], [1, 2], [[ABSENT, 2], [1, STALE]])]], LABELS)
    assert group.values.view(np.uint64)[0, 0] == np.array(STALE).view(np.uint64)
    assert group.values.view(np.uint64)[1, 1] == np.array(STALE).view(np.uint64)


def test_a_step_is_constant_or_nothing() -> None:
    assert constant_step(np.array([5])) == 0
    assert constant_step(np.array([5, 7, 9])) == 2
    assert constant_step(np.array([5, 7, 10])) == 0
    assert constant_step(np.array([0, 2, 3, 6])) == 0


def test_series_that_take_turns_lack_nothing() -> None:
    (group,) = assemble(
        [[piece([0], [1, 2], [[1, 2]]), piece([1], [1, 2], [[3, 4]]), piece([1, 0], [3], [[5], [6]])]], LABELS
    )
    assert group.values.tolist() == [[1, 2, 6], [3, 4, 5]]
    assert not group.has_absent
    (group,) = assemble([[piece([0], [1, 3], [[1, 2]]), piece([1], [1, 2], [[3, 4]])]], LABELS)
    assert group.has_absent
    assert is_absent(group.values).tolist() == [[False, True, False], [False, False, True]]


def test_rows_of_labels_are_kept_by_what_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.tsdb.assemble._KEPT_BYTES", 64_000)
    rows = assembling.LabelRows([Labels.of("m", i=str(number)) for number in range(1_000)])
    again = rows.of(np.arange(2))
    assert rows.of(np.arange(2)) is again
    for first in range(900):
        rows.of(np.arange(first, first + 30))  # 880 bytes
    assert len(rows._known) <= 72
    assert rows.of(np.arange(1_000)) is not rows.of(np.arange(1_000)), "too large to be kept"


def test_tens_of_thousands_of_series_have_their_row_kept_too() -> None:
    labels = [labels_of(str(number)) for number in range(20_000)]
    rows = assembling.LabelRows(labels)
    first = rows.of(np.arange(20_000))
    assert first == tuple(labels)
    assert rows.of(np.arange(20_000)) is first
