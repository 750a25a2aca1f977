"""Which series somebody may see: matchers that every selector gets besides its own.

The web's guard sets them for each request, and `ScopedQuerier` stands in front of the store, so that no route, function
or cache between the two has to think of them. Nobody has a label scope yet: users get theirs with OIDC.
"""

from collections.abc import Sequence
from contextvars import ContextVar

from barograph.model.batch import Family
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import Matcher
from barograph.model.protocols import Querier
from barograph.model.series import ReadBudget, SelectHints, SeriesSet
from barograph.model.tiers import BucketSet, Column

LABEL_SCOPE: ContextVar[tuple[Matcher, ...]] = ContextVar("barograph_label_scope", default=())
"""What a series must satisfy to be seen by who asks; empty: everything is seen."""
_SUFFIXES = ("", "_total", "_bucket", "_sum", "_count", "_created", "_info")


class ScopedQuerier:
    """A `Querier` that shows of another one what the label scope of who asks lets through.

    Args:
        querier: The store.
    """

    def __init__(self, querier: Querier) -> None:
        self._querier = querier

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        """See `Querier`."""
        return self._querier.select(_within(matchers), start_ms, end_ms, hints)

    @property
    def tier_widths_ms(self) -> tuple[int, ...]:
        """See `Querier`."""
        return self._querier.tier_widths_ms

    def select_buckets(  # noqa: PLR0913  as the protocol has it
        self,
        matchers: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        width_ms: int,
        columns: Sequence[Column],
        *,
        budget: ReadBudget | None = None,
    ) -> BucketSet:
        """See `Querier`."""
        return self._querier.select_buckets(_within(matchers), start_ms, end_ms, width_ms, columns, budget=budget)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """See `Querier`."""
        return self._querier.series(_within(matchers), start_ms, end_ms)

    def count(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        """See `Querier`."""
        return self._querier.count(_within(matchers), start_ms, end_ms)

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        return self._querier.label_names(_within(matchers), start_ms, end_ms)

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        return self._querier.label_values(name, _within(matchers), start_ms, end_ms)

    def metadata(self) -> dict[str, Family]:
        """See `Querier`; families of which no series is seen are left out."""
        families = self._querier.metadata()
        if not LABEL_SCOPE.get():
            return families
        seen = set(self.label_values(METRIC_NAME, (), 0, self.newest_ms))
        return {name: known for name, known in families.items() if any(name + suffix in seen for suffix in _SUFFIXES)}

    @property
    def newest_ms(self) -> int:
        """See `Querier`: of the whole store."""
        return self._querier.newest_ms


def _within(matchers: Sequence[Matcher]) -> Sequence[Matcher]:
    scope = LABEL_SCOPE.get()
    return (*matchers, *scope) if scope else matchers
