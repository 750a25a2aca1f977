"""What any store holds survives each bulk format, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.formats.bulk_read import LineFormat, ReadOptions
from barograph.formats.csv_text import CsvLines, CsvWriter
from barograph.formats.json_lines import JsonLines, JsonLinesWriter
from barograph.formats.openmetrics import OpenMetricsLines, OpenMetricsWriter
from barograph.formats.run_writer import RunWriter
from barograph.model.batch import Family, MetricType
from barograph.model.columns import SampleColumns, SeriesRun, order_key
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS
from unit.formats.bulk import read, written

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
NAMES = TEXTS.filter(lambda name: name != METRIC_NAME)
BITS = st.one_of(
    st.floats(width=64).map(lambda value: int(np.float64(value).view(np.uint64))),
    st.integers(0, 2**64 - 1),
    st.sampled_from([STALE_BITS, 0x7FF8000000000000, 0x7FF8000000000001, 0xFFF8000000000000, 1 << 63]),
).filter(lambda bits: bits != ABSENT_BITS)


@st.composite
def runs(draw: st.DrawFn) -> list[SeriesRun]:
    found: list[SeriesRun] = []
    for pairs in draw(st.lists(st.dictionaries(NAMES, TEXTS, max_size=3), min_size=1, max_size=4)):
        name = draw(st.one_of(st.sampled_from(["m", "m_total", "h_bucket"]), TEXTS))
        labels = Labels.from_mapping({**pairs, METRIC_NAME: name})
        if labels in [run.labels for run in found]:
            continue
        times = sorted(draw(st.sets(st.integers(0, 99_999_999_999_999), min_size=1, max_size=5)))
        bits = draw(st.lists(BITS, min_size=len(times), max_size=len(times)))
        kind = MetricType.COUNTER if name.endswith("_total") else MetricType.GAUGE
        family = Family(name, kind, draw(st.sampled_from(["", "Help.", 'a "b"\n\\'])))
        values = np.array(bits, np.uint64).view(np.float64)
        found.append(SeriesRun(labels, family, np.array(times, np.int64), values))
    return sorted(found, key=lambda run: order_key(run.labels, run.family))


def by_series(columns: SampleColumns) -> dict[tuple[Labels, int], int]:
    found: dict[tuple[Labels, int], int] = {}
    bits = columns.values.view(np.uint64).tolist()
    for number, at, value in zip(columns.series.tolist(), columns.timestamps_ms.tolist(), bits, strict=True):
        found[columns.labels[number], at] = value
    return found


def pair(name: str, given_runs: list[SeriesRun]) -> tuple[RunWriter, LineFormat]:
    if name == "openmetrics":
        return OpenMetricsWriter(), OpenMetricsLines(ReadOptions())
    if name == "csv":
        names = sorted({key for run in given_runs for key, _ in run.labels if key != METRIC_NAME})
        return CsvWriter(names), CsvLines()
    return JsonLinesWriter(), JsonLines()


@pytest.mark.parametrize("name", ["openmetrics", "csv", "jsonl"])
@given(given_runs=runs(), piece=st.integers(1, 200))
@settings(deadline=None, max_examples=60)
def test_samples_survive(name: str, given_runs: list[SeriesRun], piece: int) -> None:
    writer, form = pair(name, given_runs)
    text = written(writer, given_runs)
    found = by_series(read(form, text, piece=piece).take())
    assert found == {
        (run.labels, at): bits
        for run in given_runs
        for at, bits in zip(run.timestamps_ms.tolist(), run.values.view(np.uint64).tolist(), strict=True)
    }
