"""The tree of a template. Made by the parser, read by the compiler; `str()` of a node is how errors show it."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bool:
    """`true` or `false`."""

    position: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class Number:
    """A constant: an `int`, or a `float` where it was written with a point or an exponent."""

    position: int
    text: str
    value: int | float

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class String:
    """A quoted text."""

    position: int
    quoted: str
    value: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(frozen=True, slots=True)
class Nil:
    """`nil`."""

    position: int

    def __str__(self) -> str:
        return "nil"


@dataclass(frozen=True, slots=True)
class Dot:
    """`.`, what the template is about just now."""

    position: int

    def __str__(self) -> str:
        return "."


@dataclass(frozen=True, slots=True)
class Field:
    """`.a.b`."""

    position: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "." + ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Variable:
    """`$x.a.b`; `slot` is where the variable's value lies."""

    position: int
    name: str
    names: tuple[str, ...]
    slot: int

    def __str__(self) -> str:
        return ".".join((self.name, *self.names))


@dataclass(frozen=True, slots=True)
class Function:
    """A function's name."""

    position: int
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """`(...).a.b`, or a function's result's fields."""

    position: int
    node: "Pipe | Function"
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((f"({self.node})" if isinstance(self.node, Pipe) else str(self.node), *self.names))


@dataclass(frozen=True, slots=True)
class Command:
    """A word and its arguments."""

    position: int
    words: "tuple[Operand, ...]"

    def __str__(self) -> str:
        return " ".join(f"({word})" if isinstance(word, Pipe) else str(word) for word in self.words)


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands joined by `|`, and the variables that take the outcome."""

    position: int
    commands: tuple[Command, ...]
    variables: tuple[Variable, ...] = ()
    assigns: bool = False

    def __str__(self) -> str:
        taken = ", ".join(map(str, self.variables))
        sign = " = " if self.assigns else " := "
        return (taken + sign if taken else "") + " | ".join(map(str, self.commands))


Operand = Bool | Number | String | Nil | Dot | Field | Variable | Function | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """What stands between actions."""

    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """`{{ pipe }}`."""

    position: int
    pipe: Pipe


@dataclass(frozen=True, slots=True)
class If:
    """`{{if}}`; also `{{with}}`, which makes the outcome the dot."""

    position: int
    pipe: Pipe
    then: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"
    is_with: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """`{{range}}`."""

    position: int
    pipe: Pipe
    body: "tuple[Node, ...]"
    otherwise: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Leave:
    """`{{break}}` and `{{continue}}`."""

    position: int
    word: str


@dataclass(frozen=True, slots=True)
class Call:
    """`{{template}}`, and `{{block}}` where it stands."""

    position: int
    quoted: str
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return f"{{{{template {self.quoted}{'' if self.pipe is None else f' {self.pipe}'}}}}}"


Node = Text | Action | If | Range | Leave | Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The main template, or one that `define` or `block` made; `slots` is how many variables it has."""

    nodes: Sequence[Node]
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A text that was parsed."""

    main: Body
    defined: dict[str, Body] = field(default_factory=dict)
