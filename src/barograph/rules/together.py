"""Rules whose expressions are parts of one: what they have in common is evaluated once for all of them.

A thousand rules of the form `rate(m{i="..."}[5m]) > 3` cost one evaluation and one comparison of arrays, instead of a
thousand times what an evaluation costs before it has looked at a sample.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.crossings import Hit
from barograph.model.errors import BarographError, QueryTimeoutError
from barograph.model.labels import Labels
from barograph.promql.engine import Engine, Prepared
from barograph.promql.operators import COMPARISON
from barograph.promql.partition import Part, joined
from barograph.promql.run import Selections
from barograph.promql.value import StepVector

_log = logging.getLogger(__name__)
_WASTE = 8
"""So many rows for each that a rule asks for are still cheaper than evaluations of their own."""
_RESTS = 300
"""Iterations for which rules are evaluated one by one after they could not be together: the data may have changed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Which rows belong to whom.

    Attributes:
        labels: The rows, as the evaluation gave them.
        results: The same, as rules see them.
        rows: int `[pairs]`: rows that belong to a part.
        owners: int `[pairs]`: the parts that they belong to, in order.
        numbers: float `[pairs]`: what the rows are compared with.
    """

    labels: tuple[Labels, ...]
    results: tuple[Labels, ...]
    rows: NDArray[np.intp]
    owners: NDArray[np.intp]
    numbers: NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Together:
    """Parts of one whole. One thread uses it.

    Attributes:
        parts: They.
    """

    parts: tuple[Part, ...]
    _prepared: Prepared | None = None
    _places: _Places | None = None
    _rests: int = 0

    def hits(self, engine: Engine, at_ms: int, left_s: float, shared: Selections) -> list[Sequence[Hit]] | None:
        """Evaluate all parts.

        Args:
            engine: Evaluates; the same each time.
            at_ms: The instant.
            left_s: How long it may take.
            shared: Selections of this tick.

        Returns:
            What each part gives, in the order of their labels; None where each is to be evaluated for itself.
        """
        if self._rests:
            self._rests -= 1
            return None
        try:
            if self._prepared is None:
                self._prepared = engine.prepare_tree(joined(self.parts))
            result = engine.instant_of(self._prepared, at_ms, timeout_s=left_s, shared=shared)
        except QueryTimeoutError:
            return None
        except BarographError as error:
            # each says itself what is wrong with it, and those that are right are not held up
            _log.debug("%d rules could not be evaluated together: %s", len(self.parts), error)
            self._rests = _RESTS
            return None
        assert isinstance(result.value, StepVector)
        return self._shared_out(result.value)

    def _shared_out(self, vector: StepVector) -> list[Sequence[Hit]] | None:
        places = self._places
        if places is None or places.labels != vector.labels:
            places = self._places = self._placed(vector.labels)
        if len(vector.labels) > _WASTE * (len(places.rows) + len(self.parts)):
            self._rests = _RESTS
            return None
        found: list[Sequence[Hit]] = [()] * len(self.parts)
        values = vector.values[places.rows, 0]
        operator = self.parts[0].whole.operator
        hits = (
            np.arange(len(values)) if operator is None else np.flatnonzero(COMPARISON[operator](values, places.numbers))
        )
        lists: defaultdict[int, list[Hit]] = defaultdict(list)
        columns = (places.owners[hits].tolist(), places.rows[hits].tolist(), values[hits].tolist())
        for owner, row, value in zip(*columns, strict=True):
            lists[owner].append((places.results[row], value))
        for owner, each in lists.items():
            found[owner] = each
        return found

    def _placed(self, labels: tuple[Labels, ...]) -> _Places:
        """Find whose each row is."""
        whole = self.parts[0].whole
        owners: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for number, part in enumerate(self.parts):
            owners[part.values].append(number)
        pairs = [
            (owner, row)
            for row, one in enumerate(labels)
            for owner in owners.get(tuple([one.get(name) for name in whole.names]), ())
        ]
        lost = tuple(whole.lost)
        results = tuple([one.drop(lost) for one in labels]) if lost else labels
        pairs.sort(key=lambda pair: (pair[0], results[pair[1]].pairs))
        table = np.array(pairs, np.intp).reshape(-1, 2)
        numbers = np.array([part.number for part in self.parts], np.float64)
        return _Places(labels, results, table[:, 1], table[:, 0], numbers[table[:, 0]])


def put_together(parts: Sequence[Part | None]) -> dict[int, tuple[Together, int]]:
    """Find what can be evaluated together.

    Args:
        parts: Of each rule of a stage its part, where it is one.

    Returns:
        For places of rules that are not alone: the set they are in, and at which place in it.
    """
    alike: defaultdict[object, list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        if part is not None:
            alike[part.whole].append(place)
    found: dict[int, tuple[Together, int]] = {}
    for places in alike.values():
        if len(places) > 1:
            together = Together(tuple([part for place in places if (part := parts[place]) is not None]))
            found.update({place: (together, number) for number, place in enumerate(places)})
    return found
