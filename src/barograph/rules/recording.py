"""A recording rule: the rows of its expression under another name. Pure; the runner calls it at each evaluation."""

from barograph.model.alert import RuleName
from barograph.model.errors import QueryError
from barograph.model.labels import METRIC_NAME, Labels
from barograph.rules.columns import RuleColumns
from barograph.rules.rulefile import Rule
from barograph.rules.state import Rows, RuleStatus

_SAME_LABELS = "vector contains metrics with the same labelset after applying rule labels"


class RecordingRule:
    """One recording rule.

    Args:
        rule: As written, with the labels of its group.
        name: Where it stands.
    """

    def __init__(self, rule: Rule, name: RuleName) -> None:
        self.rule = rule
        self.name = name
        self.status = RuleStatus()
        self.columns = RuleColumns()
        self.recorded = frozenset((rule.name,))
        self._said = {METRIC_NAME: rule.name, **rule.labels}
        self._of_row: dict[Labels, Labels] = {}
        self._last: tuple[tuple[Labels, ...], tuple[Labels, ...]] = ((), ())

    def evaluate(self, rows: Rows, limit: int = 0) -> None:
        """Take the result of one evaluation.

        Raises:
            QueryError: Two rows make the same series, or there are more than the limit (0: any number).
        """
        if rows.labels is not self._last[0]:
            self._last = rows.labels, self._named(rows.labels)
        if limit and len(rows.labels) > limit:
            raise QueryError(f"exceeded limit of {limit} with {len(rows.labels)} series")
        self.columns.put(self._last[1], rows.values)

    def adopt(self, before: "RecordingRule") -> None:
        """Go on from where the same rule was before its file was read again."""
        self.status, self.columns = before.status, before.columns

    def _named(self, rows: tuple[Labels, ...]) -> tuple[Labels, ...]:
        known = self._of_row
        # only what is there now is remembered
        self._of_row = {row: known.get(row) or row.with_labels(self._said) for row in rows}
        named = tuple(self._of_row.values())
        if len(set(named)) != len(rows):
            raise QueryError(_SAME_LABELS)
        return named
