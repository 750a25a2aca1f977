"""`info`: adds the labels of info metrics (`target_info`) to the series that share their `instance` and `job`.

Selects info series by the values that the enriched series have, joins them at each step, and of several that claim
the same identity takes the one with the newest sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import re2
from numpy.typing import NDArray

from barograph.model.errors import ExecutionError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import BoolArray
from barograph.promql.ast import RangeMode, VectorSelector
from barograph.promql.functions.entry import Arguments
from barograph.promql.grid import Grid
from barograph.promql.naming import empty_vector, is_label_name, like, merge_rows, presence
from barograph.promql.overlaps import braces
from barograph.promql.run import Run
from barograph.promql.selectors import InstantSelector
from barograph.promql.value import StepVector

IDENTIFYING = ("instance", "job")
_DEFAULT_NAME = Matcher(METRIC_NAME, MatchOp.EQUAL, "target_info")
_ANY_INFO = Matcher(METRIC_NAME, MatchOp.REGEX, ".+_info")
_POSITIVE = (MatchOp.EQUAL, MatchOp.REGEX)

Winners = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the second argument asks for.

    Attributes:
        names: Matchers of the info metrics' names, never empty.
        data: Matchers of data labels; where there are any, only the labels they name are added.
        own: By which names a series counts as an info series itself, and is left alone.
    """

    names: tuple[Matcher, ...]
    data: tuple[Matcher, ...]
    own: tuple[Matcher, ...]

    @property
    def is_required(self) -> bool:
        """Whether a series without info series is dropped."""
        return not all(matcher.matches_empty for matcher in self.data)


def info(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """The series of a vector with the data labels of the info series that belong to them."""
    wanted = _wanted(arguments)
    base = arguments.vectors[0].vector(run, grid)
    if not base.labels:
        return empty_vector(grid.steps)
    # series that are info series themselves are neither looked up nor changed
    plain = [row for row, one in enumerate(base.labels) if not _matches(wanted.own, one.name)]
    node = cast(
        InstantSelector | None,
        arguments.memo.get((base.labels,), lambda: _selector(arguments, wanted, [base.labels[row] for row in plain])),
    )
    found = empty_vector(grid.steps) if node is None else node.stamps(run, grid)
    run.check()
    asked: BoolArray = np.any(presence(base), axis=0)
    winners = _winners(found, asked)
    return _enriched(base, found.labels, winners, (wanted, frozenset(plain)), run)


def _wanted(arguments: Arguments) -> _Wanted:
    args = arguments.call.args
    if len(args) == 1:
        return _Wanted((_DEFAULT_NAME,), (), (_DEFAULT_NAME,))
    selector = args[1]
    assert isinstance(selector, VectorSelector)
    names = tuple(one for one in selector.matchers if one.name == METRIC_NAME)
    data = tuple(one for one in selector.matchers if one.name != METRIC_NAME)
    if not names:
        return _Wanted((_DEFAULT_NAME,), data, ())
    # what is only refused by name says not yet which metrics are meant
    searched = names if any(one.op in _POSITIVE for one in names) else (_ANY_INFO, *names)
    return _Wanted(searched, data, searched)


def _matches(matchers: tuple[Matcher, ...], name: str) -> bool:
    return bool(matchers) and all(matcher.matches(name) for matcher in matchers)


def _selector(arguments: Arguments, wanted: _Wanted, rows: list[Labels]) -> InstantSelector | None:
    """Make the selector of the info series that can belong to some rows; None where none has an identity."""
    # a series without any of these labels belongs to no info series; bytes that are no UTF-8 stand in no matcher
    known = [
        identity for identity in map(_identity, rows) if identity and all(map(is_label_name, dict(identity).values()))
    ]
    if not known:
        return None
    matchers = [*wanted.names, *wanted.data]
    matchers += [_one_of(name, sorted({one.get(name) for one in known})) for name in IDENTIFYING]
    return InstantSelector(VectorSelector("", tuple(matchers), None, None, RangeMode.NONE, arguments.call.span))


def _one_of(name: str, values: list[str]) -> Matcher:
    if len(values) == 1:
        return Matcher(name, MatchOp.EQUAL, values[0])
    return Matcher(name, MatchOp.REGEX, "|".join(re2.escape(value) for value in values))


def _identity(labels: Labels) -> Labels:
    return labels.keep(IDENTIFYING)


def _winners(found: StepVector, asked: BoolArray) -> dict[Labels, dict[str, Winners]]:
    """Return for each identity and info metric the row with the newest sample at each step, -1 where there is none.

    Raises:
        ExecutionError: Two info series of one identity and metric have a sample of the same instant.
    """
    winners: dict[Labels, dict[str, Winners]] = {}
    here = presence(found)
    for row, labels in enumerate(found.labels):
        of_metric = winners.setdefault(_identity(labels), {})
        best = of_metric.get(labels.name)
        if best is None:
            of_metric[labels.name] = np.where(here[row], row, -1)
            continue
        held = np.take_along_axis(found.values, np.maximum(best, 0)[None], axis=0)[0]
        both = here[row] & (best >= 0)
        clash = np.flatnonzero(both & (held == found.values[row]) & asked)
        if len(clash):
            step = int(clash[0])
            raise _duplicates(found, int(best[step]), row, step)
        of_metric[labels.name] = np.where(here[row] & ((best < 0) | (found.values[row] > held)), row, best)
    return winners


def _duplicates(found: StepVector, existing: int, new: int, step: int) -> ExecutionError:
    at_ms = round(float(found.values[new, step]) * 1000)
    return ExecutionError(
        f"found duplicate series for info metric: existing {braces(found.labels[existing])} @ {at_ms}, "
        f"new {braces(found.labels[new])} @ {at_ms}"
    )


def _enriched(
    base: StepVector,
    infos: tuple[Labels, ...],
    winners: dict[Labels, dict[str, Winners]],
    asked: tuple[_Wanted, frozenset[int]],
    run: Run,
) -> StepVector:
    """Split each row by the info series that belong to it at each step, and put equal labels together again."""
    wanted, plain = asked
    here = presence(base)
    labels: list[Labels] = []
    rows: list[int] = []
    masks: list[BoolArray] = []
    for row, one in enumerate(base.labels):
        if row not in plain:
            labels.append(one)
            rows.append(row)
            masks.append(here[row])
            continue
        run.check()
        identity = _identity(one)
        mine = list(winners.get(identity, {}).values()) if identity else []
        for chosen, mask in _choices(mine, here[row]):
            if chosen or not wanted.is_required:
                labels.append(_with_data(one, [infos[each] for each in chosen], wanted))
                rows.append(row)
                masks.append(mask)
    if not labels:
        return empty_vector(base.values.shape[1])
    run.charge_points(len(rows) * base.values.shape[1])
    result = StepVector(tuple(labels), base.values[rows], np.stack(masks))
    return result if len(set(labels)) == len(labels) else merge_rows(result, per_step=True)


def _choices(winners: Sequence[Winners], here: BoolArray) -> list[tuple[list[int], BoolArray]]:
    """Return the distinct sets of info rows that belong to a row, each with the steps at which it is that set."""
    if not winners:
        return [([], here)] if here.any() else []
    table = np.stack(winners)
    distinct, place = np.unique(table[:, here], axis=1, return_inverse=True)
    found: list[tuple[list[int], BoolArray]] = []
    steps = np.flatnonzero(here)
    for index in range(distinct.shape[1]):
        mask = np.zeros(here.shape, dtype=np.bool_)
        mask[steps[place.ravel() == index]] = True
        found.append(([row for row in distinct[:, index].tolist() if row >= 0], mask))
    return found


def _with_data(labels: Labels, infos: list[Labels], wanted: _Wanted) -> Labels:
    """Add the data labels of info series.

    Raises:
        ExecutionError: Two info metrics have different values for a label.
    """
    names = {matcher.name for matcher in wanted.data}
    added: dict[str, str] = {}
    for one in infos:
        for name, value in one:
            if name == METRIC_NAME or (names and name not in names) or labels.get(name):
                continue
            if added.setdefault(name, value) != value:
                raise ExecutionError(f"conflicting label: {name}")
    return like(labels, labels.with_labels(added)) if added else labels
