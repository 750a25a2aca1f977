"""Whatever bits go into a chunk, the same come out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from barograph.model.sample import ABSENT_BITS, STALE_BITS
from barograph.tsdb.chunk import (
    decode_chunk,
    decode_times,
    encode_block,
    encode_times,
    pack_directory,
    unpack_directory,
)
from barograph.tsdb.record import LogRow, decode_record, encode_record

ODD = st.sampled_from([ABSENT_BITS, STALE_BITS, 0, 1 << 63, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000001])
DECIMAL = st.builds(
    lambda number, digits: int(np.float64(number / 10**digits).view(np.uint64)),
    st.integers(-(10**15), 10**15),
    st.integers(0, 9),
)
ANY = st.integers(0, (1 << 64) - 1)
BITS = st.one_of(DECIMAL, ODD, ANY)
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 60))
MATRICES = SHAPES.flatmap(
    lambda shape: st.one_of(*(arrays.arrays(np.uint64, shape, elements=some) for some in (BITS, DECIMAL, ANY, ODD)))
)


@settings(max_examples=200, deadline=None)
@given(MATRICES)
def test_blocks_round_trip(bits: np.ndarray[tuple[int, int], np.dtype[np.uint64]]) -> None:
    entries, payload = encode_block(bits.view(np.float64))
    back = np.full(bits.shape, ABSENT_BITS, np.uint64)
    for entry in unpack_directory(pack_directory(entries, 1), 1):
        line = np.empty(bits.shape[1])
        decode_chunk(entry, payload, line)
        back[int(entry["series"])] = line.view(np.uint64)
    assert np.array_equal(back, bits)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(1 << 60), 1 << 60), min_size=1, max_size=50, unique=True))
def test_times_round_trip(times: list[int]) -> None:
    stamps = np.array(sorted(times), np.int64)
    step_ms, stored = encode_times(stamps)
    assert np.array_equal(decode_times(int(stamps[0]), len(stamps), step_ms, stored), stamps)


@settings(max_examples=100, deadline=None)
@given(st.lists(BITS, max_size=40), st.data())
def test_log_records_round_trip(key: list[int], data: st.DataObject) -> None:
    first = np.array(key, np.uint64)
    more = data.draw(st.lists(BITS, max_size=5))
    kept = [bits if data.draw(st.booleans()) else data.draw(BITS) for bits in key]
    second = np.array(kept + more, np.uint64)
    record = encode_record(60, [LogRow(3, -5, 60, first)], {})
    later = encode_record(61, [LogRow(3, 1000, 60, second)], {3: first})
    keys: dict[tuple[int, int], np.ndarray[tuple[int], np.dtype[np.uint64]]] = {}
    tick, rows = decode_record(record + b"\0" * 9, keys)
    assert (tick, rows[0].timestamp_ms, rows[0].bits.tolist()) == (60, -5, key)
    tick, rows = decode_record(later, keys)
    assert (tick, rows[0].layout_id, rows[0].bits.tolist()) == (61, 3, kept + more)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(BITS, min_size=3, max_size=3), min_size=1, max_size=5), st.booleans())
def test_several_rows_of_a_layout_share_a_tick(rows: list[list[int]], has_key: bool) -> None:
    bits = [np.array(row, np.uint64) for row in rows]
    key_tick = 60 if has_key else 61
    later = encode_record(61, [LogRow(1, i, key_tick, row) for i, row in enumerate(bits)], {1: bits[0]})
    keys = {(1, 60): bits[0]} if has_key else {}
    assert [row.bits.tolist() for row in decode_record(later, keys)[1]] == rows
