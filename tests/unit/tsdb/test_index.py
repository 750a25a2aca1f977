import gc
import tracemalloc

import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp, matches_all
from barograph.tsdb.catalogue import SeriesInfo, decode_addition, encode_addition
from barograph.tsdb.index import LabelIndex, collector_at_rest

FAMILY = Family("m", MetricType.UNTYPED, "")
SERIES = [
    Labels.of("cpu", mode="idle", cpu="0"),
    Labels.of("cpu", mode="user", cpu="0"),
    Labels.of("cpu", mode="user", cpu="1"),
    Labels.of("load"),
    Labels.of("disk", device="sda"),
]


def index_of(series: list[Labels]) -> LabelIndex:
    index = LabelIndex()
    index.add_all(series)
    return index


@pytest.mark.parametrize("name", ["__name__", "mode", "cpu", "device", "nothing"])
@pytest.mark.parametrize("op", list(MatchOp))
@pytest.mark.parametrize("value", ["", "cpu", "user", "0", ".*", ".+", "us.*|idle|", "sd[ab]"])
def test_matches_as_the_matcher_itself_does(name: str, op: MatchOp, value: str) -> None:
    matcher = Matcher(name, op, value)
    index = index_of(SERIES)
    assert index.match([matcher]).tolist() == [matches_all((matcher,), labels) for labels in SERIES]


def test_all_matchers_must_hold() -> None:
    matchers = [Matcher("__name__", MatchOp.EQUAL, "cpu"), Matcher("mode", MatchOp.NOT_EQUAL, "idle")]
    assert index_of(SERIES).match(matchers).tolist() == [False, True, True, False, False]
    assert index_of(SERIES).match([]).all()


def test_a_series_keeps_its_number() -> None:
    index = index_of(SERIES)
    assert index.add(Labels.of("load")) == 3
    assert index.add_all([SERIES[4], Labels.of("new")]).tolist() == [4, 5]
    assert len(index) == 6


def test_names_and_values() -> None:
    index = index_of(SERIES)
    some = index.add_all(SERIES[:3])
    assert index.names_of(some) == ["__name__", "cpu", "mode"]
    assert index.values_of("mode", some) == ["idle", "user"]
    assert index.values_of("device", some) == []
    assert index.values_of("nothing", some) == []


def test_it_grows() -> None:
    series = [Labels.of("m", i=str(number)) for number in range(3000)]
    index = index_of(series)
    assert index.match([Matcher("i", MatchOp.EQUAL, "2999")]).nonzero()[0].tolist() == [2999]
    assert index.match([Matcher("i", MatchOp.REGEX, "1[0-9]")]).sum() == 10


def test_series_share_the_pairs_they_have_in_common() -> None:
    index = LabelIndex()
    first, second = (Labels.from_mapping({"__name__": "m", "i": str(i), "zone": "z" * 3}) for i in range(2))
    index.add_all([first, second, first])
    kept = index.labels
    assert kept == [first, second]
    assert kept[0].pairs[0] is kept[1].pairs[0]
    assert kept[0].pairs[2] is kept[1].pairs[2]
    assert index.add(second) == 1


def test_the_collector_rests_while_much_is_read_and_no_longer() -> None:
    assert gc.isenabled()
    with collector_at_rest():
        assert not gc.isenabled()
        with collector_at_rest():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_series_of_its_own_values_takes_little_memory() -> None:
    count = 20_000
    index = LabelIndex()
    tracemalloc.start()
    try:
        for first in range(0, count, 500):
            # as they come from a file, no text shared with another
            given = [Labels.of("m", number=f"{each:x}", path=f"/user/{each}") for each in range(first, first + 500)]
            written = encode_addition("", 0, [SeriesInfo(each, FAMILY) for each in given])
            index.add_all(info.labels for info in decode_addition(written)[2])
            del given, written
        gc.collect()
        taken_bytes = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken_bytes < 800 * count
