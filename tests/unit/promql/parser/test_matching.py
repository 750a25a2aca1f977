import math

import pytest

from barograph.model.errors import ParseError, TypeMismatchError
from barograph.promql.ast import Aggregate, Binary, Cardinality, VectorMatching
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES

ONE = Cardinality.ONE_TO_ONE
MANY = Cardinality.MANY_TO_MANY


def binary(text: str) -> Binary:
    expr = parse(text, SIGNATURES)
    assert isinstance(expr, Binary)
    return expr


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ("a * b", VectorMatching(ONE, False, (), (), None, None)),
        ("a and b", VectorMatching(MANY, False, (), (), None, None)),
        ("a AND on() b", VectorMatching(MANY, True, (), (), None, None)),
        ("a unless on(x) b", VectorMatching(MANY, True, ("x",), (), None, None)),
        ("a or ignoring(x, y,) b", VectorMatching(MANY, False, ("x", "y"), (), None, None)),
        ("a * on(x,y) b", VectorMatching(ONE, True, ("x", "y"), (), None, None)),
        ("a * on(x) group_left b", VectorMatching(Cardinality.MANY_TO_ONE, True, ("x",), (), None, None)),
        ("a * on(x) GROUP_LEFT() b", VectorMatching(Cardinality.MANY_TO_ONE, True, ("x",), (), None, None)),
        (
            "a - ignoring(x) group_right(y, `z.z`) b",
            VectorMatching(Cardinality.ONE_TO_MANY, False, ("x",), ("y", "z.z"), None, None),
        ),
        ("a / ignoring(x) group_left(x) b", VectorMatching(Cardinality.MANY_TO_ONE, False, ("x",), ("x",), None, None)),
        ("a + fill(0) b", VectorMatching(ONE, False, (), (), 0, 0)),
        ("a + fill_left(-1.5) b", VectorMatching(ONE, False, (), (), -1.5, None)),
        ("a + fill_right (+5m) b", VectorMatching(ONE, False, (), (), None, 300)),
        ("a + fill_right(1) fill_left(-Inf) b", VectorMatching(ONE, False, (), (), -math.inf, 1)),
        (
            "a == bool on(x) group_left(y) fill(NaN) b",
            VectorMatching(Cardinality.MANY_TO_ONE, True, ("x",), ("y",), math.nan, math.nan),
        ),
        # the words are metrics where no parenthesis follows
        ("fill + fill_left", VectorMatching(ONE, False, (), (), None, None)),
    ],
)
def test_modifiers_of_binary_operators(text: str, matching: VectorMatching) -> None:
    assert binary(text).matching == matching


def test_nothing_matches_where_one_side_is_a_scalar() -> None:
    assert binary("a > bool 1").matching is None
    assert binary("1 + on() 2").matching is None


def test_bool_returns_zero_or_one() -> None:
    assert binary("1 == bool 1").return_bool
    assert not binary("a == b").return_bool


def test_labels_may_be_keywords_and_quoted() -> None:
    labels = "and, by, without, ON, bool, sum, offset, inf, `a b`, '日本', alert"
    expr = parse(f"sum without({labels}) (a)", SIGNATURES)
    assert isinstance(expr, Aggregate)
    assert expr.grouping == tuple(label.strip("`'") for label in labels.split(", "))


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ("a - on(b) ignoring(c) d", 'unexpected keyword "ignoring"', 10, 18),
        ("a + group_left(b) c", 'unexpected keyword "group_left"', 4, 14),
        ("a + on(b) bool c", 'unexpected keyword "bool"', 10, 14),
        ("a + fill(0) on(b) c", 'unexpected keyword "on"', 12, 14),
        ("a + on b", 'unexpected identifier "b" in grouping opts, expected "("', 7, 8),
        ("a + on(b c) d", 'unexpected identifier "c" in grouping opts, expected "," or ")"', 9, 10),
        ("a + on(", "unexpected end of input in grouping opts, expected label", 7, 8),
        ("sum without(==)(a)", 'unexpected "==" in grouping opts, expected label', 12, 14),
        ("sum without(,)(a)", 'unexpected "," in grouping opts, expected label', 12, 13),
        ("sum without(b,,)(a)", 'unexpected "," in grouping opts, expected label', 14, 15),
        ("sum by (a:b)(a)", 'unexpected metric identifier "a:b" in grouping opts, expected label', 8, 11),
        ("sum by (1)(a)", 'unexpected number "1" in grouping opts, expected label', 8, 9),
        ('sum by ("")(a)', 'invalid label name ""', 8, 10),
        (r'sum by ("\xff")(a)', r'invalid label name "\xff"', 8, 14),
        ("a + fill(x) b", 'unexpected identifier "x" in fill, expected number', 9, 10),
        ("a + fill() b", 'unexpected ")" in fill, expected number', 9, 10),
        ("a + fill(1 b", 'unexpected identifier "b" in fill, expected ")"', 11, 12),
        ("a + fill(1) fill_left(2) b", '"fill_left" sets a value that is already set', 12, 21),
        ("a + fill_left(1) fill(2) b", '"fill" sets a value that is already set', 17, 21),
        ("a + fill_right(1) fill_right(2) b", '"fill_right" sets a value that is already set', 18, 28),
        ("a + bool b", "bool modifier can only be used on comparison operators", 4, 8),
        ("a and bool b", "bool modifier can only be used on comparison operators", 6, 10),
        ("a </ bool b", "bool modifier can only be used on comparison operators", 5, 9),
        ("a and on(b) group_left(c) d", 'no grouping allowed for "and" operation', 6, 25),
        ("a or ignoring(b) group_right d", 'no grouping allowed for "or" operation', 5, 28),
        ("a unless fill(1) b", "filling in missing series not allowed for set operators", 9, 16),
        ("a or fill_right(1) b", "filling in missing series not allowed for set operators", 5, 18),
        ("a * on(b,c) group_left(d,c) e", 'label "c" must not occur in ON and GROUP clause at once', 4, 27),
    ],
)
def test_bad_modifiers_are_blamed_on_their_characters(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ("a == on(b) 10", "vector matching only allowed between instant vectors", 5, 10),
        ("1 + ignoring(b) 10", "vector matching only allowed between instant vectors", 4, 15),
        ("a + fill(1) 10", "filling in missing series only allowed between instant vectors", 4, 11),
        ("10 + fill_right(1) a", "filling in missing series only allowed between instant vectors", 5, 18),
    ],
)
def test_modifiers_need_two_vectors(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)
