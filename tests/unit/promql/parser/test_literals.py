import math

import pytest

from barograph.model.errors import ParseError
from barograph.promql.ast import NumberLiteral, Span, StringLiteral
from barograph.promql.parser.lexer import tokenize
from barograph.promql.parser.literals import negated, number_literal, string_literal


def number(text: str) -> NumberLiteral:
    return number_literal(tokenize(text)[0])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1", 1),
        ("2.5", 2.5),
        (".5", 0.5),
        ("2.", 2),
        ("1e3", 1000),
        ("12.34e-6", 12.34e-6),
        ("0x8f", 143),
        ("0X_53_AB_F3_82", 0x53ABF382),
        ("1_000_000", 1_000_000),
        (".123_456_789", 0.123456789),
        # a leading zero is octal, as Go reads integers, but for digits that cannot be and fractions
        ("010", 8),
        ("0_10", 8),
        ("08", 8),
        ("019", 19),
        ("010.5", 10.5),
        ("00", 0),
        ("Inf", math.inf),
        ("iNF", math.inf),
        ("99999999999999999999", 1e20),
        ("0x" + "f" * 20, float(2**80)),
    ],
)
def test_values_of_numbers(text: str, value: float) -> None:
    assert number(text) == NumberLiteral(value, False, Span(0, len(text)))


def test_nan_is_the_one_nan() -> None:
    # equal to itself by identity, so that trees with it compare equal
    minus = tokenize("-")[0]
    assert number("nan") == number("NaN")
    assert negated(number("NaN"), minus) == NumberLiteral(math.nan, False, Span(0, 3))


@pytest.mark.parametrize("text", ["1e999", "9" * 400, "0x" + "f" * 300])
def test_a_number_beyond_floats_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="number out of range") as caught:
        number(text)
    assert (caught.value.position, caught.value.end) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h30m", 5400), ("54s321ms", 54.321), ("1y", 31_536_000), ("1w1d", 691_200), ("0s", 0)],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert number(text) == NumberLiteral(seconds, True, Span(0, len(text)))


@pytest.mark.parametrize("text", ["30m1h", "5m5m", "1ms1s", "1s" + "9" * 5000 + "ms"])
def test_units_out_of_order_or_twice(text: str) -> None:
    with pytest.raises(ParseError, match="not a valid duration string"):
        number(text)


@pytest.mark.parametrize("text", ["293y", "9223372037s"])
def test_a_duration_beyond_64_bits_of_nanoseconds(text: str) -> None:
    with pytest.raises(ParseError, match="duration out of range"):
        number(text)
    assert number("292y").value == 292 * 31_536_000


def test_a_sign_is_folded_into_the_literal() -> None:
    minus, plus = tokenize("- +")[:2]
    literal = NumberLiteral(300, True, Span(4, 6))
    assert negated(literal, minus) == NumberLiteral(-300, True, Span(0, 6))
    assert negated(literal, plus) == NumberLiteral(300, True, Span(2, 6))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a"', "a"),
        ("'a\"b'", 'a"b'),
        (r"'\a\b\f\n\r\t\v\\\''", "\a\b\f\n\r\t\v\\'"),
        (r'"\""', '"'),
        (r"`\n\x`", r"\n\x"),
        ("`a\nb`", "a\nb"),
        (r'"\101\x41\u0041\U00000041"', "AAAA"),
        (r'"\u1234\U00010111☺"', "\u1234\U00010111☺"),
        (r'"\xc3\xa9"', "é"),
        (r'"\303\251"', "é"),
        (r'"\xff"', "\udcff"),
        (r'"a\xc5z"', "a\udcc5z"),
    ],
)
def test_values_of_strings(text: str, value: str) -> None:
    assert string_literal(tokenize(text)[0]) == StringLiteral(value, Span(0, len(text)))


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        (r'"a\c"', r"unknown escape sequence \c", 2, 4),
        (r'"\'"', r"unknown escape sequence \'", 1, 3),
        (r"'\"'", r"unknown escape sequence \"", 1, 3),
        (r'"\x."', r"escape sequence \x has too few digits", 1, 3),
        (r'"\u12"', r"escape sequence \u has too few digits", 1, 3),
        (r'"\U0001"', r"escape sequence \U has too few digits", 1, 3),
        (r'"\18"', r"escape sequence \1 has too few digits", 1, 3),
        (r'"\9"', r"unknown escape sequence \9", 1, 3),
        (r'"\400"', r"escape sequence \400 is more than a byte", 1, 5),
        (r'"\ud800"', r"escape sequence \ud800 is an invalid Unicode code point", 1, 7),
        (r'"\U00110000"', r"escape sequence \U00110000 is an invalid Unicode code point", 1, 11),
    ],
)
def test_bad_escapes_are_blamed_on_themselves(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        string_literal(tokenize(text)[0])
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)
