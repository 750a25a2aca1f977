"""Functions that change labels: label_replace and label_join. Their work is remembered as long as series stay."""

import re
from typing import Any, cast

from barograph.model.errors import ExecutionError, QueryError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import compile_regex
from barograph.promql.functions.entry import Arguments
from barograph.promql.grid import Grid
from barograph.promql.naming import Nameless, is_label_name, merge_rows, writable
from barograph.promql.run import Run
from barograph.promql.value import StepVector

_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def label_replace(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Set a label from the parts of another that a regular expression matches whole."""
    target, replacement, source, regex = arguments.strings
    _check_label_name(target, arguments)
    vector = arguments.vectors[0].vector(run, grid)

    def replaced() -> tuple[Labels, ...]:
        try:
            pattern = compile_regex(regex, captures=True)
        except (QueryError, UnicodeEncodeError) as error:
            raise ExecutionError(f"invalid regular expression in label_replace(): {writable(regex)}") from error
        return tuple(_replace(one, (target, replacement), pattern.fullmatch(one.get(source))) for one in vector.labels)

    return _relabelled(arguments, vector, replaced)


def label_join(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Set a label to the values of others with a separator between them."""
    target, separator, *sources = arguments.strings
    _check_label_name(target, arguments)
    vector = arguments.vectors[0].vector(run, grid)

    def joined() -> tuple[Labels, ...]:
        return tuple(_with(one, target, separator.join(one.get(source) for source in sources)) for one in vector.labels)

    return _relabelled(arguments, vector, joined)


def _relabelled(arguments: Arguments, vector: StepVector, derive: Any) -> StepVector:  # noqa: ANN401  see Memo
    labels = cast(tuple[Labels, ...], arguments.memo.get((vector.labels,), derive))
    result = StepVector(labels, vector.values, vector.present)
    return result if len(set(labels)) == len(labels) else merge_rows(result, per_step=True)


def _replace(labels: Labels, change: tuple[str, str], found: Any) -> Labels:  # noqa: ANN401  re2 ships no types
    target, replacement = change
    return labels if found is None else _with(labels, target, expand(replacement, found))


def _with(labels: Labels, target: str, value: str) -> Labels:
    changed = labels.with_labels({target: writable(value)})
    if isinstance(labels, Nameless) and target != METRIC_NAME:
        return Nameless.from_sorted(changed.pairs)
    return changed


def expand(replacement: str, found: Any) -> str:  # noqa: ANN401  re2 ships no types
    """Fill `$1`, `${1}`, `$name` and `${name}` from a match; unknown references are empty, `$$` is a dollar sign."""
    groups = found.re.groupindex

    def fill(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        if name.isdecimal():
            number = int(name)
            return (found.group(number) or "") if number <= found.re.groups else ""
        return (found.group(groups[name]) or "") if name in groups else ""

    return _REFERENCE.sub(fill, replacement)


def _check_label_name(name: str, arguments: Arguments) -> None:
    if not is_label_name(name):
        what, shown = arguments.call.function, writable(name)
        raise ExecutionError(f"invalid destination label name in {what}(): {shown}", *arguments.call.args[1].span)
