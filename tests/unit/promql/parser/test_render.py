import pytest

from barograph.model.errors import QueryError
from barograph.promql.parser.parse import parse
from barograph.promql.parser.render import format_error, locate
from helpers.expressions import SIGNATURES


def rendered(text: str) -> str:
    with pytest.raises(QueryError) as caught:
        parse(text, SIGNATURES)
    return format_error(text, caught.value)


def test_a_caret_stands_under_every_blamed_character() -> None:
    assert rendered("sum(rate(foo))") == (
        '1:10: expected type range vector in call to function "rate", got instant vector\nsum(rate(foo))\n         ^^^'
    )


def test_only_the_blamed_line_is_shown() -> None:
    assert rendered("sum(\n  rat(foo[5m])\n)") == '2:3: unknown function with name "rat"\n  rat(foo[5m])\n  ^^^'


def test_what_is_missing_at_the_end_is_missing_after_the_last_word() -> None:
    assert rendered("a +\n\n ") == "1:4: unexpected end of input\na +\n   ^"


def test_an_error_over_several_lines_is_marked_on_its_first() -> None:
    assert rendered("sum(\n1,\n a)").splitlines()[1:] == ["sum(", "^^^^"]


def test_an_empty_text() -> None:
    assert rendered("") == "1:1: no expression found in input\n\n^"


def test_tabs_stay_and_wide_characters_count_twice() -> None:
    assert rendered("\t'日本e\u0301' + b").splitlines()[1:] == ["\t'日本e\u0301' + b", "\t^^^^^^^"]
    assert rendered("\ta{b='日本e\u0301'} +").splitlines()[2] == "\t" + " " * 14 + "^"


def test_an_error_without_a_place_is_its_message() -> None:
    assert format_error("a", QueryError("too much")) == "too much"


def test_lines_and_columns_count_from_one() -> None:
    assert [locate("ab\nc", position) for position in range(5)] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
