"""Debian's Prometheus beside our engine, over the same samples: generated expressions must be answered alike."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from differential.expressions import vectors
from differential.world import INTERVAL_S, LENGTH_S, START_S, Both, Question, difference, feed, groups
from peers import prometheus

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(2700)]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with prometheus(tmp_path_factory.mktemp("peer")) as peer:
        if peer is None:
            pytest.skip("prometheus is not installed")
        data = groups()
        feed(peer, data)
        yield Both(peer, data)


def questions() -> st.SearchStrategy[Question]:
    """Expressions over a few steps, or at one instant."""
    starts = st.integers(START_S + 60, START_S + LENGTH_S + 400)
    steps = st.sampled_from((0, 1, 7, INTERVAL_S, 60, 113))
    return st.builds(
        lambda text, start_s, step_s, count: Question(text, start_s, start_s + step_s * count, step_s),
        vectors(),
        starts,
        steps,
        st.integers(0, 12),
    )


@settings(max_examples=5000, suppress_health_check=list(HealthCheck))
@given(question=questions())
def test_generated_expressions_are_answered_alike(both: Both, question: Question) -> None:
    assume(len(question.text) < 2000)
    theirs = both.theirs(question)
    event("an error" if theirs.error else "an answer" if theirs.series else "nothing")
    found = difference(question.text, theirs, both.ours(question))
    assert not found, f"{question}\n{found}"
