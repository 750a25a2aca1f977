"""CSV, our own and described."""

import pytest

from barograph.formats.csv_columns import CsvColumns
from barograph.formats.csv_text import CsvLines, CsvWriter, DescribedCsvLines
from barograph.model.errors import LineError
from barograph.model.labels import Labels
from barograph.model.sample import STALE
from unit.formats.bulk import Sample, read, run_of, samples, written

HEADER = "metric,a,b,timestamp_ms,value\n"
T = 1_700_000_000_000


def described(description: str, text: str, default_ms: int | None = None) -> list[Sample]:
    return samples(read(DescribedCsvLines(description, default_ms), text).take())


def test_our_own_form_is_read() -> None:
    text = HEADER + 'm,1,,5,1.5\nm,1,,6,-2\n"m,2","x ""y""",z,7,NaN\n\n' + HEADER + ",1,,8,0.5\n"
    assert samples(read(CsvLines(), text).take()) == [
        ('m{a="1"}', 5, 1.5), ('m{a="1"}', 6, -2.0), ('{"m,2", a="x \\"y\\"", b="z"}', 7, "7ff8000000000000"),
        ('{a="1"}', 8, 0.5)]  # fmt: skip


def test_a_header_may_be_given_and_count_seconds() -> None:
    given = CsvLines("metric,timestamp,value")
    assert samples(read(given, f"m,{T // 1000}.5,1\n").take()) == [("m", T + 500, 1.0)]
    assert given.header == "metric,timestamp,value"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,c\n", "line 1: 'a,b,c' is no header"),
        ("metric,a,a,timestamp_ms,value\n", "stands in it twice"),
        ("metric,,timestamp_ms,value\n", "without a name"),
        (HEADER + "m,1,2,3\n", "line 2: 'm,1' has 2 cells for 3 columns"),
        (HEADER + "m\n", "too few cells"),
        (HEADER + "m,1,2,x,3\n", "'x' is no timestamp"),
        (HEADER + "m,1,2,3,x\n", "'x' is no value"),
        (HEADER + ",,,3,1\n", "no label at all"),
        (HEADER + 'm,"1"x,2,3,1\n', "no line of CSV"),
    ],
)
def test_what_is_not_our_form_is_refused(text: str, words: str) -> None:
    with pytest.raises(LineError, match=words):
        read(CsvLines(), text)


def test_what_is_written_is_read_back() -> None:
    runs = [
        run_of(Labels.of("m", a="x,y"), [5, 6], [1.0, STALE]),
        run_of(Labels([("__name__", "n"), ("b\n", '"')]), [7], [0.25]),
        run_of(Labels.of("o"), [], []),
    ]
    text = written(CsvWriter(["a", "b\n"]), runs)
    assert text == b'metric,a,"b\n",timestamp_ms,value\nm,"x,y",,5,1\nm,"x,y",,6,StaleNaN\nn,,"""",7,0.25\n'
    found = samples(read(CsvLines(), text).take())
    assert [(row[0], row[1]) for row in found] == [('m{a="x,y"}', 5), ('m{a="x,y"}', 6), ('n{"b\\n"="\\""}', 7)]


def test_lines_of_different_lengths_are_read_as_far_as_they_are_described() -> None:
    assert described("2:metric:m,1:time:unix_s", "1,2\n1,2,3\n") == [("m", 1000, 2.0)] * 2


def test_described_columns_are_read() -> None:
    text = "GOOG,1.23,4.56,NYSE\nMSFT,,3.21,NASDAQ\n\n"
    assert described("2:metric:ask,3:metric:bid,1:label:ticker,4:label:market", text, T) == [
        ('ask{market="NYSE", ticker="GOOG"}', T, 1.23),
        ('bid{market="NYSE", ticker="GOOG"}', T, 4.56),
        ('bid{market="NASDAQ", ticker="MSFT"}', T, 3.21),
    ]
    assert described("1:metric:m", "1\n2\n", T) == [("m", T, 1.0), ("m", T, 2.0)]
    assert described("1:metric:m", "\n", T) == []


@pytest.mark.parametrize(
    ("kind", "text", "expected_ms"),
    [
        ("unix_s", "1700000000", T),
        ("unix_s", "1700000000.25", T + 250),
        ("unix_ms", "1700000000000", T),
        ("unix_ns", "1700000000000999999", T),
        ("unix_ns", "1.7e18", T),
        ("rfc3339", "2023-11-14T22:13:20Z", T),
        ("rfc3339", "2023-11-14T23:13:20.5+01:00", T + 500),
        ("custom:2006-01-02 15:04:05", "2023-11-14 22:13:20", T),
        ("custom:02/Jan/2006:15:04:05 -0700", "14/Nov/2023:23:13:20 +0100", T),
    ],
)
def test_kinds_of_time(kind: str, text: str, expected_ms: int) -> None:
    assert described(f"1:metric:m,2:time:{kind}", f"1,{text}\n") == [("m", expected_ms, 1.0)]


@pytest.mark.parametrize(
    ("description", "text", "words"),
    [
        ("2:metric:m,1:time:unix_s", "1\n", "has 1 cells; the format describes 2"),
        ("2:metric:m,1:time:unix_s", "x,1\n", "a time is no number"),
        ("2:metric:m,1:time:unix_ms", "1e30,1\n", "another unit"),
        ("2:metric:m,1:time:rfc3339", "x,1\n", "isoformat"),
        ("2:metric:m,1:time:unix_s", "1,x\n", "'x' is no value"),
        ("1:metric:m", "1\n", "no column of times"),
        ("1:metric:m", '"1"x\n', "no line of CSV"),
    ],
)
def test_lines_that_do_not_fit_a_description_are_refused(description: str, text: str, words: str) -> None:
    with pytest.raises(LineError, match=words):
        described(description, text)


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("", "describes no column"),
        ("1:metric:", "describes no column"),
        ("0:metric:m", "describes no column"),
        ("-1:metric:m", "describes no column"),
        ("²:metric:m", "describes no column"),
        ("9" * 5000 + ":metric:m", "describes no column"),
        ("1:value:m", "describes no column"),
        ("1:label:m", "needs a column of a metric"),
        ("1:metric:m,2:time:unix_s,3:time:unix_s", "at most one of times"),
        ("1:metric:m,2:label:a,3:label:a", "has two columns"),
        ("1:metric:m,2:time:noon", "is no kind of time"),
    ],
)
def test_what_is_no_description_is_refused(description: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CsvColumns.parse(description)
