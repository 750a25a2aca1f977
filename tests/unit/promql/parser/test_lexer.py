import pytest

from barograph.model.errors import ParseError
from barograph.promql.ast import Span
from barograph.promql.parser.lexer import Kind, Token, tokenize


def kinds(text: str) -> list[tuple[Kind, str]]:
    return [(token.kind, token.text) for token in tokenize(text)[:-1]]


def texts(text: str) -> list[str]:
    return [token.text for token in tokenize(text)[:-1]]


def test_every_token_carries_its_span_in_characters() -> None:
    assert [(token.text, *token.span) for token in tokenize('a{b="日本"} + 1')] == [
        ("a", 0, 1),
        ("{", 1, 2),
        ("b", 2, 3),
        ("=", 3, 4),
        ('"日本"', 4, 8),
        ("}", 8, 9),
        ("+", 10, 11),
        ("1", 12, 13),
        ("", 13, 13),
    ]


def test_blanks_and_comments_are_dropped() -> None:
    assert texts(" \t\r\n a # b ' \" {\n+ # c\r d#") == ["a", "+", "d"]


def test_the_last_token_is_the_end() -> None:
    assert tokenize(" ") == [Token(Kind.END, "", 1, 1)]


def test_symbols_take_the_longest_match() -> None:
    text = "== = =~ != !~ <= < </ >= > >/ + - * / % ^ ( ) { } [ ] , @ :"
    assert texts("{" + text.removesuffix(" :")) == ["{", *text.split()[:-1]]
    assert texts("[1:2]") == ["[", "1", ":", "2", "]"]
    assert texts("a</b>/c<d>e") == ["a", "</", "b", ">/", "c", "<", "d", ">", "e"]


@pytest.mark.parametrize(
    "text",
    [
        *("1", "0", "2.", ".5", "2.5", "1e3", "1E-3", "1.5e+3", "0x1F", "0X_1f", "0x_53_AB_F3_82", "1_000_000"),
        *(".123_456_789", "Inf", "inf", "INF", "NaN", "nan"),
    ],
)
def test_numbers(text: str) -> None:
    assert kinds(text) == [(Kind.NUMBER, text)]


@pytest.mark.parametrize("text", ["5m", "1h30m", "1y2w3d4h5m6s7ms", "1000ms", "30m1h"])
def test_durations_by_their_shape(text: str) -> None:
    assert kinds(text) == [(Kind.DURATION, text)]


@pytest.mark.parametrize(
    "text",
    ["0xABm", "1.5h", "2.5.", "100..4", "0deadbeef", "1e", "1_", "1__0", "0x", "5mm", "5m1", "5y1hs", "0x1.8", "1_.5"],
)
def test_what_begins_like_a_number_must_be_one(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        tokenize(f"a + {text}")
    assert caught.value.message == f'bad number or duration syntax: "{text}"'
    assert (caught.value.position, caught.value.end) == (4, 4 + len(text))


def test_a_sign_belongs_to_an_exponent_only() -> None:
    assert texts("1e+5-1") == ["1e+5", "-", "1"]
    assert texts("0xe+1") == ["0xe", "+", "1"]


def test_a_colon_is_part_of_a_word_only_outside_brackets_and_braces() -> None:
    assert kinds("job:up:sum") == [(Kind.METRIC, "job:up:sum")]
    assert kinds(":a")[0] == (Kind.METRIC, ":a")
    assert texts("a[step():range()]") == ["a", "[", "step", "(", ")", ":", "range", "(", ")", "]"]
    assert texts("a{b:c}[1:2] + d:e") == ["a", "{", "b", ":", "c", "}", "[", "1", ":", "2", "]", "+", "d:e"]


def test_inf_and_nan_are_labels_in_braces() -> None:
    assert kinds("{inf=''}")[1] == (Kind.IDENTIFIER, "inf")


@pytest.mark.parametrize("text", ['"a\\"b"', "'a\\'b'", "`a\\`", '`a\nb"`', '""', '"☺"', '"a\\\\"'])
def test_strings_keep_their_quotes(text: str) -> None:
    assert kinds(text) == [(Kind.STRING, text)]


@pytest.mark.parametrize(
    ("text", "message", "position", "end"),
    [
        ('x + "abc', "unterminated quoted string", 4, 8),
        ('"abc\n"', "unterminated quoted string", 0, 4),
        ('"\\', "unterminated quoted string", 0, 2),
        ("'a\"", "unterminated quoted string", 0, 3),
        ("`a\nb", "unterminated quoted string", 0, 4),
        ("a ! b", 'unexpected character after "!": " "', 2, 4),
        ("a !", 'unexpected end of input after "!"', 2, 3),
        (".", 'unexpected character: "."', 0, 1),
        ("a ; b", 'unexpected character: ";"', 2, 3),
        ("a\x00", "unexpected character: U+0000", 1, 2),
        ("métrique", 'unexpected character: "é"', 1, 2),
        ('{a.b=""}', 'unexpected character: "." (names with such characters stand in quotes, like {"a.b"="c"})', 2, 3),
        ("a + '\udcff'", "invalid UTF-8", 5, 6),
    ],
)
def test_malformed_text_is_blamed_on_its_characters(text: str, message: str, position: int, end: int) -> None:
    with pytest.raises(ParseError) as caught:
        tokenize(text)
    assert (caught.value.message, caught.value.position, caught.value.end) == (message, position, end)


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("", "end of input"),
        ("(", '"("'),
        ("foo", 'identifier "foo"'),
        ("a:b", 'metric identifier "a:b"'),
        ("BY", 'keyword "BY"'),
        ("5", 'number "5"'),
        ("5m", 'duration "5m"'),
        ("'x'", "string 'x'"),
    ],
)
def test_a_token_describes_itself(text: str, description: str) -> None:
    assert tokenize(text)[0].describe() == description


def test_a_long_string_without_end_is_refused_at_once() -> None:
    with pytest.raises(ParseError):
        tokenize('"' + "a\\n" * 50_000)


def test_a_token_knows_its_span_and_word() -> None:
    token = tokenize(" SUM")[0]
    assert (token.span, token.word) == (Span(1, 4), "sum")
