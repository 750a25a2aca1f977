"""A place in the list of tokens, and the words for what was not expected there. Shared by the parsers of one text."""

from barograph.model.errors import ParseError
from barograph.promql.parser.lexer import Kind, Token, tokenize
from barograph.promql.parser.vocabulary import MAX_DEPTH


class Cursor:
    """Walks over the tokens of one expression.

    Attributes:
        current: The token to be looked at.
        last_end: Where the token before `current` ended.
    """

    def __init__(self, text: str) -> None:
        self._tokens = tokenize(text)
        self._index = 0
        self._depth = 0
        self.current = self._tokens[0]
        self.last_end = 0

    @property
    def at_end(self) -> bool:
        """Whether everything is read."""
        return self.current.kind is Kind.END

    @property
    def following(self) -> Token:
        """The token after the current one; at the end, the end again."""
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Return the current token and go to the next. Must not be called at the end."""
        token = self.current
        self.last_end = token.end
        self._index += 1
        self.current = self._tokens[self._index]
        return token

    def accept(self, text: str) -> Token | None:
        """Take the current token if it is the symbol or word `text` (in lower case)."""
        return self.advance() if self.current.word == text else None

    def expect(self, symbol: str, context: str = "") -> Token:
        """Take the symbol.

        Raises:
            ParseError: Another token is there.
        """
        if self.current.text != symbol:
            raise self.unexpected(context, f'"{symbol}"')
        return self.advance()

    def unexpected(self, context: str = "", expected: str = "") -> ParseError:
        """Make the error that blames the current token."""
        token = self.current
        message = f"unexpected {token.describe()}"
        if context:
            message += f" in {context}"
        if expected:
            message += f", expected {expected}"
        return ParseError(message, token.start, max(token.end, token.start + 1))

    def descend(self) -> None:
        """Count one more level of nesting.

        Raises:
            ParseError: It is one too many.
        """
        self._depth += 1
        if self._depth > MAX_DEPTH:
            token = self.current
            raise ParseError(f"expression is nested more than {MAX_DEPTH} levels deep", token.start, token.end)

    def ascend(self) -> None:
        """Count one level less."""
        self._depth -= 1
