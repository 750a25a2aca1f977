import pytest

from barograph.model.errors import ParseError, TypeMismatchError
from barograph.promql.ast import ValueType
from barograph.promql.parser.check import value_type
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES

UNARY = "unary expression only allowed on expressions of type scalar or instant vector, got "
STRING = "expected type string in call to "
SCALAR = "expected type scalar in call to "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ValueType.SCALAR),
        ("5m", ValueType.SCALAR),
        ("'a'", ValueType.STRING),
        ("('a')", ValueType.STRING),
        ("-(1)", ValueType.SCALAR),
        ("-a", ValueType.VECTOR),
        ("1 + 2 * 3", ValueType.SCALAR),
        ("1 > bool 2", ValueType.SCALAR),
        ("a + 1", ValueType.VECTOR),
        ("1 + a", ValueType.VECTOR),
        ("a + b", ValueType.VECTOR),
        ("a and b", ValueType.VECTOR),
        ("1 + a + 1", ValueType.VECTOR),
        ("a </ 1", ValueType.VECTOR),
        ("a[5m]", ValueType.MATRIX),
        ("a[5m:]", ValueType.MATRIX),
        ("sum(a)", ValueType.VECTOR),
        ("time()", ValueType.SCALAR),
        ("scalar(a) * 2", ValueType.SCALAR),
        ("rate(a[5m])", ValueType.VECTOR),
    ],
)
def test_types_of_expressions(text: str, expected: ValueType) -> None:
    assert value_type(parse(text, SIGNATURES), SIGNATURES) is expected


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ('-"string"', UNARY + "string", 0, 9),
        ("-a[5m]", UNARY + "range vector", 0, 6),
        ("a + b[5m]", "binary expression must contain only scalar and instant vector types, got range vector", 4, 9),
        ("'a' + b", "binary expression must contain only scalar and instant vector types, got string", 0, 3),
        ("1 and 1", 'set operator "and" not allowed in binary scalar expression', 2, 5),
        ("a or 1", 'set operator "or" not allowed in binary scalar expression', 2, 4),
        ("1 UNLESS a", 'set operator "unless" not allowed in binary scalar expression', 2, 8),
        ("1 == 1", "comparisons between scalars must use BOOL modifier", 2, 4),
        ("1 </ a", 'operator "</" needs an instant vector on its left side', 0, 1),
        ("sum(1)", "expected type instant vector in aggregation expression, got scalar", 4, 5),
        ("sum(a[5m])", "expected type instant vector in aggregation expression, got range vector", 4, 9),
        ("topk(a, b)", "expected type scalar in aggregation parameter, got instant vector", 5, 6),
        ("count_values(5, b)", "expected type string in aggregation parameter, got scalar", 13, 14),
        ("floor(1)", 'expected type instant vector in call to function "floor", got scalar', 6, 7),
        ("rate(avg)", 'expected type range vector in call to function "rate", got instant vector', 5, 8),
        ("rate(5)", 'expected type range vector in call to function "rate", got scalar', 5, 6),
        ("label_join(a, 'b', 'c', 'd', 5)", STRING + 'function "label_join", got scalar', 29, 30),
        ("histogram_quantiles(a, 'q', 1, 'x')", SCALAR + 'function "histogram_quantiles", got string', 31, 34),
    ],
)  # fmt: skip
def test_wrong_types_are_blamed_on_their_expressions(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("floor()", 'expected 1 argument(s) in call to "floor", got 0'),
        ("floor(a, 1)", 'expected 1 argument(s) in call to "floor", got 2'),
        ("time(a)", 'expected 0 argument(s) in call to "time", got 1'),
        ("hour(a, b, c)", 'expected at most 1 argument(s) in call to "hour", got 3'),
        ("round()", 'expected at least 1 argument(s) in call to "round", got 0'),
        ("label_join(a, 'b')", 'expected at least 3 argument(s) in call to "label_join", got 2'),
        ("histogram_quantiles(a, 'b')", 'expected at least 3 argument(s) in call to "histogram_quantiles", got 2'),
        (
            f"histogram_quantiles(a, 'b'{', 1' * 11})",
            'expected at most 12 argument(s) in call to "histogram_quantiles", got 13',
        ),
    ],
)
def test_the_number_of_arguments(text: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, 0, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "hour()",
        "hour(a)",
        "round(a)",
        "round(a, 5)",
        "label_join(a, 'b', 'c')",
        "label_join(a, 'b', 'c', 'd', 'e', 'f')",
        "sort_by_label(a)",
        "histogram_quantiles(a, 'q'" + ", 0.5" * 10 + ")",
    ],
)
def test_optional_and_repeated_arguments(text: str) -> None:
    parse(text, SIGNATURES)
