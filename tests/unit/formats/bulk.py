"""Reading and writing whole texts, for the tests of the bulk formats."""

import math
from collections.abc import Sequence

import numpy as np

from barograph.formats.bulk_read import BulkReader, LineFormat, ReadOptions
from barograph.formats.run_writer import RunWriter
from barograph.model.batch import Family, MetricType
from barograph.model.columns import SampleColumns, SeriesRun
from barograph.model.labels import Labels

Sample = tuple[str, int, float | str]
"""Series, ms and value; a NaN as the hex of its bits, so that samples can be compared."""


def read(form: LineFormat, text: str | bytes, options: ReadOptions | None = None, piece: int = 1 << 20) -> BulkReader:
    reader = BulkReader(form, options or ReadOptions())
    data = text.encode() if isinstance(text, str) else text
    for start in range(0, len(data), piece):
        reader.feed(data[start : start + piece])
    reader.finish()
    return reader


def samples(columns: SampleColumns) -> list[Sample]:
    return [
        (str(columns.labels[number]), at, plain(value))
        for number, at, value in zip(
            columns.series.tolist(), columns.timestamps_ms.tolist(), columns.values, strict=True
        )
    ]


def plain(value: np.float64) -> float | str:
    return f"{int(value.view(np.uint64)):016x}" if math.isnan(value) or value == 0 else float(value)


def run_of(labels: Labels, times: Sequence[int], values: Sequence[float], family: Family | None = None) -> SeriesRun:
    known = family or Family(labels.name, MetricType.UNTYPED, "")
    return SeriesRun(labels, known, np.array(times, np.int64), np.array(values, np.float64))


def written(writer: RunWriter, runs: Sequence[SeriesRun]) -> bytes:
    return writer.begin() + writer.write(runs) + writer.end()
