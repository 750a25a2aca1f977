from dataclasses import replace

import pytest

from barograph.model.errors import ParseError, TypeMismatchError
from barograph.model.matcher import Matcher, MatchOp
from barograph.promql.ast import (
    At,
    AtKind,
    Expr,
    MatrixSelector,
    NumberLiteral,
    RangeMode,
    Span,
    Subquery,
    VectorSelector,
)
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES, without_spans

FOO = VectorSelector("foo", (Matcher("__name__", MatchOp.EQUAL, "foo"),), None, None, RangeMode.NONE, Span(0, 3))


def read(text: str) -> Expr:
    return parse(text, SIGNATURES)


def test_a_range_keeps_the_selector_s_own_span() -> None:
    assert read("foo[5m]") == MatrixSelector(FOO, NumberLiteral(300, True, Span(4, 6)), Span(0, 7))


def test_modifiers_of_a_selector_lengthen_it() -> None:
    assert read("foo OFFSET -5m @ 1.5") == replace(
        FOO,
        offset=NumberLiteral(-300, True, Span(11, 14)),
        at=At(AtKind.TIMESTAMP, 1500, Span(15, 20)),
        span=Span(0, 20),
    )


def test_modifiers_of_a_range_stand_on_its_selector() -> None:
    inner = replace(
        FOO,
        offset=NumberLiteral(60, True, Span(24, 26)),
        at=At(AtKind.END, 0, Span(27, 34)),
        mode=RangeMode.SMOOTHED,
    )
    inner = replace(inner, span=Span(0, 3))
    expected = MatrixSelector(inner, NumberLiteral(300, True, Span(4, 6)), Span(0, 34))
    assert read("foo[5m] smoothed offset 1m @ end()") == expected


def test_a_subquery_keeps_its_own_modifiers() -> None:
    assert read("foo[5m:1m] offset 2m @ start()") == Subquery(
        FOO,
        NumberLiteral(300, True, Span(4, 6)),
        NumberLiteral(60, True, Span(7, 9)),
        NumberLiteral(120, True, Span(18, 20)),
        At(AtKind.START, 0, Span(21, 30)),
        Span(0, 30),
    )


def test_a_subquery_of_what_has_modifiers() -> None:
    expr = read("foo offset 1m @ 5 [10m:]")
    assert isinstance(expr, Subquery)
    assert (expr.step, expr.offset, expr.at) == (None, None, None)
    assert expr.expr == read("foo offset 1m @ 5")


@pytest.mark.parametrize("text", ["foo{} offset 5m @ 7", "foo[5m] offset 5m @ 7", "foo[5m:1m] offset 5m @ 7"])
def test_the_order_of_modifiers_does_not_matter(text: str) -> None:
    swapped = text.replace("offset 5m @ 7", "@ 7 offset 5m")
    assert without_spans(read(text)) == without_spans(read(swapped))


@pytest.mark.parametrize(
    ("text", "timestamp_ms"),
    [
        ("1603774568", 1603774568000),
        ("-100", -100000),
        ("+5", 5000),
        (".3", 300),
        ("3.", 3000),
        ("3.3333", 3333),
        ("3.3335", 3334),
        ("-3.3335", -3334),
        ("3e-1", 300),
        ("0xA", 10000),
        ("1m", 60000),
    ],
)
def test_timestamps_in_milliseconds(text: str, timestamp_ms: int) -> None:
    expr = read(f"foo @ {text}")
    assert isinstance(expr, VectorSelector)
    assert expr.at == At(AtKind.TIMESTAMP, timestamp_ms, Span(4, 6 + len(text)))


@pytest.mark.parametrize(("text", "mode"), [("anchored", RangeMode.ANCHORED), ("SMOOTHED", RangeMode.SMOOTHED)])
def test_extended_ranges(text: str, mode: RangeMode) -> None:
    assert read(f"foo {text}") == replace(FOO, mode=mode, span=Span(0, 12))
    matrix = read(f"rate(foo[5m] {text})").args[0]  # type: ignore[union-attr]
    assert matrix.selector.mode is mode  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ("foo offset 1s offset 2s", "offset may not be set multiple times", 14, 23),
        ("foo offset 0 offset 0", "offset may not be set multiple times", 13, 21),
        ("foo @ 1 @ 2", "@ <timestamp> may not be set multiple times", 8, 11),
        ("foo @ start() @ 2", "@ <timestamp> may not be set multiple times", 14, 17),
        ("foo offset 1m[5m]", "no offset modifiers allowed before range", 13, 17),
        ("foo @ 1234 [5m]", "no @ modifiers allowed before range", 11, 15),
        ("foo @ end()[5m]", "no @ modifiers allowed before range", 11, 15),
        ("(foo + bar)[5m]", "ranges only allowed for vector selectors", 11, 15),
        ("(foo)[5m]", "ranges only allowed for vector selectors", 5, 9),
        ("foo[5m][5m]", "ranges only allowed for vector selectors", 7, 11),
        ("1[5m] smoothed", "ranges only allowed for vector selectors", 1, 5),
        ("foo[5m:1m", 'unexpected end of input in subquery selector, expected "]"', 9, 10),
        ("foo[5m", 'unexpected end of input in subquery or range, expected ":" or "]"', 6, 7),
        ("foo[5m:1m:1m]", 'unexpected ":" in subquery selector, expected "]"', 9, 10),
        ("foo @", "unexpected end of input in @, expected timestamp", 5, 6),
        ("foo @ bar", 'unexpected identifier "bar" in @, expected timestamp', 6, 9),
        ("foo @ (1)", 'unexpected "(" in @, expected timestamp', 6, 7),
        ("foo @ start", 'unexpected end of input in @, expected "("', 11, 12),
        ("foo @ start(1)", 'unexpected number "1" in @, expected ")"', 12, 13),
        ("foo @ -Inf", "timestamp out of bounds for @ modifier: inf", 6, 10),
        ("foo @ NaN", "timestamp out of bounds for @ modifier: nan", 6, 9),
        ("foo @ 1e300", "timestamp out of bounds for @ modifier: 1e+300", 6, 11),
        ("foo[5m] anchored smoothed", "anchored and smoothed modifiers cannot be used together", 17, 25),
        ("foo[5m:1m] anchored", "anchored modifier is not supported for subqueries", 11, 19),
    ],
)
def test_modifiers_in_the_wrong_place(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        read(text)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


@pytest.mark.parametrize(
    ("text", "what", "position"),
    [
        ("1 offset 1d", "offset modifier", 2),
        ("sum(foo) offset 5m", "offset modifier", 9),
        ("rate(foo[5m]) @ 1234", "@ modifier", 14),
        ("(foo) anchored", "anchored modifier", 6),
    ],
)
def test_modifiers_follow_selectors_only(text: str, what: str, position: int) -> None:
    with pytest.raises(ParseError) as caught:
        read(text)
    expected = f"{what} must be preceded by an instant vector selector or range vector selector or a subquery"
    assert (caught.value.message, caught.value.position) == (expected, position)


@pytest.mark.parametrize(
    ("text", "got", "end"),
    [
        ("foo[5d] OFFSET 10s [10m:5s]", "range vector", 18),
        ("(foo)[5m:][10m:5s]", "range vector", 10),
        ("1[5m:]", "scalar", 1),
        ("'x'[5m:]", "string", 3),
    ],
)
def test_subqueries_are_on_instant_vectors(text: str, got: str, end: int) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        read(text)
    assert caught.value.message == f"subquery is only allowed on instant vector, got {got} instead"
    assert (caught.value.position, caught.value.end) == (0, end)
