"""Expression text -> tokens with their spans. The first step of `parse`; knows characters, not grammar.

Only one thing depends on the place: inside `{}` and `[]` a colon ends a word, outside it is a part of it (recording
rules' names).
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from barograph.model.errors import ParseError
from barograph.promql.ast import Span
from barograph.promql.parser.vocabulary import KEYWORDS, NUMBER_WORDS


class Kind(StrEnum):
    """What a token is, in the words of an error message."""

    END = "end of input"
    IDENTIFIER = "identifier"
    METRIC = "metric identifier"
    NUMBER = "number"
    DURATION = "duration"
    STRING = "string"
    SYMBOL = "symbol"


class Token(NamedTuple):
    """One token: `text` is what was written (strings with their quotes), so it tells symbols and words apart."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(self.start, self.end)

    @property
    def word(self) -> str:
        """The text as keywords are compared."""
        return self.text.lower()

    def describe(self) -> str:
        """Name the token for an error message."""
        if self.kind is Kind.END:
            return self.kind.value
        if self.kind is Kind.SYMBOL:
            return f'"{self.text}"'
        if self.kind is Kind.STRING:
            return f"string {self.text}"
        noun = "keyword" if self.kind is Kind.IDENTIFIER and self.word in KEYWORDS else self.kind.value
        return f'{noun} "{self.text}"'


# Possessive quantifiers: a string that does not end fails in linear time.
_BLANK: Final = r"(?P<blank>(?:[ \t\r\n]++|\#[^\r\n]*+)++)"
_STRING: Final = r"""(?P<string>"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|`[^`]*+`)"""
_NUMBER: Final = r"(?P<number>0[xX][0-9a-zA-Z_.]*+|\.?[0-9](?:[eE][+-](?=[0-9])|[0-9a-zA-Z_.])*+)"
_SYMBOL: Final = r"(?P<symbol>==|!=|<=|>=|</|>/|=~|!~|[-+*/%^(){}\[\],=<>@:])"
_OUTSIDE: Final = re.compile("|".join([_BLANK, r"(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*+)", _SYMBOL, _NUMBER, _STRING]))
_INSIDE: Final = re.compile("|".join([_BLANK, r"(?P<word>[a-zA-Z_][a-zA-Z0-9_]*+)", _SYMBOL, _NUMBER, _STRING]))

_DIGITS: Final = r"[0-9](?:_?[0-9])*"
_NUMBER_SHAPE: Final = re.compile(
    rf"0[xX]_?[0-9a-fA-F](?:_?[0-9a-fA-F])*|(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
)
_DURATION_SHAPE: Final = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")


def tokenize(text: str) -> list[Token]:
    """Split `text` into tokens; blanks and comments are dropped, the last token is END at the text's end.

    Raises:
        ParseError: A character, string or number is malformed.
    """
    _check_characters(text)
    tokens: list[Token] = []
    position, size, opened = 0, len(text), ""
    while position < size:
        found = (_INSIDE if opened else _OUTSIDE).match(text, position)
        if found is None:
            raise _malformed(text, position, opened)
        start, position = found.span()
        group = found.lastgroup
        if group == "blank":
            continue
        word = found.group()
        if group == "symbol":
            opened = _context_after(word, opened)
            tokens.append(Token(Kind.SYMBOL, word, start, position))
        elif group == "word":
            tokens.append(Token(_word_kind(word, opened), word, start, position))
        elif group == "string":
            tokens.append(Token(Kind.STRING, word, start, position))
        else:
            tokens.append(_number(word, start, position))
    tokens.append(Token(Kind.END, "", size, size))
    return tokens


def _check_characters(text: str) -> None:
    """Refuse lone surrogates: they stand for bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParseError("invalid UTF-8", error.start, error.end) from error


def _context_after(symbol: str, opened: str) -> str:
    """Tell whether we are inside braces or brackets after this symbol."""
    if symbol in "[{":
        return symbol
    return "" if symbol in "]}" else opened


def _word_kind(word: str, opened: str) -> Kind:
    if ":" in word:
        return Kind.METRIC
    if not opened and word.lower() in NUMBER_WORDS:
        return Kind.NUMBER
    return Kind.IDENTIFIER


def _number(text: str, start: int, end: int) -> Token:
    if _NUMBER_SHAPE.fullmatch(text):
        return Token(Kind.NUMBER, text, start, end)
    if _DURATION_SHAPE.fullmatch(text):
        return Token(Kind.DURATION, text, start, end)
    raise ParseError(f'bad number or duration syntax: "{text}"', start, end)


def _malformed(text: str, position: int, opened: str) -> ParseError:
    character = text[position]
    if character in "\"'`":
        # blame up to where the string had to end at the latest
        line_end = text.find("\n", position)
        end = len(text) if character == "`" or line_end < 0 else line_end
        return ParseError("unterminated quoted string", position, end)
    if character == "!":
        following = text[position + 1 : position + 2]
        what = f'character after "!": {_quote(following)}' if following else 'end of input after "!"'
        return ParseError(f"unexpected {what}", position, position + 1 + len(following))
    hint = ' (names with such characters stand in quotes, like {"a.b"="c"})' if opened == "{" else ""
    return ParseError(f"unexpected character: {_quote(character)}{hint}", position, position + 1)


def _quote(character: str) -> str:
    return f'"{character}"' if character.isprintable() else f"U+{ord(character):04X}"
