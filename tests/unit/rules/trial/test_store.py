import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT_BITS, STALE, STALE_BITS, is_stale
from barograph.rules.trial.store import TrialStore

X, Y = Labels.of("x", a="1"), Labels.of("y")
NAME_X = (Matcher("__name__", MatchOp.EQUAL, "x"),)


def samples(store: TrialStore, end_ms: int = 1_000) -> list[tuple[int, float]]:
    found = store.select(NAME_X, 0, end_ms).groups
    return [
        pair for group in found for pair in zip(group.timestamps_ms.tolist(), group.values[0].tolist(), strict=True)
    ]


def test_what_is_later_is_not_there_yet() -> None:
    store = TrialStore()
    store.give(X, [0, 10, 20], [1.0, 2.0, 3.0])
    assert samples(store) == [(0, 1.0)]
    store.until_ms = 15
    assert samples(store) == [(0, 1.0), (10, 2.0)]
    assert samples(store, 5) == [(0, 1.0)]
    assert store.newest_ms == 15


def test_samples_in_any_order_and_again() -> None:
    store = TrialStore()
    store.until_ms = 100
    store.give(X, [10, 0, 20, 15, 10], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert samples(store) == [(0, 2.0), (10, 5.0), (15, 4.0), (20, 3.0)]
    assert store.select(NAME_X, 0, 100).groups[0].step_ms == 0
    assert store.select(NAME_X, 10, 20).groups[0].step_ms == 5


def test_batches_leave_absent_values_out_and_keep_stale_markers() -> None:
    store = TrialStore()
    store.until_ms = 100
    schema = Schema((Family("x", MetricType.UNTYPED, ""), Family("y", MetricType.UNTYPED, "")), (X, Y), (0, 1))
    bits = np.array([STALE_BITS, ABSENT_BITS], np.uint64)
    store.append(Batch("rules", schema, 5, bits.view(np.float64)), own=True)
    store.commit()
    (group,) = store.select(NAME_X, 0, 100).groups
    assert group.has_stale
    assert is_stale(group.values).all()
    assert store.series((Matcher("__name__", MatchOp.EQUAL, "y"),), 0, 100) == []
    assert store.count((Matcher("__name__", MatchOp.EQUAL, "y"),), 0, 100) == 0


def test_given_stale_markers_stay_so() -> None:
    store = TrialStore()
    store.give(X, [0], [STALE])
    assert is_stale(store.select(NAME_X, 0, 0).groups[0].values).all()


def test_names_and_values_of_labels() -> None:
    store = TrialStore()
    store.give(X, [0], [1.0])
    store.give(Y, [0], [1.0])
    assert store.label_names((), 0, 0) == ["__name__", "a"]
    assert store.label_values("a", (), 0, 0) == ["1"]
    assert store.metadata() == {}
    assert store.tier_widths_ms == ()
    assert store.select_buckets((), 0, 1, 1, ()).groups == ()


def test_a_series_that_comes_later_is_found_by_its_name_and_by_its_labels() -> None:
    store = TrialStore()
    asked = {
        "by name": NAME_X,
        "by label": (Matcher("a", MatchOp.REGEX, ".+"),),
        "by both": (*NAME_X, Matcher("a", MatchOp.EQUAL, "2")),
        "of another name": (Matcher("__name__", MatchOp.EQUAL, "y"),),
        "without a name": (Matcher("__name__", MatchOp.EQUAL, ""), Matcher("a", MatchOp.EQUAL, "3")),
    }

    def found() -> dict[str, list[Labels]]:
        return {what: store.series(matchers, 0, 100) for what, matchers in asked.items()}

    store.give(X, [0], [1.0])
    assert found() == {
        "by name": [X],
        "by label": [X],
        "by both": [],
        "of another name": [],
        "without a name": [],
    }
    later, nameless = Labels.of("x", a="2"), Labels.from_mapping({"a": "3"})
    store.give(later, [0], [1.0])
    assert found()["by label"] == [X, later]
    store.give(nameless, [0], [1.0])
    store.give(Y, [0], [1.0])
    assert found() == {
        "by name": [X, later],
        "by label": [X, later, nameless],
        "by both": [later],
        "of another name": [Y],
        "without a name": [nameless],
    }
