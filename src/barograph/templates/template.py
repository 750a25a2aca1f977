"""A template of a rule's label or annotation: parsed once, rendered at each evaluation. The door of this room.

Called by rules, which pass the query function in, and by `check rules`. It never reads anything by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from barograph.model.errors import TemplateError
from barograph.templates.budget import Budget, Pieces, TemplateLimits
from barograph.templates.compiler import Program, compile_tree
from barograph.templates.expressions import Frame, Shown
from barograph.templates.functions import FUNCTIONS, Context
from barograph.templates.parser import parse_tokens
from barograph.templates.quoting import quote
from barograph.templates.values import AlertValues, QuerySample, to_bytes

MAX_TEXT = 65_536
"""Characters of a template's text."""
_VARIABLES = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
"""What Prometheus puts before every template of an alert; its errors count characters from there."""
_LIMITS = TemplateLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateData:
    """What a template is about: one series of a rule's expression."""

    labels: Mapping[str, str]
    value: float
    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    at_ms: int = 0
    """The instant of the evaluation, milliseconds since the Unix epoch."""


class Template:
    """A text that was parsed. Immutable; may be rendered by any thread."""

    __slots__ = ("_name", "_program", "text")

    def __init__(self, text: str, name: str, program: Program | None) -> None:
        self.text = text
        self._name = name
        self._program = program

    @property
    def is_constant(self) -> bool:
        """Whether there is nothing to fill in: rendering gives `text`."""
        return self._program is None

    def render(
        self,
        data: TemplateData,
        query: Callable[[str], Sequence[QuerySample]],
        limits: TemplateLimits = _LIMITS,
    ) -> str:
        """Fill in the template.

        Args:
            data: What it is about.
            query: Evaluates an expression at the instant of the rule; a `BarographError` of it becomes the template's.
            limits: What it may cost.

        Raises:
            TemplateError: It cannot be carried out, or costs more.
        """
        if self._program is None:
            return self.text
        try:
            return self._run(self._program, data, query, limits)
        except TemplateError as error:
            message = f"error executing template {self._name}: {error.message}"
            raise TemplateError(message, error.line, error.column) from error
        except RecursionError as error:
            message = f"error executing template {self._name}: it goes too deep"
            raise TemplateError(message) from error

    def _run(
        self,
        program: Program,
        data: TemplateData,
        query: Callable[[str], Sequence[QuerySample]],
        limits: TemplateLimits,
    ) -> str:
        budget = Budget(limits)
        out = Pieces(budget)
        context = Context(budget=budget, query=query, at_s=data.at_ms / 1000, external_url=data.external_url)
        dot = AlertValues(dict(data.labels), dict(data.external_labels), data.external_url, data.value)
        program.run(Frame(context, out, dot, program.slots))
        text = out.text()
        # what is no UTF-8 (a part of a character that `slice` cut out) goes no further
        return text if text.isascii() else to_bytes(text).decode("utf-8", "replace")


def parse(text: str, *, name: str = "template") -> Template:
    """Parse a template.

    Args:
        text: The template.
        name: What errors call it; Prometheus calls that of an alert `__alert_NAME`.

    Raises:
        TemplateError: The text is no template; it has the line and column.
    """
    if len(text) > MAX_TEXT:
        raise TemplateError(f"error parsing template {name}: it has more than {MAX_TEXT} characters")
    if "{{" not in text:
        return Template(text, name, None)
    whole = _VARIABLES + text

    def blame_text(message: str, position: int) -> TemplateError:
        line, column = _place(text, position - len(_VARIABLES))
        return TemplateError(f"error parsing template {name}: template: {name}:{line}: {message}", line, column)

    def blame_node(node: Shown, message: str) -> TemplateError:
        start = whole.rfind("\n", 0, node.position) + 1
        count = len(to_bytes(whole[start : node.position]))
        line, column = _place(text, node.position - len(_VARIABLES))
        words = f"template: {name}:{line}:{count}: executing {quote(name)} at <{node}>: {message}"
        return TemplateError(words, line, column)

    try:
        return Template(text, name, compile_tree(parse_tokens(whole, FUNCTIONS, blame_text), blame_node))
    except RecursionError as error:
        raise TemplateError(f"error parsing template {name}: it is nested too deeply") from error


def _place(text: str, position: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a position in a text."""
    position = max(0, position)
    return text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1
