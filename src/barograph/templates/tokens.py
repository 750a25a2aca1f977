"""A template's text -> tokens, by the lexical rules of Go's text/template. Called by the parser only.

What is no token becomes one of kind `error`, last of all, so that a mistake before it is told first.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a token is."""

    TEXT = "text"
    OPEN = "{{"
    CLOSE = "}}"
    SPACE = "space"
    DECLARE = ":="
    ASSIGN = "="
    COMMA = ","
    CHARACTER = "character"
    PIPE = "|"
    LEFT_PAREN = "("
    RIGHT_PAREN = ")"
    BOOL = "bool"
    NUMBER = "number"
    RUNE = "rune"
    STRING = "string"
    RAW_STRING = "raw string"
    FIELD = "field"
    VARIABLE = "variable"
    IDENTIFIER = "identifier"
    DOT = "."
    NIL = "nil"
    KEYWORD = "keyword"
    ERROR = "error"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; `position` counts characters."""

    kind: Kind
    text: str
    position: int

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "EOF"
        if self.kind is Kind.ERROR:
            return self.text
        if self.kind in (Kind.KEYWORD, Kind.NIL, Kind.DOT):
            return f"<{self.text}>"
        short = self.text if len(self.text) <= 10 else self.text[:10]
        return '"' + short.replace("\\", "\\\\").replace('"', '\\"') + '"' + ("..." if len(self.text) > 10 else "")


KEYWORDS = frozenset({"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"})

_SPACE = " \t\r\n"
_INSIDE = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<declare>:=)
    |(?P<assign>=)
    |(?P<comma>,)
    |(?P<pipe>\|)
    |(?P<left_paren>\()
    |(?P<right_paren>\))
    |(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<raw_string>`[^`]*`)
    |(?P<rune>'(?:[^'\\\n]|\\.)*')
    |(?P<number>[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]+)?
        |0[bB][01_]+|0[oO][0-7_]+|(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?))
    |(?P<variable>\$\w*)
    |(?P<field>\.\w+)
    |(?P<dot>\.)
    |(?P<identifier>\w+)""",
    re.VERBOSE,
)
_OPEN_ENDED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
}
_TERMINATORS = frozenset(" \t\r\n.,|:()}")
_WORDS = (Kind.VARIABLE, Kind.FIELD, Kind.IDENTIFIER)


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens; the last is of kind `end` or `error`."""
    return _Lexer(text).run()


class _LexError(Exception):
    """The text is no token from a position on."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class _Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[Token] = []

    def run(self) -> list[Token]:
        try:
            place = 0
            while place < len(self._text):
                place = self._outside(place)
        except _LexError as error:
            self._emit(Kind.ERROR, str(error), error.position)
        else:
            self._emit(Kind.END, "", len(self._text))
        return self._tokens

    def _emit(self, kind: Kind, text: str, position: int) -> None:
        self._tokens.append(Token(kind, text, position))

    def _outside(self, start: int) -> int:
        """Take the text up to the next action, and that action."""
        opening = self._text.find("{{", start)
        if opening < 0:
            self._emit(Kind.TEXT, self._text[start:], start)
            return len(self._text)
        trims = self._trims_left(opening)
        text = self._text[start:opening]
        if trims:
            text = text.rstrip(_SPACE)
        if text:
            self._emit(Kind.TEXT, text, start)
        inside = opening + 2 + (2 if trims else 0)
        if self._text.startswith("/*", inside):
            return self._comment(inside)
        self._emit(Kind.OPEN, "{{", opening)
        return self._action(inside)

    def _trims_left(self, opening: int) -> bool:
        after = self._text[opening + 2 : opening + 4]
        return len(after) == 2 and after[0] == "-" and after[1] in _SPACE

    def _closing(self, place: int) -> tuple[bool, bool]:
        """Tell whether a closing delimiter is here, and whether it trims."""
        text = self._text
        if text[place : place + 1] in tuple(_SPACE) and text.startswith("-}}", place + 1):
            return True, True
        return text.startswith("}}", place), False

    def _after_closing(self, place: int, *, trims: bool) -> int:
        place += 4 if trims else 2
        while trims and place < len(self._text) and self._text[place] in _SPACE:
            place += 1
        return place

    def _comment(self, place: int) -> int:
        end = self._text.find("*/", place + 2)
        if end < 0:
            raise _LexError("unclosed comment", place)
        closes, trims = self._closing(end + 2)
        if not closes:
            raise _LexError("comment ends before closing delimiter", end)
        return self._after_closing(end + 2, trims=trims)

    def _action(self, place: int) -> int:
        depth = 0
        while True:
            closes, trims = self._closing(place)
            if closes:
                if depth:
                    raise _LexError("unclosed left paren", place)
                self._emit(Kind.CLOSE, "}}", place)
                return self._after_closing(place, trims=trims)
            token = self._inside(place)
            self._tokens.append(token)
            depth += (token.kind is Kind.LEFT_PAREN) - (token.kind is Kind.RIGHT_PAREN)
            if depth < 0:
                raise _LexError("unexpected right paren", place)
            place += len(token.text)

    def _inside(self, place: int) -> Token:
        found = _INSIDE.match(self._text, place)
        if found is None or found.lastgroup is None:
            return self._other(place)
        text, kind = found[0], Kind[found.lastgroup.upper()]
        if kind is Kind.SPACE:
            text = self._space(place, text)
        after = self._text[place + len(text) : place + len(text) + 1]
        if kind in _WORDS and after and after not in _TERMINATORS:
            raise _LexError(f"bad character {_code_point(after)}", place)
        if kind is Kind.NUMBER and (after.isalnum() or after == "_"):
            raise _LexError(f'bad number syntax: "{text}{after}"', place)
        if kind is Kind.IDENTIFIER:
            kind = _word(text)
        return Token(kind, text, place)

    def _space(self, place: int, text: str) -> str:
        """Leave the last space to a closing delimiter that trims."""
        end = place + len(text)
        return text[:-1] if len(text) > 1 and self._text.startswith("-}}", end) else text

    def _other(self, place: int) -> Token:
        """Take a character that the parser will refuse, or refuse it here."""
        if place >= len(self._text):
            raise _LexError("unclosed action", place)
        character = self._text[place]
        if character in _OPEN_ENDED:
            raise _LexError(_OPEN_ENDED[character], place)
        if character == ":":
            raise _LexError("expected :=", place)
        if character.isascii() and character.isprintable():
            return Token(Kind.CHARACTER, character, place)
        raise _LexError(f"unrecognized character in action: {_code_point(character)}", place)


def _word(text: str) -> Kind:
    if text in KEYWORDS:
        return Kind.KEYWORD
    if text == "nil":
        return Kind.NIL
    return Kind.BOOL if text in ("true", "false") else Kind.IDENTIFIER


def _code_point(character: str) -> str:
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown}"
