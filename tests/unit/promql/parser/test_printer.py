import pytest

from barograph.promql.parser.parse import parse
from barograph.promql.parser.printer import print_expr, quote
from helpers.expressions import SIGNATURES, without_spans


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1_000", "1000"),
        ("0x10", "16"),
        ("1e20", "1e+20"),
        ("2.50", "2.5"),
        (".5", "0.5"),
        ("+inf", "Inf"),
        ("-INF", "-Inf"),
        ("nan", "NaN"),
        ("90m", "1h30m"),
        ("-5m", "-5m"),
        ("0s", "0s"),
        ("'a\"b'", r'"a\"b"'),
        ("+a", "+a"),
        ("a+b", "a + b"),
        ("( a )", "(a)"),
        ("a>bool 1", "a > bool 1"),
        ("a==bool on(x)group_left b", "a == bool on (x) group_left () b"),
        ("a/ignoring(x)group_right(y)b", "a / ignoring (x) group_right (y) b"),
        ("a/ignoring()b", "a / b"),
        ("a/on()b", "a / on () b"),
        ("a and on(x)b", "a and on (x) b"),
        ("a+fill(1)b", "a + fill(1) b"),
        ("a+fill(NaN)b", "a + fill(NaN) b"),
        ("a+fill_right(2)fill_left(1)b", "a + fill_left(1) fill_right(2) b"),
        ("a+fill_left(-1)b", "a + fill_left(-1) b"),
        ("a+fill_right(1)b", "a + fill_right(1) b"),
        ("a </b", "a </ b"),
        ("foo{}", "foo"),
        ("foo{a='b',c=~'d'}", 'foo{a="b", c=~"d"}'),
        ("{__name__='foo', a!=''}", '{"foo", a!=""}'),
        ("{__name__=~'foo'}", '{__name__=~"foo"}'),
        ("{'a.b'='c', inf='d', by='e'}", '{"a.b"="c", "inf"="d", "by"="e"}'),
        ("info(a,{})", "info(a, {})"),
        ("a offset 1h @ 5", "a @ 5.000 offset 1h"),
        ("a @ -0.0015", "a @ -0.002"),
        ("a @ END()", "a @ end()"),
        ("a offset (1h/2)", "a offset (1h / 2)"),
        ("a offset -step()", "a offset -step()"),
        ("a[5m]", "a[5m]"),
        ("a[5m*2] anchored @ start()", "a[5m * 2] anchored @ start()"),
        ("a smoothed", "a smoothed"),
        ("a[5m:]", "a[5m:]"),
        ("a[5m:MAX_OF(step(),5s)] offset 5m", "a[5m:max_of(step(), 5s)] offset 5m"),
        ("SUM(a)by(x,'y z')", 'sum by (x, "y z") (a)'),
        ("sum without()(a)", "sum without () (a)"),
        ("topk(5,a)", "topk(5, a)"),
        ("round(a,5)", "round(a, 5)"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    tree = parse(text, SIGNATURES)
    assert print_expr(tree) == canonical
    assert without_spans(parse(canonical, SIGNATURES)) == without_spans(tree)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("☺ 'a' \\ \"", '"☺ \'a\' \\\\ \\""'),
        ("\n\r\t", r'"\n\r\t"'),
        ("\x00\x7f\u200b\U000e0001", r'"\u0000\u007f\u200b\U000e0001"'),
        ("\udcff", r'"\xff"'),
    ],
)
def test_quoting(text: str, quoted: str) -> None:
    assert quote(text) == quoted
