"""Many comparisons of newest samples with numbers at once: what spares rules whose limits nothing crosses.

Made by room rules, answered by a store that can; a store that cannot is asked for each expression.
"""

from dataclasses import dataclass
from typing import Protocol

from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`selector operator value`, as in PromQL.

    Attributes:
        matchers: What the selector selects.
        operator: `==`, `!=`, `<`, `>`, `<=` or `>=`.
        value: The number on its right side.
    """

    matchers: tuple[Matcher, ...]
    operator: str
    value: float


class Crossings(Protocol):
    """Answers many limits at once. Called by the thread that appends."""

    def crossed(self, limits: tuple[Limit, ...], at_ms: int, lookback_ms: int) -> BoolArray:
        """Tell which limits may have been crossed at an instant.

        Args:
            limits: Best the very tuple of the last time: what was found out about it is kept.
            at_ms: The instant.
            lookback_ms: How old a sample may be and still be a series' value.

        Returns:
            bool `[limits]`. False is certain: the expression has no series then. True only means that it must be asked.
        """
        ...
