import numpy as np
import pytest

from barograph.model.alert import RuleName
from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.rules.recording import RecordingRule
from barograph.rules.rulefile import Rule
from barograph.rules.state import Rows

A, B = Labels.of("m", i="a"), Labels.of("m", i="b")


def recording(**labels: str) -> RecordingRule:
    name = RuleName(file="f", group="g", rule="r")
    return RecordingRule(Rule(name="r", is_alert=False, expr="m", labels=labels), name)


def rows(*labels: Labels) -> Rows:
    return Rows(labels, np.arange(1.0, len(labels) + 1))


def test_rows_have_the_rules_name_and_labels() -> None:
    rule = recording(team="x", i="")
    rule.evaluate(rows(A))
    assert rule.columns.series == [Labels.of("r", team="x")]
    rule = recording(team="x")
    rule.evaluate(rows(A, B))
    assert rule.columns.series == [Labels.of("r", i="a", team="x"), Labels.of("r", i="b", team="x")]
    assert rule.columns.values.tolist() == [1, 2]


def test_rows_that_become_one_series_are_refused() -> None:
    rule = recording(i="same")
    for _ in range(2):
        with pytest.raises(QueryError, match="same labelset after applying rule labels"):
            rule.evaluate(rows(A, B))
    rule.evaluate(rows(A))
    assert rule.columns.present == [Labels.of("r", i="same")]


def test_more_rows_than_the_limit_are_refused() -> None:
    rule = recording()
    with pytest.raises(QueryError, match="exceeded limit of 1 with 2 series"):
        rule.evaluate(rows(A, B), limit=1)
    rule.evaluate(rows(A), limit=1)
    assert rule.columns.present


def test_a_rule_that_is_read_again_keeps_its_columns() -> None:
    before, after = recording(), recording()
    before.evaluate(rows(A))
    after.adopt(before)
    after.evaluate(rows())
    assert after.columns.series == [Labels.of("r", i="a")]
