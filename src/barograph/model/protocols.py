"""The protocols at the seams between rooms. Ownership, threading and time bounds stand here, not at the users."""

from collections.abc import Sequence
from typing import Protocol

from barograph.model.batch import Batch, Family
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.series import ReadBudget, SelectHints, SeriesSet
from barograph.model.tiers import BucketSet, Column


class Collector(Protocol):
    """Kernel -> batch. Called by one thread at a time; may keep descriptors open between samples."""

    name: str
    """As node_exporter names it: `cpu`, `meminfo`."""

    def collect(self, timestamp_ms: int) -> Batch:
        """Fill this collector's vector and return it as a batch of source `name`.

        The schema object stays the same while the set of series does. The vector is reused: it is valid until the
        next call. A series that has no value in this sample holds `sample.ABSENT`.

        Raises:
            NoDataError: The kernel or the host has no such thing.
            CollectError, OSError: It could not be read this time.
        """
        ...

    def close(self) -> None:
        """Close what is open. Called once, possibly never if a sample hangs."""
        ...


class Appender(Protocol):
    """Write side of a store. One thread, the keeper's ticker, calls it."""

    def append(self, batch: Batch, *, own: bool = False) -> None:
        """Take a batch into the head; readers see it at once, durability comes with `commit`.

        Samples may come late, within limits; of two of one series at one timestamp the later written counts.

        Args:
            batch: The samples.
            own: The timestamp is what this machine's clock says now, so no limit applies to it.

        Raises:
            StoreError: The timestamp lies too far before the source's newest, or too far ahead of the clock.
        """
        ...

    def commit(self) -> None:
        """Make everything appended durable; returns after the sync.

        Raises:
            ReadOnlyError: It cannot be made durable now. The head keeps it and later commits include it.
        """
        ...


class TickFollower(Protocol):
    """What is done with each tick once it is committed. Called on the ticker's thread."""

    @property
    def intervals_ms(self) -> frozenset[int]:
        """How often it wants a tick, whether anything is collected then or not; may change at any time."""
        ...

    @property
    def has_told(self) -> bool:
        """Whether its newest `follow` told somebody of something: others are at work on it now, and in a hurry."""
        ...

    def follow(self, instant_ms: int, budget_s: float) -> None:
        """Do what is due at an instant, whose samples are in the store.

        Args:
            instant_ms: The tick's planned instant.
            budget_s: For how long; what is not done by then waits for the next tick.
        """
        ...


class Querier(Protocol):
    """Read side of a store. Safe to call from any thread.

    Results stay as they are, and nobody writes to them: they may be views of what others were given too.
    """

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        """Return every sample with `start_ms <= timestamp <= end_ms` of the series that satisfy all matchers.

        Args:
            matchers: All of them must hold.
            start_ms: The first instant.
            end_ms: The last instant.
            hints: What of these samples is looked at (others may be left out, and need not be), and what they may cost.

        Raises:
            BudgetError: It would cost more; nothing to speak of was read.
        """
        ...

    @property
    def tier_widths_ms(self) -> tuple[int, ...]:
        """The widths of the buckets that are kept beside samples, ascending; empty where there are none."""
        ...

    def select_buckets(  # noqa: PLR0913  a selection, a width, and what of it
        self,
        matchers: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        width_ms: int,
        columns: Sequence[Column],
        *,
        budget: ReadBudget | None = None,
    ) -> BucketSet:
        """Return the buckets that end in `start_ms < end <= end_ms`.

        They are complete and exact wherever samples, or buckets as fine as these, are kept: where a tier does not hold
        them yet they are made from samples.

        Args:
            matchers: As for `select`.
            start_ms: A multiple of the width.
            end_ms: A multiple of the width.
            width_ms: One of `tier_widths_ms`.
            columns: What is wanted of each bucket.
            budget: What it may cost; a bucket's column counts as a sample. None: whatever it takes.

        Raises:
            BudgetError: It would cost more; nothing to speak of was read.
        """
        ...

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """Return the labels of the series that may have samples in the range, sorted."""
        ...

    def count(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        """Return how many series `series` would return: much cheaper, since none is looked at."""
        ...

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """Return the names of labels of matching series, sorted. No matchers: all series."""
        ...

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """Return the values of one label over matching series, sorted."""
        ...

    def metadata(self) -> dict[str, Family]:
        """Return what is known of metric families, by name."""
        ...

    @property
    def newest_ms(self) -> int:
        """Timestamp of the newest sample, 0 where the store is empty."""
        ...
