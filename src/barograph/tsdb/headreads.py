"""What a selection reads of the head, beside `filereads.py` and `tierreads.py`. Used by `StoreReader`."""

from barograph.model.errors import BudgetError
from barograph.model.sample import is_absent, is_stale
from barograph.model.series import SelectHints
from barograph.tsdb.assemble import Piece
from barograph.tsdb.late import base_source, is_late
from barograph.tsdb.plans import Plan


def read_head(
    plan: Plan, start_ms: int, end_ms: int, hints: SelectHints
) -> tuple[dict[str, Piece], dict[str, tuple[int, int]]]:
    """Return for each source the head's piece, and the range of time that the head has whole.

    Raises:
        BudgetError: The head alone has more than may be read.
    """
    budget = hints.budget
    left = budget.max_samples if budget is not None else 0
    # of an instant's lookback only the newest row counts, which saves copying some hundred others
    is_instant = hints.newest is not None and hints.newest.steps == 1 and hints.newest.start_ms >= end_ms
    pieces: dict[str, Piece] = {}
    covered: dict[str, tuple[int, int]] = {}
    for view, columns, series in plan.in_head:
        oldest, newest = view.covers()
        if newest < oldest:
            continue
        if len(series) and start_ms <= newest and end_ms >= oldest:
            if budget is not None:
                budget.check()
                left -= len(series) * view.count_between(start_ms, end_ms)
                if left < 0:
                    raise BudgetError("samples", budget.max_samples - left)
            times, values = (view.read_last if is_instant else view.read)(start_ms, end_ms, columns)
            if len(times):
                has_absent, has_stale = bool(is_absent(values).any()), bool(is_stale(values).any())
                rises = not has_absent and not has_stale and not bool((values[:, 1:] < values[:, :-1]).any())
                pieces[view.source] = Piece(series, times, values, has_absent, has_stale, rises)
        if view.is_late:
            # what has left this ring may lie anywhere in time
            continue
        # what the ring holds after reading was all there while it was read; what joined since then was perhaps not
        oldest, still = view.covers()
        if still >= oldest:
            covered[view.source] = (oldest, newest)
    return pieces, covered


def with_late(pieces: dict[str, list[Piece]]) -> dict[str, list[Piece]]:
    """Return the pieces of each source, those of late rows behind the others: they were written later."""
    joined: dict[str, list[Piece]] = {}
    for source in sorted(pieces, key=is_late):
        joined.setdefault(base_source(source), []).extend(pieces[source])
    return joined
