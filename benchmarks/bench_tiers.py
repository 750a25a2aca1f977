"""Tiers: how fast they are made, what they take beside the samples, and what a month of buckets costs to read.

usage: bench_tiers.py [--days 30] [--series 10]

A day of a host makes the figures of size and making; a few of its series, the same day again and again, those of
reading. The reference of reading is making the same buckets of samples, with the tiers taken away.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from barograph.model.clock import SystemClock
from barograph.model.sample import FloatArray
from barograph.model.tiers import BucketSet, Column
from barograph.tsdb.buckets import KEPT, make_buckets
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import DAY_MS, block_names
from barograph.tsdb.load import BulkLoader
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from host_data import START_MS, HostData, host_data
from report import Row, percentile, report

DAY_S = 86_400
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# as wide as a chart asks: the mean, and the least and the greatest around it
CHART = (Column.COUNT, Column.SUM, Column.MIN, Column.MAX)


class PastClock(SystemClock):
    """The system's clock, but its wall clock stands on a day after the samples."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms


def load(folder: Path, data: HostData, days: int, series: int) -> None:
    """Store the same day some times."""
    with BulkLoader.open(folder, StoreConfig(), PastClock(START_MS)) as loader:
        for day in range(days):
            times = START_MS + day * DAY_MS + 1000 * np.arange(data.values.shape[1], dtype=np.int64)
            loader.write_columns(data.labels[:series], times, np.ascontiguousarray(data.values[:series]))


def make(folder: Path, days: int) -> tuple[float, list[float]]:
    """Make all tiers as the store does between ticks; returns CPU seconds, and what each step took."""
    clock = PastClock(START_MS + days * DAY_MS + 1000)
    store = Store.open(folder, StoreConfig(), clock, MemorySegments())
    steps: list[float] = []
    started_s = time.process_time()
    while store.stats.tier_days < days or steps[-1] > 1e-4:
        step_s = time.perf_counter()
        store.maintain(0.0)
        steps.append(time.perf_counter() - step_s)
    cpu_s = time.process_time() - started_s
    store.close()
    return cpu_s, steps


def size_of(folder: Path, tier: str) -> int:
    """Return the bytes of all files of a tier, or of samples."""
    return sum((folder / name.file_name).stat().st_size for name in block_names(folder) if name.tier == tier)


def making_rows(folder: Path, data: HostData) -> list[Row]:
    load(folder, data, 1, len(data.labels))
    cpu_s, steps = make(folder, 1)
    samples = data.values.size
    raw, minutes, hours = (size_of(folder, tier) / samples for tier in ("", "1m", "1h"))
    pure_s = pure(data.values[:, : 2 * 3600])
    return [
        Row(name=f"tiers of 1m and 1h at rest, {data.kind}, {len(data.labels)} series x 1 d",
            figure=minutes + hours, unit="B a sample", reference="the samples' file", ratio=(minutes + hours) / raw),
        Row(name="of these the tier of 1h", figure=hours, unit="B a sample"),
        Row(name="samples and both tiers", figure=raw + minutes + hours, unit="B a sample"),
        Row(name="30 days of 1,000 such series at 1 s, tiers included",
            figure=(raw + minutes + hours) * 1000 * 30 * DAY_S / 1e9, unit="GB"),
        Row(name="making both tiers of a day, reading and writing included", figure=samples / cpu_s / 1e6,
            unit="M samples a CPU second"),
        Row(name="all columns of samples in memory", figure=2 * 3600 * len(data.labels) / pure_s / 1e6,
            unit="M samples a CPU second"),
        Row(name="a step of making them, p99", figure=1000 * percentile(steps, 0.99), unit="ms"),
        Row(name="a step of making them, longest", figure=1000 * max(steps), unit="ms"),
    ]  # fmt: skip


def pure(values: FloatArray) -> float:
    """Make all columns of buckets of a minute, three times; returns the least CPU seconds."""
    times = START_MS + 1000 * np.arange(values.shape[1], dtype=np.int64)
    blocks = [np.ascontiguousarray(values[row : row + 64]) for row in range(0, len(values), 64)]

    def once() -> None:
        for block in blocks:
            make_buckets(times, block, MINUTE_MS, KEPT)

    return least_s(once)


def least_s(work: Callable[[], object]) -> float:
    """Return the least CPU seconds of three runs."""
    found: list[float] = []
    for _ in range(3):
        started_s = time.process_time()
        work()
        found.append(time.process_time() - started_s)
    return min(found)


def reading_rows(folder: Path, data: HostData, days: int, series: int) -> list[Row]:
    load(folder, data, days, series)
    make(folder, days)
    rows: list[Row] = []
    tiered = {width: read(folder, days, width) for width in (MINUTE_MS, HOUR_MS)}
    for name in block_names(folder):
        if name.tier:
            (folder / name.file_name).unlink()
    for width, (tier_s, answer) in tiered.items():
        raw_s, reference = read(folder, days, width)
        check(answer, reference)
        rows.append(
            Row(name=f"{days} d x {series} series in buckets of {width // 1000} s: count, sum, min, max",
                figure=1000 * tier_s, unit="ms of CPU", reference="the same made of samples", ratio=tier_s / raw_s)
        )  # fmt: skip
        rows.append(Row(name="values decoded for it", figure=answer.samples_read, unit="values",
                        reference="samples", ratio=answer.samples_read / reference.samples_read))  # fmt: skip
    return rows


def read(folder: Path, days: int, width_ms: int) -> tuple[float, BucketSet]:
    """Select a month of buckets three times with nothing cached; returns the least CPU seconds and the answer."""
    answers: list[BucketSet] = []

    def once() -> None:
        reader = StoreReader.open_offline(folder, StoreConfig())
        answers.append(reader.select_buckets([], START_MS, START_MS + days * DAY_MS, width_ms, CHART))
        reader.close()

    return least_s(once), answers[-1]


def check(answer: BucketSet, reference: BucketSet) -> None:
    """End the program where buckets of a tier are not those of the samples."""
    found = {labels: (group, row) for group in answer.groups for row, labels in enumerate(group.labels)}
    for group in reference.groups:
        for row, labels in enumerate(group.labels):
            tiered, place = found[labels]
            for column in CHART:
                one, other = tiered.columns[column][place], group.columns[column][row]
                if not np.allclose(one, other, rtol=1e-15, atol=0.0, equal_nan=True):
                    raise SystemExit(f"{labels}: {column.name} of the tier is not that of the samples")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--series", type=int, default=10)
    options = parser.parse_args()
    data = host_data(DAY_S)
    changing = np.flatnonzero(data.values.max(axis=1) > data.values.min(axis=1))
    with tempfile.TemporaryDirectory() as temporary:
        rows = making_rows(Path(temporary) / "day", data)
    few = HostData(data.kind, tuple(data.labels[row] for row in changing), data.values[changing[: options.series]])
    with tempfile.TemporaryDirectory() as temporary:
        report("tiers", rows + reading_rows(Path(temporary) / "month", few, options.days, options.series))


if __name__ == "__main__":
    main()
