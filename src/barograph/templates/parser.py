"""Tokens -> the tree of a template, by the grammar of Go's text/template, and with its words where it is not kept.

Called by `template.parse` only. Depth is limited, so that no text can exhaust the stack.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from barograph.model.errors import TemplateError
from barograph.templates import nodes
from barograph.templates.constants import read_number, read_rune, unquote
from barograph.templates.quoting import quote
from barograph.templates.tokens import Kind, Token, tokenize

MAX_NESTING = 40
_EXECUTABLE = (nodes.Function, nodes.Field, nodes.Variable, nodes.Chain, nodes.Pipe)
_OPERANDS = frozenset(
    {
        Kind.BOOL, Kind.RUNE, Kind.DOT, Kind.FIELD, Kind.IDENTIFIER, Kind.NUMBER, Kind.NIL, Kind.RAW_STRING,
        Kind.STRING, Kind.VARIABLE, Kind.LEFT_PAREN,
    }
)  # fmt: skip
Blame = Callable[[str, int], TemplateError]
"""Makes an error of a message and a position."""
Block = tuple[tuple[nodes.Node, ...], Token]
"""The nodes up to a keyword that ends them, and that keyword."""


def parse_tokens(text: str, functions: Collection[str], blame: Blame) -> nodes.Tree:
    """Parse a template.

    Args:
        text: The template.
        functions: The names that may be called.
        blame: Makes the errors that are raised.

    Raises:
        TemplateError: The text is no template.
    """
    return _Parser(text, functions, blame).run()


class _Scope:
    """The variables of one body, innermost last."""

    def __init__(self) -> None:
        self.names: list[tuple[str, int]] = [("$", 0)]
        self.slots = 1
        self.loops = 0

    def declare(self, name: str) -> int:
        self.names.append((name, self.slots))
        self.slots += 1
        return self.slots - 1

    def find(self, name: str) -> int | None:
        return next((slot for known, slot in reversed(self.names) if known == name), None)


class _Parser:
    def __init__(self, text: str, functions: Collection[str], blame: Blame) -> None:
        self._tokens = tokenize(text)
        self._place = 0
        self._functions = functions
        self._blame = blame
        self._scope = _Scope()
        self._defined: dict[str, nodes.Body] = {}
        self._nesting = 0

    def run(self) -> nodes.Tree:
        found: list[nodes.Node] = []
        while self._peek().kind is not Kind.END:
            if self._is_define():
                self._definition()
                continue
            node = self._text_or_action()
            if isinstance(node, Token):
                raise self._error(f"unexpected {{{{{node.text}}}}}", node.position)
            found.extend(node)
        return nodes.Tree(main=nodes.Body(nodes=tuple(found), slots=self._scope.slots), defined=self._defined)

    # tokens

    def _peek(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._tokens[self._place]
        if token.kind not in (Kind.END, Kind.ERROR):
            self._place += 1
        return token

    def _peek_word(self) -> Token:
        while self._peek().kind is Kind.SPACE:
            self._place += 1
        return self._peek()

    def _next_word(self) -> Token:
        self._peek_word()
        return self._next()

    def _expect(self, kind: Kind, context: str) -> Token:
        token = self._next_word()
        if token.kind is not kind:
            raise self._unexpected(token, context)
        return token

    def _error(self, message: str, position: int) -> TemplateError:
        return self._blame(message, position)

    def _unexpected(self, token: Token, context: str) -> TemplateError:
        where = "" if token.kind is Kind.ERROR else f" in {context}"
        return self._error(f"{'' if token.kind is Kind.ERROR else 'unexpected '}{token}{where}", token.position)

    @contextmanager
    def _deeper(self, position: int) -> Iterator[None]:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._error(f"nested deeper than {MAX_NESTING}", position)
        yield
        self._nesting -= 1

    # texts and actions

    def _text_or_action(self) -> tuple[nodes.Node, ...] | Token:
        """Take what comes: nodes, or the keyword `end` or `else`."""
        token = self._next_word()
        if token.kind is Kind.TEXT:
            return (nodes.Text(token.position, token.text),)
        if token.kind is not Kind.OPEN:
            raise self._unexpected(token, "input")
        return self._action()

    def _action(self) -> tuple[nodes.Node, ...] | Token:
        token = self._peek_word()
        if token.kind is not Kind.KEYWORD or token.text == "define":
            return (nodes.Action(token.position, self._pipeline("command", Kind.CLOSE)),)
        self._next()
        match token.text:
            case "end":
                self._expect(Kind.CLOSE, "end")
                return token
            case "else":
                after = self._peek_word()
                if not (after.kind is Kind.KEYWORD and after.text in ("if", "with")):
                    self._expect(Kind.CLOSE, "else")
                return token
            case "break" | "continue":
                return (self._leave(token),)
            case "template":
                return (self._call(),)
            case "block":
                return (self._block(),)
        with self._deeper(token.position):
            return (self._control(token),)

    def _is_define(self) -> bool:
        start = self._place
        if self._next().kind is Kind.OPEN:
            word = self._next_word()
            if word.kind is Kind.KEYWORD and word.text == "define":
                return True
        self._place = start
        return False

    def _leave(self, token: Token) -> nodes.Leave:
        close = self._next_word()
        if close.kind is not Kind.CLOSE:
            raise self._unexpected(close, f"{{{{{token.text}}}}}")
        if not self._scope.loops:
            raise self._error(f"{{{{{token.text}}}}} outside {{{{range}}}}", token.position)
        return nodes.Leave(token.position, token.text)

    def _name(self, context: str) -> tuple[Token, str]:
        token = self._next_word()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self._unexpected(token, context)
        return token, self._unquoted(token)

    def _call(self) -> nodes.Call:
        token, name = self._name("template clause")
        if self._peek_word().kind is Kind.CLOSE:
            self._next()
            return nodes.Call(token.position, token.text, name, None)
        return nodes.Call(token.position, token.text, name, self._pipeline("template clause", Kind.CLOSE))

    def _block(self) -> nodes.Call:
        token, name = self._name("block clause")
        pipe = self._pipeline("block clause", Kind.CLOSE)
        self._body(name, "block clause", token)
        return nodes.Call(token.position, token.text, name, pipe)

    def _definition(self) -> None:
        token, name = self._name("define clause")
        self._expect(Kind.CLOSE, "define clause")
        self._body(name, "define clause", token)

    def _body(self, name: str, context: str, token: Token) -> None:
        outer, self._scope = self._scope, _Scope()
        with self._deeper(token.position):
            found, end = self._list()
        if end.text != "end":
            raise self._error(f"unexpected {{{{{end.text}}}}} in {context}", end.position)
        body = nodes.Body(nodes=found, slots=self._scope.slots)
        self._scope = outer
        if name in self._defined and not _is_empty(self._defined[name]):
            if _is_empty(body):
                return
            raise self._error(f'template: multiple definition of template "{name}"', token.position)
        self._defined[name] = body

    def _list(self) -> Block:
        found: list[nodes.Node] = []
        while self._peek_word().kind is not Kind.END:
            node = self._text_or_action()
            if isinstance(node, Token):
                return tuple(found), node
            found.extend(node)
        raise self._error("unexpected EOF", self._peek().position)

    # control

    def _control(self, token: Token) -> nodes.Node:
        word, known = token.text, len(self._scope.names)
        pipe = self._pipeline(word, Kind.CLOSE)
        self._scope.loops += word == "range"
        then, end = self._list()
        self._scope.loops -= word == "range"
        otherwise = self._else(word) if end.text == "else" else ()
        del self._scope.names[known:]
        if word == "range":
            return nodes.Range(token.position, pipe, then, otherwise)
        return nodes.If(token.position, pipe, then, otherwise, word == "with")

    def _else(self, context: str) -> tuple[nodes.Node, ...]:
        after = self._peek_word()
        if after.kind is Kind.KEYWORD and after.text in ("if", "with"):
            if after.text != context:
                raise self._unexpected(after, "else")
            self._next()
            with self._deeper(after.position):
                return (self._control(after),)
        otherwise, end = self._list()
        if end.text != "end":
            raise self._error(f"expected end; found {{{{{end.text}}}}}", end.position)
        return otherwise

    # pipelines

    def _pipeline(self, context: str, end: Kind) -> nodes.Pipe:
        position = self._peek_word().position
        taken, assigns, late = self._variables(context)
        commands: list[nodes.Command] = []
        while True:
            token = self._peek_word()
            if token.kind is end:
                self._next()
                break
            if token.kind not in _OPERANDS:
                raise self._unexpected(token, context)
            commands.append(self._command())
        self._check(commands, context, position)
        # a variable is known from its pipeline on, not in it: `{{$x := $x}}` takes the outer one
        variables = tuple(
            nodes.Variable(one.position, one.text, (), self._scope.declare(one.text) if late else self._slot(one))
            for one in taken
        )
        return nodes.Pipe(position, tuple(commands), variables, assigns)

    def _variables(self, context: str) -> tuple[list[Token], bool, bool]:
        """Take `$x :=`, `$x =`, `$i, $v :=`; return the variables, whether they are assigned, whether declared."""
        taken: list[Token] = []
        while self._peek_word().kind is Kind.VARIABLE:
            start = self._place
            variable, sign = self._next(), self._peek_word()
            if sign.kind in (Kind.DECLARE, Kind.ASSIGN):
                self._next()
                return [*taken, variable], sign.kind is Kind.ASSIGN, sign.kind is Kind.DECLARE
            if sign.kind is not Kind.COMMA:
                self._place = start
                break
            self._next()
            taken.append(variable)
            if context != "range" or len(taken) > 1:
                raise self._error(f"too many declarations in {context}", variable.position)
            if self._peek_word().kind is not Kind.VARIABLE:
                raise self._error("range can only initialize variables", variable.position)
        if taken:
            raise self._error("range can only initialize variables", taken[0].position)
        return [], False, False

    def _check(self, commands: list[nodes.Command], context: str, position: int) -> None:
        if not commands:
            raise self._error(f"missing value for {context}", position)
        for stage, command in enumerate(commands[1:], start=2):
            if not isinstance(command.words[0], _EXECUTABLE):
                raise self._error(f"non executable command in pipeline stage {stage}", command.position)

    def _command(self) -> nodes.Command:
        position = self._peek_word().position
        words: list[nodes.Operand] = []
        while True:
            if self._peek_word().kind in _OPERANDS:
                words.append(self._operand())
                if self._peek().kind is Kind.SPACE:
                    continue
            token = self._peek()
            if token.kind is Kind.PIPE:
                self._next()
                break
            if token.kind in (Kind.CLOSE, Kind.RIGHT_PAREN):
                break
            raise self._unexpected(token, "operand")
        if not words:
            raise self._error("empty command", position)
        return nodes.Command(position, tuple(words))

    def _operand(self) -> nodes.Operand:
        term = self._term()
        token = self._peek()
        if token.kind is not Kind.FIELD:
            return term
        names: list[str] = []
        while self._peek().kind is Kind.FIELD:
            names.append(self._next().text[1:])
        match term:
            case nodes.Field():
                return nodes.Field(token.position, (*term.names, *names))
            case nodes.Variable():
                return nodes.Variable(token.position, term.name, (*term.names, *names), term.slot)
            case nodes.Pipe() | nodes.Function():
                return nodes.Chain(token.position, term, tuple(names))
        raise self._error(f"unexpected . after term {quote(str(term))}", token.position)

    def _term(self) -> nodes.Operand:
        token = self._next()
        match token.kind:
            case Kind.IDENTIFIER:
                if token.text not in self._functions:
                    raise self._error(f'function "{token.text}" not defined', token.position)
                return nodes.Function(token.position, token.text)
            case Kind.DOT:
                return nodes.Dot(token.position)
            case Kind.NIL:
                return nodes.Nil(token.position)
            case Kind.VARIABLE:
                return nodes.Variable(token.position, token.text, (), self._slot(token))
            case Kind.FIELD:
                return nodes.Field(token.position, (token.text[1:],))
            case Kind.BOOL:
                return nodes.Bool(token.position, token.text == "true")
            case Kind.LEFT_PAREN:
                with self._deeper(token.position):
                    return self._pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
            case Kind.STRING | Kind.RAW_STRING:
                return nodes.String(token.position, token.text, self._unquoted(token))
        return self._number(token)

    def _number(self, token: Token) -> nodes.Number:
        try:
            value = read_rune(token.text) if token.kind is Kind.RUNE else read_number(token.text)
        except ValueError as error:
            raise self._error(str(error), token.position) from error
        return nodes.Number(token.position, token.text, value)

    def _slot(self, token: Token) -> int:
        slot = self._scope.find(token.text)
        if slot is None:
            raise self._error(f'undefined variable "{token.text}"', token.position)
        return slot

    def _unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except ValueError as error:
            raise self._error(str(error), token.position) from error


def _is_empty(body: nodes.Body) -> bool:
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in body.nodes)
