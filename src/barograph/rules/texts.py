"""The texts of a rule that may be templates: labels and annotations, parsed once and rendered for a row of a result.

Rules call it. A template that fails never fails the rule: its error stands where the text would, as in Prometheus.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from barograph.model.errors import BarographError
from barograph.model.labels import Labels

_MARK = "{{"
_ENDLESS = ("alue", "query", "now", "template")
"""What a text must mention to be another one while its labels stay: the value, a query, the time, another template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowText:
    """What a template may know of a row.

    Attributes:
        labels: Of the row, with `__name__`.
        value: Of the row.
        at_ms: The instant of the evaluation, which queries are asked for.
        external_labels: Of this server.
        external_url: Of this server.
    """

    labels: Labels
    value: float
    at_ms: int
    external_labels: Mapping[str, str]
    external_url: str


class Renderable(Protocol):
    """A parsed template."""

    def render(self, row: RowText) -> str:
        """Return the text for a row.

        Raises:
            BarographError: It cannot be rendered.
        """
        ...


ParseText = Callable[[str, str], Renderable]
"""Parses a template, whose errors call it by a name; raises BarographError where it is none."""


class _Broken:
    """A template that could not be parsed: its error is what it says."""

    def __init__(self, error: BarographError) -> None:
        self._error = error

    def render(self, row: RowText) -> str:
        raise self._error


class _Plain:
    """A text without any template in it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render(self, row: RowText) -> str:
        return self._text


class Texts:
    """Named texts of one rule.

    Args:
        texts: They.
        parse: Makes templates of them.
        template: What errors call the templates.

    Attributes:
        is_plain: None of them is a template.
        may_change: A text may become another one while the labels of its row stay.
    """

    def __init__(self, texts: Mapping[str, str], parse: ParseText, template: str = "template") -> None:
        self._texts = {name: _parsed(text, parse, template) for name, text in texts.items()}
        templates = [text for text in texts.values() if _MARK in text]
        self.is_plain = not templates
        self.may_change = any(word in text for text in templates for word in _ENDLESS)
        self._plain = dict(texts) if self.is_plain else {}

    def render(self, row: RowText) -> dict[str, str]:
        """Return every text for a row; those of plain texts are one shared dictionary, not to be changed."""
        if self.is_plain:
            return self._plain
        return {name: _rendered(text, row) for name, text in self._texts.items()}


def _parsed(text: str, parse: ParseText, template: str) -> Renderable:
    if _MARK not in text:
        return _Plain(text)
    try:
        return parse(text, template)
    except BarographError as error:
        return _Broken(error)


def _rendered(text: Renderable, row: RowText) -> str:
    try:
        return text.render(row)
    except BarographError as error:
        return f"<error expanding template: {error}>"
