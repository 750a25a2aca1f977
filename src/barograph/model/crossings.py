"""Many comparisons of newest samples with numbers at once: what spares an evaluation of each expression.

Made by room rules, answered by a store that can; a store that cannot is asked for each expression.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher


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


Hit = tuple[Labels, float]
"""A series that crosses a limit, and its value."""


class Crossings(Protocol):
    """Answers many limits at once. Called by the thread that appends."""

    def crossed(self, limits: tuple[Limit, ...], at_ms: int, lookback_ms: int) -> Sequence[Sequence[Hit] | None]:
        """Tell which series cross each limit at an instant.

        Args:
            limits: Best the very tuple of the last time: what was found out about it is kept.
            at_ms: The instant.
            lookback_ms: How old a sample may be and still be a series' value.

        Returns:
            For each limit what its expression gives, in the order of their labels;
            None where the expression must be asked.
        """
        ...
