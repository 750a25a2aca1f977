"""What `/metrics` shows of a store: the newest sample of each series, as its exporter would print it."""

import math

import numpy as np

from barograph.app.newest import newest_samples
from barograph.formats.exposition import format_exposition
from barograph.model.batch import Family, MetricType
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS
from barograph.model.series import SeriesGroup
from barograph.telemetry.metrics import Telemetry
from helpers.memory_store import MemoryStore

NOW_MS = 1_795_403_520_000
NODE = {"job": "node", "instance": "a"}
ABSENT, STALE = "absent", "stale"
BITS = {ABSENT: ABSENT_BITS, STALE: STALE_BITS}


CPU = "barograph_process_cpu_seconds_total"


class Store(MemoryStore):
    """A store that knows two families."""

    def metadata(self) -> dict[str, Family]:
        known = (Family("node_load1", MetricType.GAUGE, "1m load average."), Family(CPU, MetricType.COUNTER, "CPU."))
        return {family.name: family for family in known}


def store(*rows: tuple[Labels, list[float | str]]) -> Store:
    """One group whose newest sample is of now; a value may be ABSENT or STALE."""
    count = len(rows[0][1])
    values = np.zeros((len(rows), count))
    for i, (_, row) in enumerate(rows):
        for j, value in enumerate(row):
            if isinstance(value, str):
                values.view(np.uint64)[i, j] = BITS[value]
            else:
                values[i, j] = value
    stamps = NOW_MS - 1000 * np.arange(count - 1, -1, -1, dtype=np.int64)
    group = SeriesGroup(
        labels=tuple(labels for labels, _ in rows),
        timestamps_ms=stamps,
        values=values,
        has_absent=True,
        has_stale=True,
        step_ms=1000,
    )
    return Store([group])


def lines(querier: MemoryStore, telemetry: Telemetry | None = None) -> list[str]:
    parts = newest_samples(querier, telemetry or Telemetry())()
    return format_exposition([(schema, values, None) for schema, values in parts]).decode().splitlines()


def test_the_newest_value_without_job_and_instance_under_its_type() -> None:
    querier = store((Labels.of("node_load1", **NODE), [1.0, 2.0]), (Labels.of("node_x", **NODE, cpu="0"), [3.0, 4.0]))
    assert lines(querier) == [
        "# HELP node_load1 1m load average.",
        "# TYPE node_load1 gauge",
        "node_load1 2",
        "# HELP node_x ",
        "# TYPE node_x untyped",
        'node_x{cpu="0"} 4',
    ]


def test_a_series_that_is_collected_less_often_keeps_its_newest_value() -> None:
    querier = store((Labels.of("slow", **NODE), [7.0, ABSENT, ABSENT]), (Labels.of("fast", **NODE), [1.0, 2.0, 3.0]))
    assert {"slow 7", "fast 3"} <= set(lines(querier))


def test_a_series_that_has_ended_or_never_was_is_not_shown() -> None:
    querier = store(
        (Labels.of("ended", **NODE), [1.0, STALE, ABSENT]),
        (Labels.of("never", **NODE), [ABSENT, ABSENT, ABSENT]),
        (Labels.of("back", **NODE), [STALE, ABSENT, 5.0]),
    )
    assert [line for line in lines(querier) if not line.startswith("#")] == ["back 5"]


def test_a_nan_of_its_own_is_a_value() -> None:
    assert "m NaN" in lines(store((Labels.of("m", **NODE), [1.0, math.nan])))


def test_up_is_left_to_who_scrapes() -> None:
    assert lines(store((Labels.of("up", **NODE), [1.0]), (Labels.of("m", **NODE), [1.0])))[-1] == "m 1"
    assert not [line for line in lines(store((Labels.of("up", **NODE), [1.0]))) if line.startswith("up")]


def test_only_what_this_host_collects_is_shown() -> None:
    querier = store((Labels.of("m", **NODE), [1.0]), (Labels.of("m", job="elsewhere", instance="b"), [2.0]))
    assert lines(querier)[-1] == "m 1"
    assert "m 2" not in lines(querier)


def test_what_is_older_than_a_query_would_look_back_is_not_shown() -> None:
    querier = Store()
    querier.add(Labels.of("old", **NODE), [NOW_MS - 300_001], [1.0])
    querier.add(Labels.of("just", **NODE), [NOW_MS - 300_000], [1.0])
    querier.add(Labels.of("new", **NODE), [NOW_MS], [1.0])
    assert {line for line in lines(querier) if not line.startswith("#")} == {"just 1", "new 1"}


def test_keepers_and_fronts_figures_of_one_family_have_one_head() -> None:
    telemetry = Telemetry()
    telemetry.counter(CPU, "CPU.").labels(process="front").set(2)
    querier = store((Labels.of(CPU, job="barograph", instance="a", process="keeper"), [1.0]))
    assert lines(querier, telemetry) == [
        f"# HELP {CPU} CPU.",
        f"# TYPE {CPU} counter",
        f'{CPU}{{process="keeper"}} 1',
        f'{CPU}{{process="front"}} 2',
    ]


def test_an_empty_store_shows_our_own() -> None:
    telemetry = Telemetry()
    telemetry.gauge("barograph_g", "G.").set(1)
    assert lines(Store(), telemetry)[-1] == "barograph_g 1"
