"""What a unit test of rules expected and what it got, in promtool's words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from barograph.model.labels import Labels
from barograph.promql.numbers import shortest_exponent
from barograph.rules.trial.reading import AlertCase, ExprCase, TrialGroup
from barograph.templates.quoting import quote

Pairs = tuple[tuple[str, str], ...]
_INDENT = " " * 12


@dataclass(frozen=True, slots=True, order=True)
class FiringAlert:
    """An alert that fires, or should: its labels and annotations, by name.

    A pair without a value counts here: an annotation that came to nothing is one.
    """

    labels: Pairs
    annotations: Pairs

    @classmethod
    def of(cls, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Self:
        """Build from names and texts."""
        return cls(tuple(sorted(labels.items())), tuple(sorted(annotations.items())))


@dataclass(frozen=True, slots=True)
class GotSample:
    """A sample of an expression's result, or what it should be."""

    labels: Labels
    value: float


def tell_alerts(
    group: TrialGroup, case: AlertCase, at: str, expected: Sequence[FiringAlert], got: Sequence[FiringAlert]
) -> str:
    """Say which alerts fire, and which should."""
    name = f"    name: {group.name},\n" if group.name else ""
    return (
        f"{name}    alertname: {case.name}, time: {at}, \n"
        f"        exp:{_indented(_alerts(expected))}, \n        got:{_indented(_alerts(got))}"
    )


def tell_samples(case: ExprCase, at: str, expected: Sequence[GotSample], got: Sequence[GotSample]) -> str:
    """Say what an expression gave, and what it should."""
    return f"    expr: {quote(case.expr)}, time: {at},\n        exp: {_samples(expected)}\n        got: {_samples(got)}"


def tell_error(case: ExprCase, at: str, error: str) -> str:
    """Say why an expression gave nothing."""
    return f"    expr: {quote(case.expr)}, time: {at}, err: {error}"


def tell_rule(name: str, at: str, error: str) -> str:
    """Say why a rule could not be evaluated."""
    return f"    rule: {name}, time: {at}, err: {error}"


def _alerts(alerts: Sequence[FiringAlert]) -> str:
    if not alerts:
        return "[]"
    each = [
        f"{number}:\n  Labels:{_pairs(alert.labels)}\n  Annotations:{_pairs(alert.annotations)}"
        for number, alert in enumerate(alerts)
    ]
    return "[\n" + ",\n".join(each) + "\n]"


def _samples(samples: Sequence[GotSample]) -> str:
    if not samples:
        return "nil"
    return ", ".join(f"{_pairs(sample.labels.pairs)} {shortest_exponent(sample.value)}" for sample in samples)


def _pairs(pairs: Pairs) -> str:
    return "{" + ", ".join(f"{name}={quote(value)}" for name, value in pairs) + "}"


def _indented(text: str) -> str:
    first, *rest = text.split("\n")
    return "\n".join([first, *(_INDENT + line for line in rest)])
