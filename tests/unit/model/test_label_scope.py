"""The label scope, against the same store without one: what is seen is what the scope lets through, nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis.strategies as st
from hypothesis import given

from barograph.model.batch import Family, MetricType
from barograph.model.label_scope import LABEL_SCOPE, ScopedQuerier
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp, matches_all
from barograph.model.series import SeriesSet
from barograph.model.tiers import Column
from helpers.memory_store import MemoryStore

TEAMS, NAMES, HOSTS = ("a", "b", ""), ("up", "node_load1", "rpc_seconds_count"), ("x", "y")
EVERY = [Labels.of(name, team=team, host=host) for name in NAMES for team in TEAMS for host in HOSTS]
STORE = MemoryStore()
for number, labels in enumerate(EVERY):
    STORE.add(labels, [1000, 2000], [number, number])
STORE.widths_ms = (1000,)
SCOPED = ScopedQuerier(STORE)

matchers = st.builds(
    Matcher,
    st.sampled_from(("team", "host", "__name__", "absent")),
    st.sampled_from(MatchOp),
    st.sampled_from((*TEAMS, *HOSTS, *NAMES, "a|b", ".*")),
)
selectors = st.lists(matchers, max_size=3).map(tuple)


@contextmanager
def scope(of: tuple[Matcher, ...]) -> Iterator[None]:
    token = LABEL_SCOPE.set(of)
    yield
    LABEL_SCOPE.reset(token)


def seen(selector: tuple[Matcher, ...], of: tuple[Matcher, ...]) -> list[Labels]:
    return sorted(each for each in EVERY if matches_all(selector, each) and matches_all(of, each))


def selected(found: SeriesSet) -> list[Labels]:
    return sorted(each for group in found.groups for each in group.labels)


@given(selector=selectors, of=selectors)
def test_nothing_outside_of_the_scope_is_seen_and_nothing_inside_is_lost(
    selector: tuple[Matcher, ...], of: tuple[Matcher, ...]
) -> None:
    expected = seen(selector, of)
    with scope(of):
        assert selected(SCOPED.select(selector, 0, 3000)) == expected
        assert sorted(SCOPED.series(selector, 0, 3000)) == expected
        assert SCOPED.count(selector, 0, 3000) == len(expected)
        assert SCOPED.label_names(selector, 0, 3000) == sorted({name for each in expected for name, _ in each})
        for name in ("team", "host", "__name__"):
            values = sorted({each.get(name) for each in expected} - {""})
            assert SCOPED.label_values(name, selector, 0, 3000) == values
        buckets = SCOPED.select_buckets(selector, 0, 3000, 1000, (Column.LAST,))
        assert sorted(each for group in buckets.groups for each in group.labels) == expected


def test_without_a_scope_the_store_is_asked_as_it_is() -> None:
    selector = (Matcher("team", MatchOp.EQUAL, "a"),)
    assert selected(SCOPED.select(selector, 0, 3000)) == seen(selector, ())
    assert SCOPED.metadata() == STORE.metadata()
    assert (SCOPED.newest_ms, SCOPED.tier_widths_ms) == (STORE.newest_ms, (1000,))


def test_families_of_which_no_series_is_seen_are_left_out() -> None:
    store = MemoryStore()
    store.families = {
        "rpc_seconds": Family("rpc_seconds", MetricType.HISTOGRAM, "How long calls take."),
        "secret": Family("secret", MetricType.GAUGE, "Of another team."),
    }
    store.add(Labels.of("rpc_seconds_bucket", team="a", le="1"), [1000], [1.0])
    store.add(Labels.of("secret", team="b"), [1000], [1.0])
    querier = ScopedQuerier(store)
    assert set(querier.metadata()) == {"rpc_seconds", "secret"}
    with scope((Matcher("team", MatchOp.EQUAL, "a"),)):
        assert set(querier.metadata()) == {"rpc_seconds"}
