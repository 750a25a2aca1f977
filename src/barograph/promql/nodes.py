"""What a plan is made of: a node of each of the three types that can be evaluated.

Nodes are built once per expression text and kept with the plan; they hold no state but memos of label work. They are
evaluated by any thread, so a memo must be replaced in one assignment.
"""

from dataclasses import dataclass
from typing import Protocol

from barograph.model.sample import FloatArray
from barograph.model.series import SeriesGroup
from barograph.promql.ast import Span
from barograph.promql.grid import Grid
from barograph.promql.run import Run
from barograph.promql.value import StepVector


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """A range vector at each step.

    Attributes:
        groups: The samples, a superset of all windows.
        ends: The end of each step's window (offset and `@` applied); windows are left-open.
        range_ms: The length of each window.
    """

    groups: tuple[SeriesGroup, ...]
    ends: Grid
    range_ms: int

    @property
    def extent(self) -> tuple[int, int]:
        """How many series it has, and how many places of samples."""
        return sum(len(group.labels) for group in self.groups), sum(group.values.size for group in self.groups)


class ScalarNode(Protocol):
    """Gives a scalar at each step."""

    def scalar(self, run: Run, grid: Grid) -> FloatArray:
        """Return float64 `[steps]`."""
        ...


class VectorNode(Protocol):
    """Gives an instant vector at each step."""

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        ...

    def vector(self, run: Run, grid: Grid) -> StepVector:
        """Return the vector; labels are unique."""
        ...


class RangeNode(Protocol):
    """Gives a range vector at each step."""

    @property
    def span(self) -> Span:
        """Where it stands in the text."""
        ...

    def ranges(self, run: Run, grid: Grid) -> Ranges:
        """Select what the windows need."""
        ...
