import pytest

from barograph.model.errors import ParseError
from barograph.promql.ast import Binary, Call, Expr, MatrixSelector, NumberLiteral, Paren, Span, Unary, VectorSelector
from barograph.promql.parser.duration import duration_s
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES, without_spans

NOWHERE = Span(0, 0)
E = "number, duration or duration expression"


def range_of(text: str) -> Expr:
    matrix = parse(f"foo[{text}]", SIGNATURES)
    assert isinstance(matrix, MatrixSelector)
    return matrix.range


def offset_of(text: str) -> Expr:
    selector = parse(f"foo offset {text}", SIGNATURES)
    assert isinstance(selector, VectorSelector)
    assert selector.offset is not None
    return selector.offset


def literal(value: float, is_duration: bool = True) -> NumberLiteral:
    return NumberLiteral(value, is_duration, NOWHERE)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("300", 300),
        ("4.18", 4.18),
        ("5m * 2", 600),
        ("10m - 1m", 540),
        ("(5+2) * 1m", 420),
        ("1h / 2", 1800),
        ("4h % 3h", 3600),
        ("(2 ^ 3) * 1m", 480),
        ("2 ^ 3 ^ 2", 512),
        ("11s+10s-5*2^2", 1),
        ("-(10s-5s)+20s", 15),
        ("-10s+15s", 5),
        ("20+-2^2", 16),
        ("+5", 5),
        ("--5", 5),
        ("step() + 1", 16),
        ("max_of(step(), 5s)", 15),
        ("min_of(2 * step() + 5s, 5m)", 35),
        ("MIN_OF(range(), 1h)", 3600),
        ("range()", 7200),
        ("0x10", 16),
    ],
)
def test_values_of_duration_expressions(text: str, seconds: float) -> None:
    assert duration_s(range_of(text), 15, 7200) == seconds


@pytest.mark.parametrize(
    "text", ["step()", "-range()", "step() * 2", "2 * step()", "min_of(1, step())", "max_of(range(), 1)", "(step())"]
)
def test_without_step_and_range_some_values_are_unknown(text: str) -> None:
    assert duration_s(range_of(text), None, None) is None


def test_nodes_of_a_duration_expression() -> None:
    assert range_of("-step()*2") == Binary(
        "*",
        Unary("-", Call("step", (), Span(5, 9), Span(5, 11)), Span(4, 11)),
        NumberLiteral(2, False, Span(12, 13)),
        None,
        False,
        Span(11, 12),
        Span(4, 13),
    )
    assert range_of("(5m)") == Paren(NumberLiteral(300, True, Span(5, 7)), Span(4, 8))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("-7m", -420),
        ("+5", 5),
        ("0", 0),
        ("(1h / 2)", 1800),
        ("-(1^2)", -1),
        ("+(5)", 5),
        ("(-2^2)", -4),
        ("(5s-8)", -3),
        ("step()", 15),
        ("-step()", -15),
        ("-min_of(5s,step()+8s)", -5),
        ("min_of(-2^2,0)", -4),
    ],
)
def test_values_of_offsets(text: str, seconds: float) -> None:
    assert duration_s(offset_of(text), 15, 7200) == seconds


def test_an_offset_takes_one_operand_and_leaves_the_rest() -> None:
    for text, op in (("foo offset 5s-8", "-"), ("foo offset -1^1", "^"), ("foo offset 1h/2", "/")):
        expr = parse(text, SIGNATURES)
        assert isinstance(expr, Binary)
        assert expr.op == op
    assert without_spans(offset_of("-1")) == literal(-1, False)


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ("foo[0m]", "duration must be greater than 0", 4, 6),
        ("foo[-1]", "duration must be greater than 0", 4, 6),
        ("foo[5m-10m]", "duration must be greater than 0", 4, 10),
        ("foo[1m:0]", "duration must be greater than 0", 7, 8),
        ("foo[step()/0d]", "division by zero", 11, 13),
        ("foo[5s%0d]", "modulo by zero", 7, 9),
        ("foo offset (4d/0)", "division by zero", 15, 16),
        ("foo offset 9.5e10", "duration out of range", 11, 17),
        ("foo[9.5e10]", "duration out of range", 4, 10),
        ("foo offset Inf", "duration out of range", 11, 14),
        ("foo offset NaN", "duration out of range", 11, 14),
        ("foo[10 ^ 400]", "duration out of range", 4, 12),
        ("foo[(0-8) ^ 0.5]", "duration out of range", 4, 15),
        ("foo[1 * 1e300 * 1e300]", "duration out of range", 4, 21),
        ("foo[]", 'unexpected "]" in range selector, expected ' + E, 4, 5),
        ("foo[", "unexpected end of input in range selector, expected " + E, 4, 5),
        ('foo["5m"]', 'unexpected string "5m" in range selector, expected ' + E, 4, 8),
        ("foo[step]", 'unexpected identifier "step" in range selector, expected ' + E, 4, 8),
        ("foo[sum(1)]", 'unexpected identifier "sum" in range selector, expected ' + E, 4, 7),
        ("foo[5m > 1]", 'unexpected ">" in subquery or range, expected ":" or "]"', 7, 8),
        ("foo[(5m]", 'unexpected "]" in range selector, expected ")"', 7, 8),
        ("foo[step(1)]", 'expected 0 argument(s) in call to "step", got 1', 4, 11),
        ("foo[min_of(1)]", 'expected 2 argument(s) in call to "min_of", got 1', 4, 13),
        ("foo[min_of(1 2)]", 'unexpected number "2" in range selector, expected ","', 13, 14),
        ("foo[min_of(1,)]", 'unexpected ")" in range selector, expected ' + E, 13, 14),
        ("foo offset", "unexpected end of input in offset, expected " + E, 10, 11),
        ("foo offset --5", 'unexpected "-" in offset, expected ' + E, 12, 13),
    ],
)  # fmt: skip
def test_bad_durations_are_blamed_on_their_characters(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


def test_a_value_may_go_out_of_range_once_the_step_is_known() -> None:
    expr = range_of("step() * 1e10")
    with pytest.raises(ParseError, match="duration out of range"):
        duration_s(expr, 15, 0)
    with pytest.raises(ParseError, match="division by zero"):
        duration_s(range_of("1h / step()"), 0, 0)
