"""OpenMetrics text in bulk."""

import pytest

from barograph.formats.bulk_read import BulkReader, ReadOptions
from barograph.formats.exposition import parse_exposition
from barograph.formats.openmetrics import OpenMetricsLines, OpenMetricsWriter
from barograph.model.batch import Family, MetricType
from barograph.model.columns import order_key
from barograph.model.errors import LineError
from barograph.model.labels import Labels
from barograph.model.sample import STALE
from unit.formats.bulk import read, run_of, samples, written

T = 1_700_000_000


def parsed(text: str, default_ms: int | None = None) -> BulkReader:
    options = ReadOptions(default_ms=default_ms)
    return read(OpenMetricsLines(options), text, options)


def families(text: str) -> list[Family]:
    return list(parsed(text).take().families)


def test_samples_of_both_dialects_are_read() -> None:
    text = f"""# HELP a A.
# TYPE a gauge
a {{ x="1 2" , y="z"}} 1 {T}
a{{x="1 2",y="z"}} 2 {T + 1}.5
a{{y="z",x="1 2"}}\t3 \t{T + 2}000
b 4 {T} # {{trace="t"}} 0.5 {T}

# EOF
"""
    a, b = 'a{x="1 2", y="z"}', "b"
    assert samples(parsed(text).take()) == [
        (a, T * 1000, 1.0), (a, T * 1000 + 1500, 2.0), (a, (T + 2) * 1000, 3.0), (b, T * 1000, 4.0)]  # fmt: skip


def test_a_line_without_a_timestamp_takes_the_default_or_is_refused() -> None:
    text = 'a{b="c d"} 1\na 2 # {t="u"} 1\n'
    assert [row[1] for row in samples(parsed(text, 5001).take())] == [5001, 5001]
    with pytest.raises(LineError, match="line 1: no timestamp in"):
        parsed(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a", "no value behind 'a'"),
        ("a{b='c'} 1 1", "no value in quotes"),
        ("a 1 1 2", "'2' behind the timestamp"),
        ("a 1  x", "'x' is no timestamp"),
        ("# TYPE a number", "'number' is no type"),
    ],
)
def test_what_is_no_line_is_refused(text: str, words: str) -> None:
    with pytest.raises(LineError, match=words):
        parsed(text + "\n")


def test_families_are_named_as_barograph_names_them() -> None:
    text = """# TYPE c counter
# HELP c Counts\\nall.
# UNIT c seconds
# TYPE old_total counter
# TYPE h histogram
# TYPE s summary
# TYPE i info
# TYPE u unknown
# a remark
c_total 1 1
old_total 1 1
h_bucket{le="1"} 1 1
h_sum 1 1
s{quantile="0.5"} 1 1
s_count 1 1
i_info 1 1
u 1 1
none 1 1
"""
    untyped, counter = MetricType.UNTYPED, MetricType.COUNTER
    assert families(text) == [
        Family("c_total", counter, "Counts\nall."),
        Family("old_total", counter, ""),
        Family("h", MetricType.HISTOGRAM, ""),
        Family("h", MetricType.HISTOGRAM, ""),
        Family("s", MetricType.SUMMARY, ""),
        Family("s", MetricType.SUMMARY, ""),
        Family("i_info", MetricType.GAUGE, ""),
        Family("u", untyped, ""),
        Family("none", untyped, ""),
    ]


def test_a_family_is_written_once_with_its_samples() -> None:
    counter = Family("c_total", MetricType.COUNTER, 'A "quoted"\nline \\ more.')
    runs = [
        run_of(Labels.of("c_total", a="1"), [T * 1000, T * 1000 + 500], [1.0, STALE], counter),
        run_of(Labels.of("c_total", a="2"), [T * 1000], [2.5], counter),
        run_of(Labels.of("d"), [T * 1000], [float("nan")], Family("d", MetricType.COUNTER, "")),
        run_of(Labels([("__name__", "e.f")]), [0], [0.0]),
        run_of(Labels.of(only="label"), [0], [0.0]),
    ]
    assert (
        written(OpenMetricsWriter(), runs).decode()
        == f"""# HELP c A \\"quoted\\"\\nline \\\\ more.
# TYPE c counter
c_total{{a="1"}} 1 {T}
c_total{{a="1"}} nAN {T}.500
c_total{{a="2"}} 2.5 {T}
# TYPE d unknown
d NaN {T}
# TYPE "e.f" unknown
{{"e.f"}} 0 0
{{only="label"}} 0 0
# EOF
"""
    )


def test_a_family_goes_on_over_calls() -> None:
    writer = OpenMetricsWriter()
    run = run_of(Labels.of("a"), [0], [1.0])
    assert writer.write([run]) == b"# TYPE a unknown\na 1 0\n"
    assert writer.write([run]) == b"a 1 0\n"


def test_series_of_a_histogram_are_written_timestamp_by_timestamp() -> None:
    family = Family("h", MetricType.HISTOGRAM, "")
    times = [1000, 2000]
    runs = [
        run_of(Labels.of("h_bucket", le=le, x=x), times, [1.0, 2.0], family)
        for x in ("1", "2") for le in ("+Inf", "10", "9")
    ]  # fmt: skip
    runs += [run_of(Labels.of(f"h_{part}", x="1"), times, [1.0, 2.0], family) for part in ("sum", "count")]
    summary = Family("s", MetricType.SUMMARY, "")
    runs += [run_of(Labels.of("s", quantile="odd"), times, [5.0, 6.0], summary)]
    runs += [run_of(Labels.of("s_sum"), times, [5.0, 6.0], summary)]
    text = written(OpenMetricsWriter(), sorted(runs, key=lambda run: order_key(run.labels, run.family))).decode()
    lines = [line.split(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    assert lines[:5] == ['h_bucket{le="9",x="1"}', 'h_bucket{le="10",x="1"}', 'h_bucket{le="+Inf",x="1"}',
                          'h_count{x="1"}', 'h_sum{x="1"}']  # fmt: skip
    assert lines[5:10] == lines[:5]
    assert lines[-4:] == ['s{quantile="odd"}', "s_sum", 's{quantile="odd"}', "s_sum"]
    assert len(samples(parsed(text).take())) == 20


def test_what_is_written_is_a_prometheus_text_but_for_the_end() -> None:
    run = run_of(Labels.of("a", b="c d"), [T * 1000], [1.5], Family("a", MetricType.GAUGE, "Help."))
    text = written(OpenMetricsWriter(), [run])
    (sample,) = parse_exposition(text).samples
    assert (sample.labels, sample.value, sample.timestamp_ms) == (Labels.of("a", b="c d"), 1.5, T)
