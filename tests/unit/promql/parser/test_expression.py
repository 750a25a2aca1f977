import pytest

from barograph.model.errors import ParseError
from barograph.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Unary,
    ValueType,
    VectorSelector,
)
from barograph.promql.parser.parse import parse
from barograph.promql.parser.printer import print_expr
from barograph.promql.signature import Signature
from helpers.expressions import SIGNATURES


def read(text: str) -> Expr:
    return parse(text, SIGNATURES)


def grouped(expr: Expr) -> str:
    """Print an expression with every operator in brackets of its own."""
    match expr:
        case Binary():
            return f"<{grouped(expr.lhs)} {expr.op} {grouped(expr.rhs)}>"
        case Unary():
            return f"<{expr.op}{grouped(expr.expr)}>"
        case Paren():
            return grouped(expr.expr)
        case _:
            return print_expr(expr)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", "<1 + <2 * 3>>"),
        ("2 * 3 % 2", "<<2 * 3> % 2>"),
        ("2 ^ 3 ^ 2", "<2 ^ <3 ^ 2>>"),
        ("1 - 2 - 3", "<<1 - 2> - 3>"),
        ("1 < bool 2 - 1 * 2", "<1 < <2 - <1 * 2>>>"),
        ("a + b or c and d", "<<a + b> or <c and d>>"),
        ("a and b unless c or d", "<<<a and b> unless c> or d>"),
        ("a or b or c", "<<a or b> or c>"),
        ("a or b unless c", "<a or <b unless c>>"),
        ("a unless b and c", "<<a unless b> and c>"),
        ("a == b > c", "<<a == b> > c>"),
        ("a > 1 and b", "<<a > 1> and b>"),
        ("a atan2 b * c ^ d", "<<a atan2 b> * <c ^ d>>"),
        ("a </ 2 + 3", "<a </ <2 + 3>>"),
        ("a >/ 1 </ 2", "<<a >/ 1> </ 2>"),
        ("-a ^ b", "<-<a ^ b>>"),
        ("-a * b", "<<-a> * b>"),
        ("a * -b", "<a * <-b>>"),
        ("a ^ -b ^ c", "<a ^ <-<b ^ c>>>"),
        ("-2^---1*3", "<<-<2 ^ -1>> * 3>"),
        ("2/-2^---1*3+2", "<<<2 / <-<2 ^ -1>>> * 3> + 2>"),
        ("-10^3 * - a ^ -1", "<<-<10 ^ 3>> * <-<a ^ -1>>>"),
        ("-a offset 5m", "<-a offset 5m>"),
        ("a + b offset 5m", "<a + b offset 5m>"),
        ("- - a", "<-<-a>>"),
        ("(1 + 2) * 3", "<<1 + 2> * 3>"),
        ("a UNLESS b", "<a unless b>"),
        ("and and and", "<and and and>"),
        ("sum + by", "<sum + by>"),
    ],
)
def test_precedence(text: str, tree: str) -> None:
    assert grouped(read(text)) == tree


def test_signs_fold_into_literals() -> None:
    assert read(" - 1") == NumberLiteral(-1, False, Span(1, 4))
    assert read("--1") == NumberLiteral(1, False, Span(0, 3))
    assert read("-5m") == NumberLiteral(-300, True, Span(0, 3))


def test_spans_of_operators_and_operands() -> None:
    expr = read(" a  ==  bool ( -b ) ")
    assert isinstance(expr, Binary)
    assert (expr.span, expr.op_span) == (Span(1, 19), Span(4, 6))
    assert isinstance(expr.rhs, Paren)
    assert expr.rhs.span == Span(13, 19)
    assert isinstance(expr.rhs.expr, Unary)
    assert expr.rhs.expr.span == Span(15, 17)


def test_strings_are_expressions() -> None:
    assert read("('a')") == Paren(StringLiteral("a", Span(1, 4)), Span(0, 5))


@pytest.mark.parametrize(
    ("text", "op", "param", "grouping", "without"),
    [
        ("sum(a)", "sum", None, (), False),
        ("SUM (a)", "sum", None, (), False),
        ("sum by ()(a)", "sum", None, (), False),
        ("sum by (x,y,)(a)", "sum", None, ("x", "y"), False),
        ("sum(a) BY (x)", "sum", None, ("x",), False),
        ("avg without(x) (a)", "avg", None, ("x",), True),
        ("group(a) without()", "group", None, (), True),
        ("topk(5, a)", "topk", "5", (), False),
        ("limit_ratio without(x)(-0.5, a)", "limit_ratio", "-0.5", ("x",), True),
        ("quantile(scalar(b), a) by (x)", "quantile", "scalar(b)", ("x",), False),
        ("count_values(('v'), a)", "count_values", '("v")', (), False),
    ],
)
def test_aggregations(text: str, op: str, param: str | None, grouping: tuple[str, ...], without: bool) -> None:
    expr = read(text)
    assert isinstance(expr, Aggregate)
    assert (expr.op, expr.grouping, expr.without, expr.span) == (op, grouping, without, Span(0, len(text)))
    assert (None if expr.param is None else print_expr(expr.param)) == param
    assert print_expr(expr.expr) == "a"


def test_an_aggregation_ends_with_its_last_parenthesis() -> None:
    for text in ("(sum(a) )", "(sum by (x) (a))", "(sum(a) by (x) )"):
        paren = read(text)
        assert isinstance(paren, Paren)
        assert text[slice(*paren.expr.span)] == text[1:-1].strip()


def test_calls() -> None:
    assert read("time()") == Call("time", (), Span(0, 4), Span(0, 6))
    expr = read(" round ( a , 5 )")
    assert isinstance(expr, Call)
    assert (expr.name_span, expr.span) == (Span(1, 6), Span(1, 16))
    assert expr.args[1] == NumberLiteral(5, False, Span(13, 14))


@pytest.mark.parametrize("name", ["start", "end", "step", "range"])
def test_words_of_durations_are_functions_and_metrics_too(name: str) -> None:
    assert isinstance(read(f"{name}()"), Call)
    assert isinstance(read(name), VectorSelector)
    assert isinstance(read("min_of(1, 2)"), Call)


def test_the_functions_are_those_passed_in() -> None:
    signature = Signature(name="mine", args=(ValueType.SCALAR,), returns=ValueType.SCALAR)
    assert isinstance(parse("mine(1)", {"mine": signature}), Call)


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ("", "no expression found in input", 0, 1),
        ("# just a comment\n\n", "no expression found in input", 0, 18),
        ("1+", "unexpected end of input", 2, 3),
        ("1 /  ", "unexpected end of input", 5, 6),
        ("*1", 'unexpected "*"', 0, 1),
        ("(1))", 'unexpected ")"', 3, 4),
        ("((1)", 'unexpected end of input, expected ")"', 4, 5),
        ("(", "unexpected end of input", 1, 2),
        ("()", 'unexpected ")"', 1, 2),
        ("@@", 'unexpected "@"', 0, 1),
        ("++-++-+-+-<", 'unexpected "<"', 10, 11),
        ("e-+=/(0)", 'unexpected "="', 3, 4),
        ("1 !~ 1", 'unexpected "!~"', 2, 4),
        ("1 =~ 1", 'unexpected "=~"', 2, 4),
        ("foo bar", 'unexpected identifier "bar"', 4, 7),
        ("foo by (x)", 'unexpected keyword "by"', 4, 6),
        ("sum a by (x)", 'unexpected identifier "a"', 4, 5),
        ("sum by (x) a", 'unexpected identifier "a" in aggregation, expected "("', 11, 12),
        ("sum (a) by x", 'unexpected identifier "x" in grouping opts, expected "("', 11, 12),
        ("sum () by (x)", "no arguments for aggregate expression provided", 0, 13),
        ("sum(a) without (x) by (x)", 'unexpected keyword "by"', 19, 21),
        ("sum by (x) (a) by (x)", 'unexpected keyword "by"', 15, 17),
        ("sum(", "unexpected end of input", 4, 5),
        ("sum(a", 'unexpected end of input, expected "," or ")"', 5, 6),
        ("topk(a,)", "trailing commas not allowed in function call args", 6, 7),
        ("rate(foo[5m],)", "trailing commas not allowed in function call args", 12, 13),
        ("rate(,)", 'unexpected ","', 5, 6),
        ("rate(a b)", 'unexpected identifier "b", expected "," or ")"', 7, 8),
        ("topk(a)", "wrong number of arguments for aggregate expression provided, expected 2, got 1", 0, 7),
        ("sum(1, a)", "wrong number of arguments for aggregate expression provided, expected 1, got 2", 0, 9),
        ("a > nope()", 'unknown function with name "nope"', 4, 8),
        ("Rate(a[5m])", 'unknown function with name "Rate"', 0, 4),
        ("by(a)", 'unknown function with name "by"', 0, 2),
        ("inf(a)", 'unexpected "("', 3, 4),
        ("on(a)", 'unexpected keyword "on"', 0, 2),
        ('1 "a"', 'unexpected string "a"', 2, 5),
    ],
)
def test_syntax_errors_are_blamed_on_their_characters(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        read(text)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


@pytest.mark.parametrize(
    ("prefix", "core", "suffix", "levels"),
    [
        ("(", "a", ")", 199),
        ("-", "a", "", 199),
        ("abs(", "a", ")", 199),
        ("sum(", "a", ")", 199),
        ("1 ^ ", "1", "", 199),
        ("", "1", " + 1", 199),
    ],
)
def test_nesting_is_limited_before_python_s_stack_is(prefix: str, core: str, suffix: str, levels: int) -> None:
    read(prefix * levels + core + suffix * levels)
    for count in (levels + 1, 20_000):
        with pytest.raises(ParseError) as caught:
            read(prefix * count + core + suffix * count)
        assert caught.value.message == "expression is nested more than 200 levels deep"


@pytest.mark.parametrize(("opening", "closing"), [("foo[", "]"), ("foo offset ", ""), ("foo[5m:", "]")])
def test_durations_are_limited_as_well(opening: str, closing: str) -> None:
    read(f"{opening}{'(' * 150}1{')' * 150}{closing}")
    for nested in ("(" * 300 + "1" + ")" * 300, "(" + "1+" * 300 + "1)", "(" + "-" * 300 + "step())"):
        with pytest.raises(ParseError, match="nested more than 200"):
            read(f"{opening}{nested}{closing}")
