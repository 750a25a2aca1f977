import struct

import numpy as np
import pytest

from barograph.model.errors import CorruptError
from barograph.model.sample import ABSENT, STALE, FloatArray, absent_array
from barograph.tsdb.chunk import (
    Flag,
    Kind,
    decode_chunk,
    decode_times,
    encode_block,
    encode_times,
    pack_directory,
    unpack_directory,
)


def round_trip(line: FloatArray) -> tuple[Kind, Flag]:
    entries, payload = encode_block(np.ascontiguousarray(line[np.newaxis]))
    stored = unpack_directory(pack_directory(entries, 7), 7)
    assert stored.tobytes() == entries.tobytes()
    out = np.zeros(len(line))
    decode_chunk(stored[0], payload, out)
    assert np.array_equal(out.view(np.uint64), line.view(np.uint64))
    return Kind(int(stored[0]["kind"])), Flag(int(stored[0]["flags"]))


def test_a_constant_has_no_bytes() -> None:
    entries, payload = encode_block(np.full((3, 100), 4.25))
    assert payload == b""
    assert entries["length"].tolist() == [0, 0, 0]
    assert round_trip(np.full(100, 4.25)) == (Kind.CONSTANT, Flag.NEVER_FALLS)


@pytest.mark.parametrize("special", [np.inf, -np.inf, -0.0, np.nan])
def test_a_constant_may_be_any_value(special: float) -> None:
    kind, _ = round_trip(np.full(5, special))
    assert kind is Kind.CONSTANT


def test_whole_numbers_and_decimals_are_scaled() -> None:
    assert round_trip(np.arange(500.0))[0] is Kind.SCALED
    line = np.arange(500.0) / 100
    entries, _ = encode_block(line[np.newaxis])
    assert int(entries[0]["decimals"]) == 2
    assert round_trip(line) == (Kind.SCALED, Flag.NEVER_FALLS)


def test_noise_is_kept_as_floats() -> None:
    kind, flags = round_trip(np.random.default_rng(1).normal(size=300))
    assert kind is Kind.FLOAT
    assert not flags


def test_values_that_no_decimals_give_exactly_stay_floats() -> None:
    line = np.arange(300.0)
    line[150] = 0.1 + 0.2
    assert round_trip(line)[0] is Kind.FLOAT
    line[150] = -0.0
    assert round_trip(line)[0] is Kind.FLOAT
    assert round_trip(np.array([1e300, 5.0, 2.0**60]))[0] is Kind.FLOAT


def test_what_is_not_finite_is_kept_by_its_bits() -> None:
    payloads = np.array([0x7FF0000000000001, 0xFFF8000000000123, 0x7FF8000000000000], np.uint64).view(np.float64)
    assert round_trip(np.concatenate(([1.0], payloads, [np.inf]))) == (Kind.BITS, Flag(0))


def test_absent_and_stale_places_come_back() -> None:
    line = np.arange(50.0)
    line.view(np.uint64)[:10] = absent_array(10).view(np.uint64)
    line.view(np.uint64)[40] = np.array(STALE).view(np.uint64)
    line.view(np.uint64)[41:] = np.array(ABSENT).view(np.uint64)
    assert round_trip(line) == (Kind.SCALED, Flag.ABSENT | Flag.STALE)
    assert round_trip(np.concatenate((absent_array(3), np.arange(3.0))))[1] == Flag.ABSENT | Flag.NEVER_FALLS


def test_only_stale_markers() -> None:
    line = np.full(4, STALE)
    line[0] = ABSENT
    assert round_trip(line) == (Kind.CONSTANT, Flag.ABSENT | Flag.STALE)


def test_a_series_without_samples_has_no_entry() -> None:
    values = np.vstack((absent_array(20), np.arange(20.0)))
    entries, _ = encode_block(values)
    assert entries["series"].tolist() == [1]


def test_the_directory_describes_the_samples() -> None:
    line = np.array([3.0, ABSENT, np.nan, 1.0, 2.0])
    line[1:2].view(np.uint64)[:] = absent_array(1).view(np.uint64)
    entries, _ = encode_block(line[np.newaxis])
    assert [float(entries[0][name]) for name in ("first", "last", "min", "max")] == [3.0, 2.0, 1.0, 3.0]
    assert not Flag(int(entries[0]["flags"])) & Flag.NEVER_FALLS


def test_every_flipped_bit_of_a_chunk_is_noticed() -> None:
    entries, payload = encode_block(np.random.default_rng(2).normal(size=(1, 40)))
    for bit in range(8 * len(payload)):
        damaged = bytearray(payload)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CorruptError, match="checksum"):
            decode_chunk(entries[0], bytes(damaged), np.zeros(40))


def test_a_chunk_cut_short_is_noticed() -> None:
    entries, payload = encode_block(np.random.default_rng(2).normal(size=(1, 40)))
    with pytest.raises(CorruptError, match="checksum"):
        decode_chunk(entries[0], payload[:-1], np.zeros(40))


def test_a_chunk_of_another_length_is_noticed() -> None:
    entries, payload = encode_block(np.random.default_rng(2).normal(size=(1, 40)))
    with pytest.raises(CorruptError, match="40 values where 41 were written"):
        decode_chunk(entries[0], payload, np.zeros(41))
    with pytest.raises(CorruptError):
        decode_chunk(entries[0], payload, np.zeros(39))
    gaps = np.concatenate((absent_array(3), np.arange(3.0)))
    entries, payload = encode_block(gaps[np.newaxis])
    with pytest.raises(CorruptError, match="6 places for 7"):
        decode_chunk(entries[0], payload, np.zeros(7))


def test_an_unknown_kind_is_noticed() -> None:
    entries, payload = encode_block(np.arange(9.0)[np.newaxis])
    entries["kind"] = 9
    with pytest.raises(CorruptError, match="kind 9"):
        decode_chunk(entries[0], payload, np.zeros(9))


def test_a_chunk_that_is_no_pcodec_is_noticed() -> None:
    entries, payload = encode_block(np.arange(9.0)[np.newaxis])
    entries["kind"] = Kind.FLOAT
    with pytest.raises(CorruptError, match="damaged"):
        decode_chunk(entries[0], payload, np.zeros(9))


def test_a_directory_belongs_to_its_span() -> None:
    entries, _ = encode_block(np.arange(18.0).reshape(2, 9))
    stored = pack_directory(entries, 3)
    with pytest.raises(CorruptError, match="checksum"):
        unpack_directory(stored, 4)
    with pytest.raises(CorruptError, match="too short"):
        unpack_directory(stored[:5], 3)
    with pytest.raises(CorruptError, match="checksum"):
        unpack_directory(stored[:-1] + struct.pack("B", stored[-1] ^ 1), 3)


def test_times() -> None:
    regular = np.arange(1000, 9000, 1000, dtype=np.int64)
    assert encode_times(regular) == (1000, b"")
    assert encode_times(regular[:1]) == (1, b"")
    for times in (regular, regular[:1], np.array([5, 6, 100, 2000], np.int64)):
        step_ms, stored = encode_times(times)
        assert np.array_equal(decode_times(int(times[0]), len(times), step_ms, stored), times)
