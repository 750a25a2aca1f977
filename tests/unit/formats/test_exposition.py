import numpy as np
import pytest

from barograph.formats.exposition import format_exposition, format_series, format_value, parse_exposition
from barograph.model.batch import Family, MetricType, Schema
from barograph.model.errors import FormatError
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE

_A = Family("a_total", MetricType.COUNTER, "The \\ a's.\nTwo lines.")
_B = Family("b", MetricType.GAUGE, "The b.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-3.0, "-3"),
        (999999.0, "999999"),
        (1e6, "1e+06"),
        (1783454.0, "1.783454e+06"),
        (-123456789.0, "-1.23456789e+08"),
        (10870.69, "10870.69"),
        (123456.75, "123456.75"),
        (12345678.25, "1.234567825e+07"),
        (0.0001, "0.0001"),
        (0.00001234, "1.234e-05"),
        (1e21, "1e+21"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (float("nan"), "NaN"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
    ],
)
def test_values_are_written_as_go_writes_them(value: float, text: str) -> None:
    assert format_value(value) == text


def test_a_family_has_its_heading_once_however_it_is_spread() -> None:
    first = Schema((_A, _B), (Labels.of("a_total", x="1"), Labels.of("b"), Labels.of("a_total", x="2")), (0, 1, 0))
    second = Schema((_A,), (Labels.of("a_total", x='q"\\\n'),), (0,))
    text = format_exposition([(first, np.array([1.0, 2.5, 3.0]), None), (second, np.array([4e9]), 1700)])
    assert text.decode() == (
        "# HELP a_total The \\\\ a's.\\nTwo lines.\n"
        "# TYPE a_total counter\n"
        'a_total{x="1"} 1\n'
        'a_total{x="2"} 3\n'
        'a_total{x="q\\"\\\\\\n"} 4e+09 1700\n'
        "# HELP b The b.\n"
        "# TYPE b gauge\n"
        "b 2.5\n"
    )


def test_places_without_a_sample_are_left_out_and_families_without_any_too() -> None:
    schema = Schema((_A, _B), (Labels.of("a_total"), Labels.of("b", x="1"), Labels.of("b", x="2")), (0, 1, 1))
    text = format_exposition([(schema, np.array([ABSENT, STALE, float("nan")]), None)])
    assert text == b'# HELP b The b.\n# TYPE b gauge\nb{x="2"} NaN\n'
    assert format_exposition([]) == b""


def test_a_series_without_labels_has_no_braces() -> None:
    assert format_series(Labels.of("a")) == "a"
    assert format_series(Labels.of("a", z="1", b="2")) == 'a{b="2",z="1"}'


def test_lines_of_every_kind_are_parsed() -> None:
    text = b"""
# A normal comment.
#
# TYPE name counter
name{labelname="val1",basename="basevalue"} NaN
name {labelname="val2",basename="base\\"v\\\\al\\nue"} 0.23 1234567890
# HELP name two-line\\n doc  str\\\\ing
 # HELP  name2  \tdoc str"ing 2
  #    TYPE    name2 gauge
name2{labelname="val2"\t,basename   =   "basevalue2"\t\t} +Inf 54321
name2{ labelname = "val1" , }-Inf
bare{} 08 -15
# HELP name2
# TYPE
# TYPE bare
"""
    parsed = parse_exposition(text)
    assert [(str(s.labels), s.timestamp_ms) for s in parsed.samples] == [
        ('name{basename="basevalue", labelname="val1"}', None),
        ('name{basename="base\\"v\\\\al\\nue", labelname="val2"}', 1234567890),
        ('name2{basename="basevalue2", labelname="val2"}', 54321),
        ('name2{labelname="val1"}', None),
        ("bare", -15),
    ]
    values = [s.value for s in parsed.samples]
    assert np.isnan(values[0])
    assert values[1:] == [0.23, float("inf"), float("-inf"), 8]
    assert parsed.families == {
        "name": Family("name", MetricType.COUNTER, "two-line\n doc  str\\ing"),
        "name2": Family("name2", MetricType.GAUGE, 'doc str"ing 2'),
    }


def test_only_a_line_feed_ends_a_line() -> None:
    parsed = parse_exposition('a{x="1\x1c2\r\u2028\x85"} 1\n'.encode())
    assert parsed.samples[0].labels.get("x") == "1\x1c2\r\u2028\x85"


def test_a_type_may_follow_samples_of_names_that_only_end_alike() -> None:
    parse_exposition(b"x_count 1\n# TYPE x summary\nx_sum 2\n")
    with pytest.raises(FormatError, match="TYPE of x after its samples"):
        parse_exposition(b"# TYPE y summary\ny_sum 1\ny 2\nx 1\n# TYPE x gauge\n")


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        (b"bla 3.14", "last line does not end", 8),
        (b"a 1\nb\xff 2\n", "not UTF-8", 5),
        (b'metric{label="bla"} 3.14 2 3\n', "something behind the timestamp", 27),
        (b"# HELP m one\n# HELP m two\n", "second HELP of m", 22),
        (b"# TYPE m gauge\n# TYPE m gauge\n", "second TYPE of m", 24),
        (b"\nmetric 4.12\n# TYPE metric counter\n", "TYPE of metric after its samples", 27),
        (b"# TYPE s summary\ns_sum 1\n# TYPE s_sum gauge\n# TYPE s gauge\n", "second TYPE of s", 53),
        (b"\n# TYPE met-ric\n", "no metric name", 8),
        (b"# TYPE m odd\n", "unknown type 'odd'", 9),
        (b'{label="bla"} 3.14 2\n', "no metric name", 0),
        (b'\nmetric{label="new\nline"} 3.14\n', "no quoted label value", 14),
        (b'metric{__name__="bla"} 3.14\n', "no label name", 7),
        (b"metric{label=bla} 3.14\n", "no quoted label value", 13),
        (b'metric{label "bla"} 3.14\n', "no = behind", 13),
        (b'metric{label="bla"+} 3.14\n', "no comma or closing brace", 18),
        (b'metric{a="1",a="2"} 3.14\n', "label a is given twice", 13),
        (b'metric{a="\\t"} 3.14\n', "unknown escape", 10),
        (b'a\xc3\xa4 1\nmetric{a="\xc3\xa4"} x\n', "no blank after the metric name", 1),
        (b'metric{a="\xc3\xa4"} x\n', "'x' is no value", 15),
        (b"metric 1_000\n", "'1_000' is no value", 7),
        (b"metric \n", "'' is no value", 7),
        (b"metric 1 2.5\n", "'2.5' is no timestamp", 9),
        (b"# HELP m a\\tb\n", "unknown escape", 10),
    ],
)
def test_what_is_not_of_the_format_is_refused_with_its_place(text: bytes, message: str, offset: int) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        parse_exposition(text)
    assert caught.value.offset == offset
