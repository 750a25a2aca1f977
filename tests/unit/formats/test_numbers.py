"""Values and timestamps as text: columns of them, and every special value."""

import numpy as np
import pytest

from barograph.formats.numbers import (
    format_list,
    format_seconds,
    format_values,
    parse_milliseconds,
    parse_timestamps,
    parse_value,
    parse_values,
)
from barograph.model.sample import STALE_BITS

NAN, GO_NAN = 0x7FF8000000000000, 0x7FF8000000000001


def bits(*values: float) -> list[int]:
    return [int(each) for each in np.array(values, np.float64).view(np.uint64)]


def from_bits(*numbers: int) -> "np.typing.NDArray[np.float64]":
    return np.array(numbers, np.uint64).view(np.float64)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", bits(1.0)),
        ("-0", bits(-0.0)),
        ("-0e5", bits(-0.0)),
        ("+1.5", bits(1.5)),
        (".5", bits(0.5)),
        ("5.", bits(5.0)),
        ("1e-320", bits(1e-320)),
        ("9007199254740993", bits(9007199254740992.0)),
        ("123456789012345678901234567890", bits(123456789012345678901234567890.0)),
        ("NaN", [NAN]),
        ("nan", [NAN]),
        ("Nan", [GO_NAN]),
        ("nAN", [STALE_BITS]),
        ("StaleNaN", [STALE_BITS]),
        ("NaN(fff8000000000000)", [0xFFF8000000000000]),
        ("+Inf", bits(float("inf"))),
        ("-inf", bits(float("-inf"))),
        ("Infinity", bits(float("inf"))),
    ],
)
def test_a_value_is_parsed_alone_and_among_others(text: str, expected: list[int]) -> None:
    assert bits(parse_value(text)) == expected
    assert bits(*parse_values(["1.25", text, "3"])) == [*bits(1.25), *expected, *bits(3.0)]


@pytest.mark.parametrize(
    "text", ["", "x", "1_0", "true", '"5"', "[1]", "1,2", "0x10", " 1", "1e400", "NaN(1)", "NaN(3ff0000000000000)", "١"]
)
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no value|larger than"):
        parse_value(text)
    with pytest.raises(ValueError, match=r"is no value|larger than"):
        parse_values([text])
    with pytest.raises(ValueError, match=r"is no value|larger than"):
        parse_values(["1", text])


def test_no_texts_are_no_values() -> None:
    assert parse_values([]).tolist() == []
    assert parse_timestamps([]).tolist() == []
    assert parse_milliseconds([]).tolist() == []


def test_timestamps_are_seconds_or_from_1973_on_milliseconds() -> None:
    texts = ["1700000000", "1700000000.001", "1700000000123", "0.005", "1e9", "99999999999", "+7"]
    expected = [1700000000000, 1700000000001, 1700000000123, 5, 10**12, 99999999999000, 7000]
    assert parse_timestamps(texts).tolist() == expected
    assert parse_timestamps(["1700000000"]).dtype == np.int64


@pytest.mark.parametrize("text", ["", "now", "NaN", "1e300", "99999999999999999999", "true"])
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="timestamp"):
        parse_timestamps([text])
    with pytest.raises(ValueError, match="timestamp"):
        parse_milliseconds(["1", text])


def test_milliseconds_are_whole() -> None:
    assert parse_milliseconds(["5", "-7"]).tolist() == [5, -7]
    with pytest.raises(ValueError, match=r"'1\.5' is no timestamp"):
        parse_milliseconds(["1", "1.5"])


def test_values_are_written_short_and_read_back_bit_for_bit() -> None:
    values = np.array([1.0, -0.0, 0.0, -10.0, 1e16, 1.5e-7, 0.1, -1e-10, 1e300, float("inf"), float("-inf")])
    values = np.append(values, from_bits(NAN, GO_NAN, STALE_BITS, 0xFFF8000000000000))
    texts = format_values(values)
    assert texts[:4] == [b"1", b"-0.0", b"0", b"-10"]
    assert texts[9:] == [b"+Inf", b"-Inf", b"NaN", b"Nan", b"StaleNaN", b"NaN(fff8000000000000)"]
    assert bits(*parse_values([text.decode() for text in texts])) == bits(*values)
    assert format_values(from_bits(STALE_BITS), "nAN") == [b"nAN"]
    assert format_values(np.zeros(0)) == []


def test_a_list_keeps_the_sign_of_zero() -> None:
    assert format_list(np.array([-0.0])) == b"[-0.0]"
    assert format_list(np.array([-0.0, 2.0, -20.0, -0.0])) == b"[-0.0,2,-20,-0.0]"
    assert format_list(np.zeros(0)) == b"[]"


def test_seconds_have_decimals_only_where_they_need_them() -> None:
    assert format_seconds(np.array([1000, 2000])) == [b"1", b"2"]
    assert format_seconds(np.array([1000, 2005, -1500])) == [b"1", b"2.005", b"-1.500"]
