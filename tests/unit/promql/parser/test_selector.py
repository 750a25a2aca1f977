import pytest

from barograph.model.errors import ParseError
from barograph.model.matcher import Matcher, MatchOp
from barograph.promql.ast import Call, RangeMode, Span, VectorSelector
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES


def name(text: str) -> Matcher:
    return Matcher("__name__", MatchOp.EQUAL, text)


def selector(text: str) -> VectorSelector:
    expr = parse(text, SIGNATURES)
    assert isinstance(expr, VectorSelector)
    return expr


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("foo", (name("foo"),)),
        ("foo{}", (name("foo"),)),
        ("foo:bar{a='bc'}", (name("foo:bar"), Matcher("a", MatchOp.EQUAL, "bc"))),
        ('foo{bar="}"}', (name("foo"), Matcher("bar", MatchOp.EQUAL, "}"))),
        ("foo{NaN='bc'}", (name("foo"), Matcher("NaN", MatchOp.EQUAL, "bc"))),
        (
            'foo{a="b", foo!="bar", test=~"t.*", bar!~"baz",}',
            (
                name("foo"),
                Matcher("a", MatchOp.EQUAL, "b"),
                Matcher("foo", MatchOp.NOT_EQUAL, "bar"),
                Matcher("test", MatchOp.REGEX, "t.*"),
                Matcher("bar", MatchOp.NOT_REGEX, "baz"),
            ),
        ),
        ('{"foo"}', (name("foo"),)),
        ('{"my.metric", "label.name"=~"x"}', (name("my.metric"), Matcher("label.name", MatchOp.REGEX, "x"))),
        ('{a="b", "foo"}', (Matcher("a", MatchOp.EQUAL, "b"), name("foo"))),
        ('{"bar", __name__="baz"}', (name("bar"), name("baz"))),
        (
            "{__name__!~'baz', __name__=~'b.+'}",
            (Matcher("__name__", MatchOp.NOT_REGEX, "baz"), Matcher("__name__", MatchOp.REGEX, "b.+")),
        ),
        ("{x=~'.+', y=~'.*'}", (Matcher("x", MatchOp.REGEX, ".+"), Matcher("y", MatchOp.REGEX, ".*"))),
        (r"{'日本\'', `a\b`='☺'}", (name("日本'"), Matcher("a\\b", MatchOp.EQUAL, "☺"))),
    ],
)
def test_matchers_in_the_order_of_the_text(text: str, matchers: tuple[Matcher, ...]) -> None:
    named = "" if text.startswith("{") else text.split("{", maxsplit=1)[0]
    assert selector(text) == VectorSelector(named, matchers, None, None, RangeMode.NONE, Span(0, len(text)))


@pytest.mark.parametrize(
    "word",
    [
        *("sum", "MIN", "by", "without", "and", "or", "unless", "offset", "start", "end", "step", "range", "fill"),
        *("fill_left", "anchored", "smoothed", "atan2", "min_of"),
    ],
)
def test_keywords_are_metric_names_where_nothing_else_can_be(word: str) -> None:
    assert selector(word).name == word
    assert selector(f"{word}{{{word}='x'}} offset 5m").matchers[1].name == word


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ("{}", "vector selector must contain at least one non-empty matcher", 0, 2),
        ('a + {x=""}', "vector selector must contain at least one non-empty matcher", 4, 10),
        ('{x=~".*"}', "vector selector must contain at least one non-empty matcher", 0, 9),
        ('{x!~".+"}', "vector selector must contain at least one non-empty matcher", 0, 9),
        ('{x!="a"}', "vector selector must contain at least one non-empty matcher", 0, 8),
        ('{""}', "vector selector must contain at least one non-empty matcher", 0, 4),
        ('foo{__name__="bar"}', 'metric name must not be set twice: "foo" or "bar"', 0, 19),
        ('foo{"bar"}', 'metric name must not be set twice: "foo" or "bar"', 0, 10),
        ("{", 'unexpected end of input in label matching, expected identifier or "}"', 1, 2),
        ("some{", 'unexpected end of input in label matching, expected identifier or "}"', 5, 6),
        ("some}", 'unexpected "}"', 4, 5),
        ("some_metric{a=b}", 'unexpected identifier "b" in label matching, expected string', 14, 15),
        ('some_metric{a:b="b"}', 'unexpected ":" in label matching, expected label matching operator', 13, 14),
        ('foo{a*"b"}', 'unexpected "*" in label matching, expected label matching operator', 5, 6),
        ('foo{a>="b"}', 'unexpected ">=" in label matching, expected label matching operator', 5, 7),
        ("foo{gibberish}", 'unexpected "}" in label matching, expected label matching operator', 13, 14),
        ("foo{1}", 'unexpected number "1" in label matching, expected identifier or "}"', 4, 5),
        ("foo{,}", 'unexpected "," in label matching, expected identifier or "}"', 4, 5),
        ("foo{__name__= =}", 'unexpected "=" in label matching, expected string', 14, 15),
        ('foo{a == "bar"}', 'unexpected "==" in label matching, expected label matching operator', 6, 8),
        ('foo{a="bar" lol}', 'unexpected identifier "lol" in label matching, expected "," or "}"', 12, 15),
        ('foo{"a"=}', 'unexpected "}" in label matching, expected string', 8, 9),
        ('foo{""="x"}', 'invalid label name ""', 4, 6),
        (r'foo{"\xff"="x"}', r'invalid label name "\xff"', 4, 10),
        ('foo{a=~"("}', "bad regular expression '(': missing ): (", 7, 10),
        (r'foo{a=~"\xff"}', r'bad regular expression "\xff": invalid UTF-8', 7, 13),
        ("bool", 'unexpected keyword "bool"', 0, 4),
        ("on{}", 'unexpected keyword "on"', 0, 2),
        ("a + ignoring", 'unexpected end of input in grouping opts, expected "("', 12, 13),
        ("sum(group_left)", 'unexpected keyword "group_left"', 4, 14),
        ("a:b(c)", 'unexpected "("', 3, 4),
    ],
)
def test_bad_selectors_are_blamed_on_their_characters(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


@pytest.mark.parametrize("text", ["{}", "{foo=~'.*'}", "{foo='bar', baz=''}"])
def test_info_takes_any_label_matchers_as_its_second_argument(text: str) -> None:
    expr = parse(f"info(foo, {text})", SIGNATURES)
    assert isinstance(expr, Call)
    assert isinstance(expr.args[1], VectorSelector)
    assert expr.args[1].name == ""
    assert isinstance(parse("info(foo)", SIGNATURES), Call)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("info({})", "vector selector must contain at least one non-empty matcher", 5),
        (
            "info(a, b{c='d'})",
            'unexpected identifier "b" in call to function "info", expected label matchers in braces',
            8,
        ),
        ("info(a, {b='c'} == 1)", 'unexpected "==", expected "," or ")"', 16),
        ("info(a, {b='c'} offset 5m)", 'unexpected keyword "offset", expected "," or ")"', 16),
        ("info(a, {}, {})", "vector selector must contain at least one non-empty matcher", 12),
    ],
)
def test_info_takes_nothing_else_there(text: str, message: str, position: int) -> None:
    with pytest.raises(ParseError) as caught:
        parse(text, SIGNATURES)
    assert (caught.value.message, caught.value.position) == (message, position)
