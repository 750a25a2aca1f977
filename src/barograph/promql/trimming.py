"""`</` and `>/`: they trim native histograms, and of floats they leave nothing but an annotation. Made by the plan."""

from dataclasses import dataclass

from barograph.promql.ast import Span
from barograph.promql.explain import explained
from barograph.promql.grid import Grid
from barograph.promql.naming import empty_vector
from barograph.promql.nodes import VectorNode
from barograph.promql.run import Run
from barograph.promql.value import StepVector

STAND_IN = "+"
"""An operator that gives a value for every pair: it tells which floats the trim operator would have met."""


@dataclass(frozen=True, slots=True)
class FloatTrim:
    """A trim operator between floats; `pairs` evaluates the same operands with `STAND_IN`."""

    op: str
    pairs: VectorNode
    span: Span

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        met = self.pairs.vector(run, grid)
        if met.labels and (met.present is None or met.present.any()):
            words = f'incompatible sample types encountered for binary operator "{self.op}": float {self.op} float'
            run.inform(words, self.span)
        return empty_vector(grid.steps)
