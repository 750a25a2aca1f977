"""What an evaluation did, node by node: asked for with a query, and recorded while it runs. Costs nothing otherwise.

`Run.trace` holds a `Trace` where somebody asked; the methods of nodes are marked with `explained`. The web room and the
command line show what comes out.
"""

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import msgspec

from barograph.model.clock import Clock
from barograph.model.matcher import Matcher
from barograph.model.series import SeriesSet
from barograph.model.tiers import BucketSet


class Spanned(Protocol):
    """What stands somewhere in an expression."""

    @property
    def span(self) -> tuple[int, int]:
        """Start and end, in characters."""
        ...


class Extended(Protocol):
    """What a node gives: so many series, so many points."""

    @property
    def extent(self) -> tuple[int, int]:
        """Series and points."""
        ...


class Stepped(Protocol):
    """The instants of an evaluation."""

    @property
    def steps(self) -> int:
        """How many."""
        ...


Found = TypeVar("Found", bound=Extended | None)
Node = TypeVar("Node", bound=Spanned)
Instants = TypeVar("Instants", bound=Stepped)
Evaluation = TypeVar("Evaluation", bound="Traced")
More = ParamSpec("More")


class ExplainedRead(msgspec.Struct, kw_only=True):
    """What one selection read of the store.

    Attributes:
        selector: Its matchers.
        start_ms: The first instant it looked at.
        end_ms: The last.
        series: How many series it found.
        samples: Places of samples it got, or of bucket values.
        tier_ms: The width of the buckets it was answered from; 0: samples.
        head_samples: Those that came from the head, in memory.
        kept_samples: Those that were still decoded, as a matrix, from a query before.
        chunks_cached: Chunks that were still decoded.
        chunks_decoded: Chunks that were decoded for it.
        duration_s: How long it took.
    """

    selector: str
    start_ms: int
    end_ms: int
    series: int = 0
    samples: int = 0
    tier_ms: int = 0
    head_samples: int = 0
    kept_samples: int = 0
    chunks_cached: int = 0
    chunks_decoded: int = 0
    duration_s: float = 0.0


class ExplainedNode(msgspec.Struct, kw_only=True):
    """What one part of an expression did.

    Attributes:
        text: The part of the expression.
        node: What evaluated it.
        steps: How many instants it was evaluated at.
        series: How many series it gave.
        points: How many points these had.
        duration_s: How long it took, its children's time included.
        reads: What it read of the store itself.
        children: The parts it evaluated, in order.
    """

    text: str
    node: str
    steps: int
    series: int = 0
    points: int = 0
    duration_s: float = 0.0
    reads: list[ExplainedRead] = []
    children: list["ExplainedNode"] = []


class Trace:
    """Records one evaluation. Used by the thread that evaluates.

    Args:
        text: The whole expression.
        steps: At how many instants it is evaluated.
        clock: Measures.
    """

    def __init__(self, text: str, steps: int, clock: Clock) -> None:
        self.root = ExplainedNode(text=text, node="Expression", steps=steps)
        self.clock = clock
        self._open = [self.root]

    def finish(self, duration_s: float) -> ExplainedNode:
        """Return what was taken down, of an evaluation that took so long."""
        self.root.duration_s = duration_s
        if self.root.children:
            # the part that is evaluated last is the whole expression
            last = self.root.children[-1]
            self.root.series, self.root.points = last.series, last.points
        return self.root

    def note_samples(
        self, matchers: Sequence[Matcher], time_range: tuple[int, int], found: SeriesSet, started_s: float
    ) -> None:
        """Take down which samples the node that is being evaluated has read."""
        read = self._note(matchers, time_range, started_s)
        read.series, read.samples = found.series_count, found.sample_count
        read.head_samples, read.kept_samples = found.counts.head_samples, found.counts.kept_samples
        read.chunks_cached, read.chunks_decoded = found.counts.chunks_cached, found.counts.chunks_decoded

    def note_buckets(
        self, matchers: Sequence[Matcher], buckets: tuple[int, int, int], found: BucketSet, started_s: float
    ) -> None:
        """Take down which buckets (first and last instant, width) the node that is being evaluated has read."""
        read = self._note(matchers, buckets[:2], started_s)
        read.tier_ms = buckets[2]
        read.series, read.samples = sum(len(group.labels) for group in found.groups), found.samples_read

    def _note(self, matchers: Sequence[Matcher], time_range: tuple[int, int], started_s: float) -> ExplainedRead:
        selector = "{" + ",".join(f"{one.name}{one.op.value}{json.dumps(one.value)}" for one in matchers) + "}"
        read = ExplainedRead(selector=selector, start_ms=time_range[0], end_ms=time_range[1])
        read.duration_s = self.clock.monotonic_s() - started_s
        self._open[-1].reads.append(read)
        return read

    def follow(self, node: Spanned, steps: int, evaluate: Callable[[], Found]) -> Found:
        """Evaluate a node and take down what it did; one that gives nothing (None) did not answer and is left out."""
        start, end = node.span
        entry = ExplainedNode(text=self.root.text[start:end], node=type(node).__name__, steps=steps)
        above = self._open[-1]
        above.children.append(entry)
        self._open.append(entry)
        started_s = self.clock.monotonic_s()
        try:
            found = evaluate()
        finally:
            self._open.pop()
        entry.duration_s = self.clock.monotonic_s() - started_s
        if found is None:
            above.children.remove(entry)
        else:
            entry.series, entry.points = found.extent
        return found


class Traced(Protocol):
    """An evaluation, as far as this file knows it."""

    @property
    def trace(self) -> Trace | None:
        """Takes down what nodes do, where somebody asked for that."""
        ...


def explained(
    method: Callable[Concatenate[Node, Evaluation, Instants, More], Found],
) -> Callable[Concatenate[Node, Evaluation, Instants, More], Found]:
    """Mark a node's method `(self, run, grid, ...)`: what it does is taken down where somebody asked for that."""

    @wraps(method)
    def noting(self: Node, run: Evaluation, grid: Instants, /, *args: More.args, **kwargs: More.kwargs) -> Found:
        if run.trace is None:
            return method(self, run, grid, *args, **kwargs)
        return run.trace.follow(self, grid.steps, lambda: method(self, run, grid, *args, **kwargs))

    return noting
