"""One evaluation of one expression: what it may ask, what it has cost, and when it must end.

Made by the engine for each query, handed to every node. Never shared between threads.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from barograph.model.clock import Clock
from barograph.model.errors import BudgetError, LimitError, QueryCancelledError, QueryTimeoutError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.protocols import Querier
from barograph.model.series import NewestAt, ReadBudget, SelectHints, SeriesSet
from barograph.model.tiers import BucketSet, Column
from barograph.promql.ast import Span
from barograph.promql.cancel import Cancel
from barograph.promql.config import QueryConfig
from barograph.promql.explain import Trace
from barograph.promql.grid import Grid

Selections = dict[tuple[tuple[Matcher, ...], int, int, NewestAt | None], SeriesSet]


@dataclass(slots=True, kw_only=True, eq=False)
class Run:
    """The state of one evaluation.

    Attributes:
        text: The expression, for positions in annotations.
        grid: The steps of the whole query (a subquery has its own).
        lookback_ms: How old a sample may be and still be current.
        deadline_s: When it must have ended, on the monotonic clock.
        memory_bytes: What samples read and points made have taken so far; nothing is given back before the end.
        buckets: Samples and bucket values that were decoded for answers from tiers.
        tiers_ms: The widths of the tiers that answered.
        trace: Takes down what each node does, where somebody asked for that.
        shared: Selections already made by other expressions of the same instant, or None.
    """

    querier: Querier
    config: QueryConfig
    clock: Clock
    text: str
    grid: Grid
    lookback_ms: int
    deadline_s: float
    cancel: Cancel | None = None
    shared: Selections | None = None
    trace: Trace | None = None
    samples: int = 0
    series: int = 0
    buckets: int = 0
    memory_bytes: int = 0
    tiers_ms: set[int] = field(default_factory=set)
    warnings: dict[str, None] = field(default_factory=dict)
    infos: dict[str, None] = field(default_factory=dict)

    @property
    def is_instant(self) -> bool:
        """Whether the query as a whole has one step (order of rows is then kept)."""
        return self.grid.step_ms == 0

    def check(self) -> None:
        """End the evaluation where its time is over or nobody waits for it any more.

        Raises:
            QueryCancelledError: Whoever asked is gone.
            QueryTimeoutError: The deadline has passed.
        """
        if self.cancel is not None and self.cancel.cancelled:
            raise QueryCancelledError("query cancelled: whoever asked is gone")
        if self.clock.monotonic_s() > self.deadline_s:
            raise QueryTimeoutError("query timed out: raise query.timeout or ask for less")

    def select(
        self, matchers: tuple[Matcher, ...], start_ms: int, end_ms: int, newest: NewestAt | None = None
    ) -> SeriesSet:
        """Ask the store for samples and count them against the limits; see `Querier`.

        Raises:
            LimitError: More series or samples than one query may touch.
        """
        self.check()
        started_s = self.clock.monotonic_s() if self.trace is not None else 0.0
        found = None
        if self.shared is not None:
            found = self.shared.get((matchers, start_ms, end_ms, newest))
        if found is None:
            hints = SelectHints(newest=newest, budget=self._budget())
            with self._within_budget():
                found = self.querier.select(matchers, start_ms, end_ms, hints)
            if self.shared is not None:
                self.shared[matchers, start_ms, end_ms, newest] = found
        for warning in found.warnings:
            self.warnings[warning] = None
        self._count_series(found.series_count)
        self.charge(found.sample_count)
        if self.trace is not None:
            self.trace.note_samples(matchers, (start_ms, end_ms), found, started_s)
        return found

    def _budget(self) -> ReadBudget:
        """Return what may still be read."""
        places = min(self.config.max_samples - self.samples, (self.config.max_memory.bytes - self.memory_bytes) // 8)
        return ReadBudget(max_samples=max(0, places), max_series=self.config.max_series - self.series, check=self.check)

    @contextmanager
    def _within_budget(self) -> Iterator[None]:
        """Say of a selection that is refused which limit it is over."""
        try:
            yield
        except BudgetError as error:
            if error.what == "series":
                self._count_series(error.found)
            self.charge(error.found)
            raise

    def _count_series(self, series: int) -> None:
        self.series += series
        if self.series > self.config.max_series:
            raise LimitError("series", self.series, self.config.max_series, "query.max_series")

    def select_buckets(
        self,
        matchers: tuple[Matcher, ...],
        start_ms: int,
        end_ms: int,
        width_ms: int,
        columns: Sequence[Column],
    ) -> BucketSet:
        """Ask the store for buckets and count them against the limits; see `Querier`.

        Raises:
            LimitError: More series or bucket values than one query may touch.
        """
        self.check()
        started_s = self.clock.monotonic_s()
        with self._within_budget():
            found = self.querier.select_buckets(matchers, start_ms, end_ms, width_ms, columns, budget=self._budget())
        for warning in found.warnings:
            self.warnings[warning] = None
        self.tiers_ms.add(width_ms)
        self.buckets += found.samples_read
        self._count_series(sum(len(group.labels) for group in found.groups))
        self.charge(sum(len(group.labels) * len(group.ends_ms) * len(columns) for group in found.groups))
        if self.trace is not None:
            self.trace.note_buckets(matchers, (start_ms, end_ms, width_ms), found, started_s)
        return found

    def labels(self, matchers: tuple[Matcher, ...], start_ms: int, end_ms: int) -> list[Labels]:
        """Ask the store for labels alone."""
        self.check()
        return self.querier.series(matchers, start_ms, end_ms)

    def charge(self, samples: int) -> None:
        """Count samples that are read.

        Raises:
            LimitError: More than one query may touch, or than fit its memory.
        """
        self.samples += samples
        if self.samples > self.config.max_samples:
            raise LimitError("samples", self.samples, self.config.max_samples, "query.max_samples")
        self.charge_points(samples)

    def charge_points(self, points: int) -> None:
        """Count points of a result, final or not, before they are made: 8 bytes each.

        Raises:
            LimitError: They take more memory than one query may.
        """
        self.memory_bytes += 8 * points
        if self.memory_bytes > self.config.max_memory.bytes:
            most = self.config.max_memory.bytes
            raise LimitError("bytes of samples and points", self.memory_bytes, most, "query.max_memory")

    def warn(self, message: str, span: Span) -> None:
        """Add an annotation of level warning."""
        self.warnings[f"PromQL warning: {message} ({self._place(span)})"] = None

    def inform(self, message: str, span: Span) -> None:
        """Add an annotation of level info."""
        self.infos[f"PromQL info: {message} ({self._place(span)})"] = None

    def _place(self, span: Span) -> str:
        line = self.text.count("\n", 0, span.start) + 1
        return f"{line}:{span.start - self.text.rfind(chr(10), 0, span.start)}"
