"""Rules that are looked at together, beside the same rules one by one: whatever comes, the same alerts."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.model.sample import ABSENT, STALE
from barograph.rules import cohort
from helpers.rules import RuleWorld

RULES = """
groups:
- name: g
  rules:
  - {alert: Above, expr: m > 5}
  - {alert: One, expr: 'm{i="a"} != 3', for: 1s}
  - {alert: Below, expr: '2 > m{i=~"a|b"}', keep_firing_for: 2s}
  - {record: copy, expr: m * 2}
  - {alert: Copied, expr: copy >= 12}
  - {alert: Low, expr: copy < 8, for: 2s}
  - {alert: Rising, expr: 'delta(m{i="a"}[4s]) > 0'}
  - {alert: Rising, expr: 'delta(m{i="b"}[4s]) > 1', for: 1s}
  - {alert: Twice, expr: 'sum(m{i="a"}) + sum(copy{i="a"}) > 9'}
  - {alert: Twice, expr: 'sum(m{i="c"}) + sum(copy{i="c"}) > 9', keep_firing_for: 1s}
"""
VALUES = st.sampled_from([1.0, 3.0, 7.0, float("nan"), ABSENT, STALE])
TICKS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), min_size=1, max_size=8)


@given(ticks=TICKS, steps_ms=st.lists(st.sampled_from([1000, 2000, 400_000]), min_size=8, max_size=8))
@settings(max_examples=25, deadline=None)
def test_together_or_one_by_one(ticks: list[dict[str, float]], steps_ms: list[int]) -> None:
    found = []
    for together in (True, False):
        with tempfile.TemporaryDirectory(prefix="barograph-limits-") as folder, pytest.MonkeyPatch.context() as patch:
            world = RuleWorld(Path(folder) / "data")
            world.load(RULES)
            if not together:
                world.runner._bench.crossings = None
                patch.setattr(cohort, "put_together", lambda parts: {})
            for values, step_ms in zip(ticks, steps_ms, strict=False):
                world.tick(values, step_ms=step_ms)
            changes = [
                (str(change.labels), change.phase, change.active_ms, change.ended_ms) for change in world.sink.changes
            ]
            series = world.query("copy or ALERTS or ALERTS_FOR_STATE", ago_ms=steps_ms[len(ticks) - 1])
            found.append((changes, {name: repr(value) for name, value in series.items()}))
            assert not world.runner.counts.failures
            world.close()
    assert found[0] == found[1]
