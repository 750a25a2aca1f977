import tracemalloc

import numpy as np
import pytest

from barograph.model.batch import Batch
from barograph.model.errors import CorruptError, StoreError, VersionError
from barograph.model.sample import ABSENT_BITS, STALE_BITS, is_absent
from barograph.tsdb import segment as layout
from barograph.tsdb.catalogue import decode_addition, open_addition, seal_addition
from barograph.tsdb.head import Head
from barograph.tsdb.headview import HeadView
from barograph.tsdb.segment import MemorySegment, MemorySegments
from unit.tsdb.stores import T0, batch_of, labels_of, schema_of

ALL = slice(None)


class Rig:
    def __init__(self, slots: int = 8) -> None:
        self.segments = MemorySegments()
        self.head = Head(self.segments, slots)
        self.tick = 0

    def append(self, second: float, names: str | None = None, source: str = "a/1s", base: float = 0.0) -> None:
        if names is not None:
            self.schema = schema_of(*names)
        self.tick += 1
        values = base + second * 10 + np.arange(len(self.schema))
        self.head.append(batch_of(self.schema, second, values, source), self.tick)

    def view(self) -> HeadView:
        assert self.segments.current is not None
        return HeadView(self.segments.current.buffer)


def test_rows_come_back() -> None:
    rig = Rig()
    rig.append(0, "xy")
    rig.append(1)
    view = rig.view()
    (group,) = view.groups
    times, values = group.read(0, 1 << 60, ALL)
    assert times.tolist() == [T0, T0 + 1000]
    assert values[:2].tolist() == [[0.0, 10.0], [1.0, 11.0]]
    assert [info.labels for info in group.columns] == [labels_of("x"), labels_of("y")]
    assert view.newest_ms == T0 + 1000
    assert view.sequence == 2


def test_only_the_range_is_read_and_bounds_are_inclusive() -> None:
    rig = Rig(slots=20)
    for second in range(10):
        rig.append(second, "x" if second == 0 else None)
    times, values = rig.view().groups[0].read(T0 + 2000, T0 + 4000, slice(0, 1))
    assert times.tolist() == [T0 + 2000, T0 + 3000, T0 + 4000]
    assert values.tolist() == [[20.0, 30.0, 40.0]]
    assert rig.view().groups[0].read(T0 + 2001, T0 + 2999, slice(0, 1))[0].tolist() == []


def test_the_ring_forgets_the_oldest() -> None:
    rig = Rig(slots=8)
    for second in range(21):
        rig.append(second, "xy" if second == 0 else None)
    group = rig.view().groups[0]
    # of 8 slots one may be half written, so 7 are read
    assert group.covers() == (T0 + 14_000, T0 + 20_000)
    times, values = group.read(0, 1 << 60, np.array([1, 0]))
    assert ((times - T0) // 1000).tolist() == list(range(14, 21))
    assert values.tolist() == [[10.0 * s + 1 for s in range(14, 21)], [10.0 * s for s in range(14, 21)]]


def test_an_empty_source_covers_nothing() -> None:
    rig = Rig()
    rig.append(0, "x")
    rig.head.clear()
    assert rig.view().groups[0].covers() == (0, -1)
    assert rig.view().groups[0].read(0, 1 << 60, ALL)[0].tolist() == []


def test_a_series_that_leaves_becomes_stale_once() -> None:
    rig = Rig()
    rig.append(0, "xy")
    rig.append(1, "y")
    rig.append(2)
    rig.append(3, "yx")
    _, values = rig.view().groups[0].read(0, 1 << 60, ALL)
    x, y = values.view(np.uint64)[:2].tolist()
    assert x[1:3] == [STALE_BITS, ABSENT_BITS]
    assert (values[0, 0], values[0, 3]) == (0.0, 31.0)
    assert STALE_BITS not in y


def test_what_was_absent_does_not_become_stale() -> None:
    rig = Rig()
    values = np.arange(5.0)
    values.view(np.uint64)[0] = ABSENT_BITS
    rig.head.append(Batch("a/1s", schema_of(*"xklmn"), T0, values), 1)
    rig.append(1, "klmny")
    _, rows = rig.view().groups[0].read(0, 1 << 60, slice(0, 5))
    assert rows.view(np.uint64)[0].tolist() == [ABSENT_BITS, ABSENT_BITS]


def test_a_new_series_has_no_past_and_needs_no_new_segment() -> None:
    rig = Rig()
    rig.append(0, "x")
    before = rig.segments.current
    view = rig.view()
    rig.append(1, "xz")
    assert rig.segments.current is before
    assert view.refresh()
    assert not view.refresh()
    _, values = view.groups[0].read(0, 1 << 60, slice(0, 2))
    assert values.view(np.uint64)[1, 0] == ABSENT_BITS
    assert values[1, 1] == 11.0


def test_a_group_that_outgrows_its_columns_moves_with_its_rows() -> None:
    rig = Rig()
    rig.append(0, "x")
    before = rig.segments.current
    many = [f"s{number}" for number in range(60)]
    rig.schema = schema_of("x", *many)
    rig.append(1)
    assert rig.segments.current is not before
    group = rig.view().groups[0]
    _, values = group.read(0, 1 << 60, slice(0, 61))
    assert values[0].tolist() == [0.0, 10.0]
    assert (values.view(np.uint64)[1:, 0] == ABSENT_BITS).all()
    assert values[60, 1] == 70.0


def test_a_catalogue_that_is_full_moves() -> None:
    rig = Rig()
    rig.append(0, "x")
    before = rig.segments.current
    for second in range(1, 12):
        rig.schema = schema_of("x", "l" * 20_000 + str(second))
        rig.append(second)
    assert rig.segments.current is not before
    assert len(rig.view().groups[0].columns) == 12


def test_dead_columns_are_dropped_when_a_group_grows() -> None:
    rig = Rig(slots=4)
    rig.append(0, "abcdefgh")
    for second in range(1, 8):
        rig.append(second, "a" if second == 1 else None)
    group = rig.head.groups["a/1s"]
    assert len(group.columns) == 8
    rig.append(8, "az")
    assert [info.labels for info in group.columns] == [labels_of("a"), labels_of("z")]
    assert group.generation == 1
    _, values = rig.view().groups[0].read(0, 1 << 60, slice(0, 2))
    assert values[0].tolist() == [60.0, 70.0, 80.0]


def test_a_fold_keeps_columns_where_they_are() -> None:
    rig = Rig(slots=4)
    rig.append(0, "abcdefgh")
    for second in range(1, 8):
        rig.append(second, "a" if second == 1 else None)
    rig.head.pinned = True
    rig.append(8, "az")
    assert len(rig.head.groups["a/1s"].columns) == 9


def test_a_few_dead_columns_stay() -> None:
    rig = Rig(slots=4)
    rig.append(0, "abcdefgh")
    for second in range(1, 8):
        rig.append(second, "abcdefg" if second == 1 else None)
    rig.append(8, "abcdefgz")
    assert len(rig.head.groups["a/1s"].columns) == 9


def test_sources_have_rings_of_their_own() -> None:
    rig = Rig()
    rig.append(0, "x", "a/1s")
    rig.append(0, "y", "b/1s")
    rig.append(5, None, "b/1s")
    view = rig.view()
    assert [group.source for group in view.groups] == ["a/1s", "b/1s"]
    assert view.groups[0].covers() == (T0, T0)
    assert view.groups[1].covers() == (T0, T0 + 5000)
    assert rig.head.series_count == 2


def test_rows_that_are_not_newer_stand_aside_in_order_of_arrival() -> None:
    rig = Rig()
    rig.append(1, "xy")
    rig.append(3)
    rig.append(3, "y", base=500)
    rig.append(2, "z")
    rig.append(0.5, "yz")
    rig.append(2, "y", base=900)
    view = rig.view()
    usual, late = view.groups
    assert (usual.source, usual.is_late, late.source, late.is_late) == ("a/1s", False, "a/1s!late", True)
    assert usual.covers() == (T0 + 1000, T0 + 3000)
    assert late.covers() == (T0 + 500, T0 + 3000)
    assert view.newest_ms == T0 + 3000
    times, values = late.read(T0 + 500, T0 + 2999, ALL)
    assert times.tolist() == [T0 + 500, T0 + 2000]
    y, z = values[:2].tolist()
    assert [info.labels for info in late.columns] == [labels_of("y"), labels_of("z")]
    assert y == [5.0, 920.0], "the row that came later counts"
    assert z == [6.0, 20.0], "and leaves what it has no sample of"
    assert late.read(T0, T0 + 100, ALL)[0].tolist() == []


def test_what_is_stored_already_makes_a_row_late() -> None:
    rig = Rig()
    rig.head.stored_ms = {"a/1s": T0 + 5000}
    rig.append(5, "x")
    rig.append(6, "x")
    assert [group.source for group in rig.view().groups] == ["a/1s!late", "a/1s"]


def test_a_late_row_ends_no_series() -> None:
    rig = Rig()
    rig.append(5, "x")
    rig.append(1, "xy")
    rig.append(2, "y")
    late = rig.view().groups[1]
    assert is_absent(late.read(0, 1 << 60, ALL)[1][0]).tolist() == [False, True]


def test_the_clocks_own_row_is_the_newest_wherever_it_stands() -> None:
    rig = Rig()
    rig.append(5, "x")
    rig.head.append(batch_of(schema_of("x"), 1, [0.0], "a/1s"), 2, own=True)
    assert rig.view().newest_ms == T0 + 1000


def test_late_rows_that_the_writer_came_round_to_are_left_out() -> None:
    rig = Rig(slots=4)
    rig.append(100, "x")
    for second in range(6):
        rig.append(second, "x")
    times, _ = rig.view().groups[1].read(0, 1 << 60, ALL)
    assert times.tolist() == [T0 + 3000, T0 + 4000, T0 + 5000]


def test_a_vector_of_the_wrong_length_is_refused() -> None:
    rig = Rig()
    with pytest.raises(StoreError, match="3 values for 1 series"):
        rig.head.append(batch_of(schema_of("x"), 0, [1, 2, 3]), 1)


def test_a_schema_without_series_is_fine() -> None:
    rig = Rig()
    rig.append(0, "")
    rig.append(1, "x")
    rig.append(2, "")
    _, values = rig.view().groups[0].read(0, 1 << 60, slice(0, 1))
    assert values.view(np.uint64)[0, 2] == STALE_BITS


def test_a_buffer_of_another_format_is_refused() -> None:
    rig = Rig()
    rig.append(0, "x")
    assert rig.segments.current is not None
    layout.header_cells(rig.segments.current.buffer)[layout.FORMAT_CELL] = 99
    with pytest.raises(VersionError, match="format 99, this program reads 1"):
        rig.view()
    with pytest.raises(VersionError):
        HeadView(MemorySegment(4096).buffer)


def test_rows_that_are_overwritten_meanwhile_are_left_out() -> None:
    rig = Rig(slots=6)
    for second in range(9):
        rig.append(second, "x" if second == 0 else None)
    group = rig.view().groups[0]
    ring, calls = group._ring, iter(range(2))

    def overtake(*arguments: object) -> object:
        found = ring(*arguments).copy()  # type: ignore[arg-type]
        for _ in calls:
            rig.append(rig.tick)
        return found

    group._ring = overtake  # type: ignore[method-assign, assignment]
    times, values = group.read(0, 1 << 60, slice(0, 1))
    assert ((times - T0) // 1000).tolist() == [6, 7, 8]
    assert values.tolist() == [[60.0, 70.0, 80.0]]


def test_a_single_row_is_a_copy() -> None:
    rig = Rig()
    rig.append(0, "xy")
    _, values = rig.view().groups[0].read(0, 1 << 60, slice(0, 2))
    rig.head.groups["a/1s"].values[0] = 9.0
    assert values.tolist() == [[0.0], [1.0]]


def test_of_a_ring_that_wraps_around_only_what_is_asked_for_is_copied() -> None:
    slots, series = 100, 300
    rig = Rig(slots)
    names = [f"s{number}" for number in range(series)]
    rig.schema = schema_of(*names)
    for second in range(slots + 50):
        rig.append(second)
    (group,) = rig.view().groups
    for columns in (slice(3, 5), np.array([4, 3])):
        tracemalloc.start()
        times, values = group.read(0, 1 << 60, columns)
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert times.tolist() == [T0 + 1000 * second for second in range(51, slots + 50)]
        numbers = [3, 4] if isinstance(columns, slice) else [4, 3]
        assert values.tolist() == [[second * 10.0 + number for second in range(51, slots + 50)] for number in numbers]
        assert values.flags.c_contiguous
        assert most_bytes < slots * series * 8 // 4


def test_a_reader_that_is_overtaken_once_looks_again() -> None:
    rig = Rig(slots=4)
    for second in range(9):
        rig.append(second, "x" if second == 0 else None)
    group = rig.view().groups[0]
    holds, calls = group._holds, iter([False])
    group._holds = lambda first: next(calls, holds(first))  # type: ignore[method-assign]
    assert group.covers() == (T0 + 6000, T0 + 8000)
    group._holds = lambda first: False  # type: ignore[method-assign]
    with pytest.raises(StoreError, match="written faster"):
        group.covers()


def test_an_addition_reads_back_only_from_its_place() -> None:
    infos = Head(MemorySegments(), 4).add_columns("a", []).columns
    sealed = seal_addition("a", 0, infos, 3)
    assert open_addition(sealed, 3) == ("a", 0, [])
    with pytest.raises(CorruptError, match="checksum"):
        open_addition(sealed, 4)
    with pytest.raises(CorruptError, match="cannot be read"):
        decode_addition(b"{}")
