"""The parser against its printer, and against texts that nobody would write."""

import math
from dataclasses import replace

import orjson
from hypothesis import given
from hypothesis import strategies as st

from barograph.model.errors import ParseError, QueryError, TypeMismatchError
from barograph.model.matcher import Matcher, MatchOp
from barograph.promql.ast import (
    Aggregate,
    At,
    AtKind,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    RangeMode,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)
from barograph.promql.parser.check import value_type
from barograph.promql.parser.describe import describe_expr
from barograph.promql.parser.parse import parse
from barograph.promql.parser.pretty import pretty_expr
from barograph.promql.parser.printer import print_expr
from barograph.promql.parser.render import format_error
from helpers.expressions import SIGNATURES, without_spans

SPAN = Span(0, 0)
VECTOR_CALLS = sorted(
    n for n, s in SIGNATURES.items() if s.args == (ValueType.VECTOR,) and s.returns is ValueType.VECTOR
)
MATRIX_CALLS = sorted(name for name, signature in SIGNATURES.items() if signature.args == (ValueType.MATRIX,))

texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from(["\udcff", "'", '"', "\\", "\n"]), max_size=6
)
label_names = st.sampled_from(["job", "le", "by", "without", "inf", "a.b", "日本", "bool", "on"]) | st.text(
    min_size=1, max_size=4
)
labels = st.lists(label_names, max_size=3, unique=True).map(tuple)
numbers = st.floats(allow_nan=False) | st.integers(-1000, 1000).map(float) | st.just(math.nan)
number_literals = st.builds(NumberLiteral, numbers, st.just(False), st.just(SPAN))


def milliseconds(least: int, most: int) -> st.SearchStrategy[NumberLiteral]:
    return st.integers(least, most).map(lambda ms: NumberLiteral(ms / 1000, True, SPAN))


positive = milliseconds(1, 10**12)
steps = st.sampled_from([Call("step", (), SPAN, SPAN), Call("range", (), SPAN, SPAN)])


def arithmetic(operands: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Durations that stay positive, so that they may stand in brackets."""
    return st.one_of(
        st.builds(lambda inner: Paren(inner, SPAN), operands),
        st.builds(
            lambda op, lhs, rhs: Paren(Binary(op, lhs, rhs, None, False, SPAN, SPAN), SPAN),
            st.just("+"),
            operands,
            operands,
        ),
        st.builds(
            lambda name, first, second: Call(name, (first, second), SPAN, SPAN),
            st.sampled_from(["min_of", "max_of"]),
            operands,
            operands,
        ),
    )


durations: st.SearchStrategy[Expr] = st.recursive(st.one_of(positive, steps), arithmetic, max_leaves=3)
offsets: st.SearchStrategy[Expr] = st.one_of(
    milliseconds(-(10**12), 10**12),
    steps,
    durations.map(lambda duration: duration if isinstance(duration, Call) else Paren(duration, SPAN)),
    steps.map(lambda call: Unary("-", call, SPAN)),
)
ats = st.one_of(
    st.integers(-(10**15), 10**15).map(lambda ms: At(AtKind.TIMESTAMP, ms, SPAN)),
    st.sampled_from([At(AtKind.START, 0, SPAN), At(AtKind.END, 0, SPAN)]),
)
matchers = st.one_of(
    st.builds(Matcher, label_names, st.sampled_from([MatchOp.EQUAL, MatchOp.NOT_EQUAL]), texts),
    st.builds(Matcher, label_names, st.just(MatchOp.REGEX), st.sampled_from([".+", "a|b", "\\d+", "é.*"])),
)


@st.composite
def selectors(draw: st.DrawFn) -> VectorSelector:
    name = draw(st.sampled_from(["foo", "a:b", "sum", "by", "offset", ":x", "fill", ""]))
    first = Matcher("__name__", MatchOp.EQUAL, name or draw(st.sampled_from(["my.metric", "日本", "x y"])))
    rest = draw(st.lists(matchers, max_size=3))
    return VectorSelector(
        name,
        (first, *rest),
        draw(st.none() | offsets),
        draw(st.none() | ats),
        draw(st.sampled_from(RangeMode)),
        SPAN,
    )


@st.composite
def matchings(draw: st.DrawFn, op: str) -> VectorMatching:
    on = draw(st.booleans())
    matched = draw(labels)
    if op in ("and", "or", "unless"):
        return VectorMatching(Cardinality.MANY_TO_MANY, on, matched, (), None, None)
    cardinality = draw(st.sampled_from([Cardinality.ONE_TO_ONE, Cardinality.MANY_TO_ONE, Cardinality.ONE_TO_MANY]))
    include = () if cardinality is Cardinality.ONE_TO_ONE else draw(labels)
    include = tuple(label for label in include if not (on and label in matched))
    fills = [draw(st.none() | numbers) for _ in range(2)]
    return VectorMatching(cardinality, on, matched, include, *fills)


@st.composite
def binaries(draw: st.DrawFn, vectors: st.SearchStrategy[Expr]) -> Expr:
    comparisons = ["==", "!=", "<", "<=", ">", ">="]
    op = draw(st.sampled_from(["+", "-", "*", "/", "%", "^", "atan2", "</", ">/", "and", "or", "unless", *comparisons]))
    return_bool = op in comparisons and draw(st.booleans())
    # operands in parentheses: precedence has its own tests
    lhs: Expr = Paren(draw(vectors), SPAN)
    if op not in ("and", "or", "unless") and draw(st.booleans()):
        return Paren(Binary(op, lhs, draw(number_literals), None, return_bool, SPAN, SPAN), SPAN)
    rhs = Paren(draw(vectors), SPAN)
    return Paren(Binary(op, lhs, rhs, draw(matchings(op)), return_bool, SPAN, SPAN), SPAN)


def ranges(selector: VectorSelector, duration: Expr) -> Expr:
    return MatrixSelector(selector, duration, SPAN)


def vectors_of(vectors: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    matrices = st.one_of(
        st.builds(ranges, selectors(), durations),
        st.builds(
            Subquery,
            vectors.map(lambda inner: inner if not isinstance(inner, Unary) else Paren(inner, SPAN)),
            durations,
            st.none() | durations,
            st.none() | offsets,
            st.none() | ats,
            st.just(SPAN),
        ),
    )
    return st.one_of(
        vectors.map(lambda inner: Paren(inner, SPAN)),
        vectors.map(lambda inner: Unary("-", inner, SPAN)),
        binaries(vectors),
        st.builds(lambda name, arg: Call(name, (arg,), SPAN, SPAN), st.sampled_from(VECTOR_CALLS), vectors),
        st.builds(lambda name, arg: Call(name, (arg,), SPAN, SPAN), st.sampled_from(MATRIX_CALLS), matrices),
        st.builds(
            lambda vector, label: Call("sort_by_label", (vector, StringLiteral(label, SPAN)), SPAN, SPAN),
            vectors,
            texts,
        ),
        st.builds(Aggregate, st.sampled_from(["sum", "avg"]), vectors, st.none(), labels, st.booleans(), st.just(SPAN)),
        st.builds(Aggregate, st.just("topk"), vectors, number_literals, labels, st.booleans(), st.just(SPAN)),
    )


expressions: st.SearchStrategy[Expr] = st.recursive(selectors(), vectors_of, max_leaves=6)


@given(expressions)
def test_what_is_printed_parses_to_the_same_tree(expr: Expr) -> None:
    text = print_expr(expr)
    parsed = parse(text, SIGNATURES)
    assert without_spans(parsed) == expr
    assert print_expr(parsed) == text
    assert parsed.span == Span(0, len(text))
    assert value_type(parsed, SIGNATURES) is ValueType.VECTOR


WORDS = [
    *(
        "foo",
        "a:b",
        "1",
        "5m",
        "0x1",
        "'x'",
        "{a='b'}",
        "[5m]",
        "[5m:1m]",
        "[step()]",
        "(",
        ")",
        ",",
        "+",
        "-",
        "*",
        "^",
    ),
    *("==", ">", "</", "bool", "on(a)", "ignoring(b)", "group_left", "(c)", "and", "or", "unless", "offset", "@"),
    *("start()", "end()", "sum", "by", "without", "topk", "rate", "abs", "info", "anchored", "smoothed", "fill(1)"),
    *("#", "\n", "{", "}", "[", "]", ":", "=", "=~", "!", "`", '"'),
]


@given(expressions)
def test_a_layout_parses_to_the_same_tree(expr: Expr) -> None:
    assert without_spans(parse(pretty_expr(expr), SIGNATURES)) == expr


@given(expressions)
def test_every_tree_is_described(expr: Expr) -> None:
    assert orjson.loads(orjson.dumps(describe_expr(expr, SIGNATURES)))["type"]


@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_text_is_parsed_or_refused_with_its_place(text: str) -> None:
    try:
        expr = parse(text, SIGNATURES)
    except (ParseError, TypeMismatchError) as error:
        _check_error(text, error)
    else:
        again = parse(print_expr(expr), SIGNATURES)
        assert without_spans(again) == without_spans(expr)


@given(st.text(st.sampled_from("ab1.e_x:{}[]()'\"`\\=~!<>/+-@#,\n\t 日\udcff"), max_size=20))
def test_any_characters_are_parsed_or_refused_with_their_place(text: str) -> None:
    try:
        parse(text, SIGNATURES)
    except QueryError as error:
        _check_error(text, error)


def _check_error(text: str, error: QueryError) -> None:
    assert error.position is not None
    assert error.end is not None
    assert 0 <= error.position <= len(text)
    assert error.position < error.end <= len(text) + 1
    shown = format_error(text, error)
    assert error.message in shown
    assert shown.rstrip().endswith("^")


@given(expressions, st.data())
def test_spans_point_at_the_text_of_each_node(expr: Expr, data: st.DataObject) -> None:
    text = print_expr(Call("abs", (expr,), SPAN, SPAN))
    call = parse(text, SIGNATURES)
    assert isinstance(call, Call)
    inner = call.args[0]
    assert text[slice(*inner.span)] == print_expr(expr)
    blanks = data.draw(st.sampled_from(["", " ", "\n\t", "# comment\n"]))
    moved = parse(blanks + text, SIGNATURES)
    assert isinstance(moved, Call)
    assert moved.span == Span(call.span.start + len(blanks), call.span.end + len(blanks))
    assert replace(moved, args=call.args, name_span=call.name_span, span=call.span) == call
