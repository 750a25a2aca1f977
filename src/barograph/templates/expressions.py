"""Pipelines, fields and calls of a template -> functions that evaluate them. Called by `compiler.py` only.

Fields are looked up in tables of this room only, so nothing of Python can be reached.
"""

from collections.abc import Callable, Sequence

from barograph.model.errors import TemplateError
from barograph.templates import nodes
from barograph.templates.budget import OverBudgetError, Pieces
from barograph.templates.fields import TYPE_NAMES, field_of
from barograph.templates.functions import FUNCTIONS, Context
from barograph.templates.functions import Function as Known
from barograph.templates.values import Value, is_true, type_name

BlameNode = Callable[["Shown", str], TemplateError]
"""Makes an error of the node that is to blame and a message."""
Shown = nodes.Operand | nodes.Command | nodes.Call
_ABSENT = object()
"""There is no value that was piped in."""


class Frame:
    """The variables of one body while it is carried out."""

    __slots__ = ("context", "dot", "out", "slots")

    def __init__(self, context: Context, out: Pieces, dot: Value, slots: int) -> None:
        self.context = context
        self.out = out
        self.dot = dot
        self.slots: list[Value] = [dot] + [None] * (slots - 1)


Evaluate = Callable[[Frame], Value]


class Expressions:
    """Compiles them.

    Args:
        blame: Makes the errors of run time.
    """

    def __init__(self, blame: BlameNode) -> None:
        self._blame = blame

    def pipe(self, pipe: nodes.Pipe, *, sets: bool = True) -> Evaluate:
        """Compile a pipeline; `sets`: its variables take what it comes to."""
        first, *others = (self._command(command, number) for number, command in enumerate(pipe.commands))
        evaluate: Callable[[Frame, Value], Value] = first
        slots = [variable.slot for variable in pipe.variables] if sets else []
        if not others and not slots:
            return lambda frame: evaluate(frame, _ABSENT)

        def run(frame: Frame) -> Value:
            value = evaluate(frame, _ABSENT)
            for other in others:
                value = other(frame, value)
            for slot in slots:
                frame.slots[slot] = value
            return value

        return run

    def _command(self, command: nodes.Command, number: int) -> Callable[[Frame, Value], Value]:
        first, arguments = command.words[0], command.words[1:]
        match first:
            case nodes.Function():
                return self._call(command, first, arguments)
            case nodes.Field() | nodes.Variable() | nodes.Chain():
                return self._path(first, arguments)
        if arguments or number:
            blamed = command if isinstance(first, nodes.Pipe) else first
            return self._fail(blamed, f"can't give argument to non-function {first}")
        if isinstance(first, nodes.Nil):
            return self._fail(first, "nil is not a command")
        evaluate = self._operand(first)
        return lambda frame, _: evaluate(frame)

    def _fail(self, node: Shown, message: str) -> Callable[[Frame, Value], Value]:
        def run(_: Frame, __: Value) -> Value:
            raise self._blame(node, message)

        return run

    def _operand(self, node: nodes.Operand) -> Evaluate:
        match node:
            case nodes.Dot():
                return lambda frame: frame.dot
            case nodes.Nil():
                return lambda _: None
            case nodes.Pipe():
                return self.pipe(node)
            case nodes.Function():
                call = self._call(nodes.Command(node.position, (node,)), node, ())
                return lambda frame: call(frame, _ABSENT)
            case nodes.Field() | nodes.Variable() | nodes.Chain():
                path = self._path(node, ())
                return lambda frame: path(frame, _ABSENT)
        value = node.value
        return lambda _: value

    # fields

    def _path(
        self, node: nodes.Field | nodes.Variable | nodes.Chain, arguments: Sequence[nodes.Operand]
    ) -> Callable[[Frame, Value], Value]:
        """Compile `.a.b`, `$x.a.b`, `(...).a.b`; arguments are for the last of the names."""
        start, names = self._start(node), node.names
        blamed = last_word(node.node) if isinstance(node, nodes.Chain) and isinstance(node.node, nodes.Pipe) else node
        given = [self._operand(argument) for argument in arguments]
        if not names:
            return self._bare(node, start, has_arguments=bool(arguments))

        def run(frame: Frame, piped: Value) -> Value:
            value = start(frame)
            for name in names[:-1]:
                value = self._field(blamed, value, name, ())
            extra = [argument(frame) for argument in given]
            if piped is not _ABSENT:
                extra.append(piped)
            return self._field(blamed, value, names[-1], extra)

        if given or len(names) > 1:
            return run
        return self._one_label(node, start, names[0], run)

    def _one_label(
        self, node: Shown, start: Evaluate, name: str, slow: Callable[[Frame, Value], Value]
    ) -> Callable[[Frame, Value], Value]:
        """Take the short way where it is a map of texts: `$labels.instance` is most of what templates do."""

        def run(frame: Frame, piped: Value) -> Value:
            value = start(frame)
            if type(value) is dict and piped is _ABSENT:
                return value.get(name, "")
            return slow(frame, piped)

        return run

    def _start(self, node: nodes.Field | nodes.Variable | nodes.Chain) -> Evaluate:
        match node:
            case nodes.Field():
                return lambda frame: frame.dot
            case nodes.Variable():
                slot = node.slot
                return lambda frame: frame.slots[slot]
        return self._operand(node.node)

    def _bare(self, node: Shown, start: Evaluate, *, has_arguments: bool) -> Callable[[Frame, Value], Value]:
        def run(frame: Frame, piped: Value) -> Value:
            if has_arguments or piped is not _ABSENT:
                raise self._blame(node, f"can't give argument to non-function {node}")
            return start(frame)

        return run

    def _field(self, node: Shown, value: Value, name: str, arguments: Sequence[Value]) -> Value:
        try:
            return field_of(value, name, arguments)
        except ValueError as error:
            raise self._blame(node, str(error)) from error

    # calls

    def _call(
        self, command: nodes.Command, function: nodes.Function, arguments: Sequence[nodes.Operand]
    ) -> Callable[[Frame, Value], Value]:
        name, known = function.name, FUNCTIONS[function.name]
        if name in ("and", "or"):
            return self._shortcut(command, name, arguments)
        given = [self._argument(argument, known, place) for place, argument in enumerate(arguments)]
        wrong = {piped: _count_trouble(name, known, len(arguments) + piped) for piped in (0, 1)}
        piped_type = _parameter(known, len(arguments))

        def run(frame: Frame, piped: Value) -> Value:
            trouble = wrong[piped is not _ABSENT]
            if trouble:
                raise self._blame(function, trouble)
            values = [argument(frame) for argument in given]
            if piped is not _ABSENT:
                self._check(command, piped, piped_type)
                values.append(piped)
            return self._called(frame, command, known, values)

        return run

    def _called(self, frame: Frame, command: nodes.Command, known: Known, values: list[Value]) -> Value:
        budget = frame.context.budget
        budget.spend(1 + sum(len(value) >> 8 for value in values if type(value) is str))
        try:
            result = known.call(frame.context, *values)
        except OverBudgetError as error:
            raise self._blame(command, error.message) from error
        except ValueError as error:
            raise self._blame(command, f"error calling {command.words[0]}: {error}") from error
        if type(result) is str:
            budget.check(len(result))
        return result

    def _shortcut(
        self, command: nodes.Command, name: str, arguments: Sequence[nodes.Operand]
    ) -> Callable[[Frame, Value], Value]:
        given, ends_on = [self._operand(argument) for argument in arguments], name == "or"

        def run(frame: Frame, piped: Value) -> Value:
            if not given and piped is _ABSENT:
                raise self._blame(command, f"wrong number of args for {name}: want at least 1 got 0")
            value: Value = None
            for argument in given:
                value = argument(frame)
                if is_true(value) is ends_on:
                    return value
            return value if piped is _ABSENT else piped

        return run

    def _argument(self, node: nodes.Operand, known: Known, place: int) -> Evaluate:
        wanted = _parameter(known, place)
        evaluate = self._operand(node)
        if not wanted:
            return evaluate
        if isinstance(node, nodes.String) and str in wanted:
            return evaluate
        message = self._constant_trouble(node, wanted)

        def run(frame: Frame) -> Value:
            if message:
                raise self._blame(node, message)
            value = evaluate(frame)
            self._check(node, value, wanted)
            return value

        return run

    def _constant_trouble(self, node: nodes.Operand, wanted: tuple[type, ...]) -> str:
        """Say what is wrong with a constant of the wrong type, "" for what is none."""
        expected = TYPE_NAMES[wanted[0]]
        if isinstance(node, nodes.Nil):
            return f"cannot assign nil to {expected}" if str in wanted else ""
        if not isinstance(node, nodes.Bool | nodes.Number | nodes.String):
            return ""
        return (
            f"expected {expected}; found {node}" if str in wanted else f"can't handle {node} for arg of type {expected}"
        )

    def _check(self, node: Shown, value: Value, wanted: tuple[type, ...]) -> None:
        if not wanted or isinstance(value, wanted) or (value is None and str not in wanted):
            return
        expected, blamed = TYPE_NAMES[wanted[0]], last_word(node) if isinstance(node, nodes.Pipe) else node
        if value is None:
            raise self._blame(blamed, f"invalid value; expected {expected}")
        raise self._blame(blamed, f"wrong type for value; expected {expected}; got {type_name(value)}")


def _parameter(known: Known, place: int) -> tuple[type, ...]:
    if place < len(known.parameters):
        return known.parameters[place]
    return known.rest or ()


def _count_trouble(name: str, known: Known, count: int) -> str:
    fixed = len(known.parameters)
    if known.rest is not None:
        return f"wrong number of args for {name}: want at least {fixed} got {count}" if count < fixed else ""
    return f"wrong number of args for {name}: want {fixed} got {count}" if count != fixed else ""


def last_word(pipe: nodes.Pipe) -> nodes.Operand:
    """Return the word that Go blames for what a pipeline comes to."""
    word = pipe.commands[-1].words[-1]
    return last_word(word) if isinstance(word, nodes.Pipe) else word
