import math
from collections.abc import Sequence

import numpy as np
import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray
from barograph.model.tiers import Column
from barograph.tsdb.blocks import EncodedBlock
from barograph.tsdb.buckets import KEPT, make_buckets
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import Kind, decode_chunk
from barograph.tsdb.tiercodec import encode_columns, unfill

MINUTE = 60_000
START = 1_700_006_400_000


def encode(values: FloatArray, step_ms: int = 1000) -> tuple[dict[Column, EncodedBlock], dict[Column, FloatArray]]:
    times = START + step_ms * np.arange(1, values.shape[1] + 1)
    made = make_buckets(times, values, MINUTE, KEPT)
    family = Family("m", MetricType.GAUGE, "")
    infos = [SeriesInfo(Labels.of("m", i=str(i)), family) for i in range(len(values))]
    steps = encode_columns(infos, made.columns)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, dict(made.columns)


def decode(blocks: dict[Column, EncodedBlock], column: Column, row: int, buckets: int) -> FloatArray:
    entry = blocks[column].entries[row]
    if int(entry["kind"]) == Kind.SAME:
        return decode(blocks, Column(int(entry["decimals"])), row, buckets)
    out = np.empty(buckets)
    decode_chunk(entry, blocks[column].payload, out)
    return out


def kinds(blocks: dict[Column, EncodedBlock], row: int) -> dict[Column, int]:
    return {column: int(block.entries["kind"][row]) for column, block in blocks.items()}


@pytest.mark.parametrize("seed", range(4))
def test_columns_come_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.vstack((random.normal(size=900), np.cumsum(random.integers(0, 9, 900)), np.full(900, 3.5)))
    for bits in (ABSENT_BITS, STALE_BITS, 0x7FF8000000000000, 0xFFF0000000000000):
        low, high = sorted(random.integers(0, 901, 2).tolist())
        values.view(np.uint64)[random.integers(0, 3), low:high] = bits
    values.view(np.uint64)[2] = STALE_BITS
    blocks, made = encode(values)
    for column, expected in made.items():
        for row in range(3):
            found = unfill(column, decode(blocks, column, row, expected.shape[1]), made[Column.COUNT][row])
            if column in (Column.SUM, Column.FALLS):
                assert np.allclose(found, expected[row], rtol=1e-15, equal_nan=True)
            else:
                assert np.array_equal(found.view(np.uint64), expected[row].view(np.uint64)), column


def test_a_counters_least_and_greatest_take_no_bytes() -> None:
    blocks, _ = encode(np.cumsum(np.arange(900) % 7, dtype=np.float64)[None])
    found = kinds(blocks, 0)
    assert (found[Column.MIN], found[Column.MAX]) == (Kind.SAME, Kind.SAME)
    assert int(blocks[Column.MIN].entries["decimals"][0]) == Column.FIRST
    assert int(blocks[Column.MAX].entries["decimals"][0]) == Column.LAST
    assert blocks[Column.MIN].payload == blocks[Column.FALLS].payload == blocks[Column.COUNT].payload == b""


def test_of_one_sample_a_minute_only_the_sample_is_kept() -> None:
    blocks, _ = encode(np.random.default_rng(1).normal(size=(1, 60)), step_ms=MINUTE)
    with_bytes = [column for column, block in blocks.items() if block.payload]
    assert with_bytes == [Column.FIRST]


def test_sums_keep_the_decimals_of_their_samples() -> None:
    samples = np.round(np.random.default_rng(2).normal(50, 9, (1, 900)), 2)
    blocks, _ = encode(samples)
    entry = blocks[Column.SUM].entries[0]
    assert (int(entry["kind"]), int(entry["decimals"])) == (Kind.SCALED, 2)
    found = decode(blocks, Column.SUM, 0, 15)
    exact: Sequence[float] = [math.fsum(samples[0, i * 60 : i * 60 + 60]) for i in range(15)]
    assert (np.abs(found - exact) <= 2 * np.spacing(np.abs(exact))).all()
