"""Looks at the store by selectors, as the catalogue and `/federate` have them: what one costs, and what it may.

They share thread, time and budget with queries: a thousand selectors are as dear as a query, and hold nobody up.
"""

from collections.abc import Sequence

from barograph.model.matcher import Matcher
from barograph.model.protocols import Querier
from barograph.promql.cancel import Cancel
from barograph.promql.grid import Grid
from barograph.promql.run import Run
from barograph.web.deps import WebDeps
from barograph.web.querying import CHEAP_COST, DEAR_COST

Selectors = Sequence[tuple[Matcher, ...]]
_FEW_SELECTORS = 3
_SELECTOR_POINTS = 15_000
"""Matching takes up to two milliseconds, where a regular expression meets a thousand names for the first time."""


def cost_of(querier: Querier, selectors: Selectors, range_ms: tuple[int, int], series_points: int) -> int:
    """Return what a look costs, as `Engine.cost_estimate` does; what is dear is not looked at to its end.

    Args:
        querier: The store.
        selectors: What is looked for.
        range_ms: From and to.
        series_points: What each series costs that is found; 0: nothing to speak of.
    """
    if len(selectors) > _FEW_SELECTORS:
        return DEAR_COST
    cost = _SELECTOR_POINTS * len(selectors)
    for selector in selectors if series_points else ():
        cost += series_points * querier.count(selector, *range_ms)
        if cost > CHEAP_COST:
            break
    return cost


def begin_look(deps: WebDeps, cancel: Cancel, left_s: float) -> Run:
    """Return what counts series and samples of a look and ends it in time, as if it was a query."""
    config, clock = deps.engine.config, deps.clock
    return Run(
        querier=deps.querier,
        config=config,
        clock=clock,
        text="",
        grid=Grid(clock.now_ms(), 0, 1),
        lookback_ms=config.lookback.ms,
        deadline_s=clock.monotonic_s() + left_s,
        cancel=cancel,
    )
