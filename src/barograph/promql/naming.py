"""Metric names and uniqueness: what happens to labels when an operation makes the name meaningless.

Names go at once, or, where `delayed_name_removal` is on, at the end of the evaluation: until then such labels are
`Nameless`, so that `by (__name__)` and `label_replace` can still see the name.
"""

from collections.abc import Sequence

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.labels import METRIC_NAME, Labels, escape_value
from barograph.model.sample import BoolArray, FloatArray
from barograph.promql.memo import Memo
from barograph.promql.run import Run
from barograph.promql.value import StepVector

DUPLICATES = "vector cannot contain metrics with the same labelset"
_NAME_ONLY = (METRIC_NAME,)
EMPTY_VECTOR_LABELS: tuple[Labels, ...] = ()


class Nameless(Labels):
    """Labels whose metric name is to be dropped at the end."""

    __slots__ = ()


def drop_name(labels: Labels, *, delayed: bool) -> Labels:
    """Return labels without their metric name, or marked so."""
    if delayed:
        return Nameless.from_sorted(labels.pairs)
    return labels.drop(_NAME_ONLY)


def like(labels: Labels, changed: Labels) -> Labels:
    """Return changed labels, marked as `labels` are."""
    return Nameless.from_sorted(changed.pairs) if isinstance(labels, Nameless) else changed


def empty_vector(steps: int) -> StepVector:
    """Return the vector without any series."""
    return StepVector(EMPTY_VECTOR_LABELS, np.empty((0, steps)))


class NameDropper:
    """Drops the names of a vector's rows; one per node, so that the work on labels is remembered."""

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: Memo[tuple[tuple[Labels, ...], bool]] = Memo()

    def labels(self, labels: tuple[Labels, ...], run: Run) -> tuple[tuple[Labels, ...], bool]:
        """Return the labels without names, and whether they are unique."""
        delayed = run.config.delayed_name_removal

        def derive() -> tuple[tuple[Labels, ...], bool]:
            dropped = tuple(drop_name(one, delayed=delayed) for one in labels)
            return dropped, len(set(dropped)) == len(dropped)

        return self._memo.get((labels,), derive)

    def vector(self, vector: StepVector, run: Run, *, per_step: bool) -> StepVector:
        """Return the vector without names; see `merge_rows` for `per_step`."""
        labels, unique = self.labels(vector.labels, run)
        result = StepVector(labels, vector.values, vector.present)
        return result if unique else merge_rows(result, per_step=per_step)


def merge_rows(vector: StepVector, *, per_step: bool) -> StepVector:
    """Make labels unique by joining rows of equal labels.

    Args:
        vector: Labels may repeat.
        per_step: Whether equal labels may follow each other in time; if not, two rows with any value collide.

    Raises:
        ExecutionError: Two rows of equal labels have a value where only one may.
    """
    rows: dict[Labels, list[int]] = {}
    present = presence(vector)
    alive: BoolArray = np.any(present, axis=1)
    for index, labels in enumerate(vector.labels):
        if alive[index]:
            rows.setdefault(labels, []).append(index)
    values = np.empty((len(rows), vector.values.shape[1]))
    joined = np.zeros(values.shape, dtype=np.bool_)
    for target, indexes in enumerate(rows.values()):
        if len(indexes) > 1 and (not per_step or (present[indexes].sum(axis=0) > 1).any()):
            raise ExecutionError(DUPLICATES)
        for index in indexes:
            values[target, present[index]] = vector.values[index, present[index]]
        joined[target] = present[indexes].any(axis=0)
    return StepVector(tuple(rows), values, joined)


def presence(vector: StepVector) -> BoolArray:
    """Return the mask of a vector, made where it has none."""
    if vector.present is not None:
        return vector.present
    return np.ones(vector.values.shape, dtype=np.bool_)


def take_rows(vector: StepVector, rows: Sequence[int], labels: tuple[Labels, ...] | None = None) -> StepVector:
    """Return some rows of a vector, in the order of `rows`."""
    index = np.asarray(rows, dtype=np.intp)
    values: FloatArray = vector.values[index]
    present = None if vector.present is None else vector.present[index]
    return StepVector(tuple(vector.labels[row] for row in rows) if labels is None else labels, values, present)


def is_label_name(name: str) -> bool:
    """Tell whether a text can name a label: anything but the empty one and what is no UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name)


def writable(text: str) -> str:
    """Return a text without bytes that are no UTF-8, which no answer can hold: U+FFFD stands for each."""
    if text.isascii():
        return text
    return text.encode(errors="surrogateescape").decode(errors="replace")


def quoted(name: str) -> str:
    """Quote a name for a message; bytes that are no UTF-8 are written as escapes."""
    shown = "".join(f"\\x{ord(c) - 0xDC00:02x}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in escape_value(name))
    return f'"{shown}"'
