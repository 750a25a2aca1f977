import threading

import numpy as np
import pytest

from barograph.model.batch import MetricType
from barograph.telemetry.metrics import Telemetry, process_metrics


def values(telemetry: Telemetry) -> dict[str, float]:
    schema, vector = telemetry.snapshot()
    return {str(labels): value for labels, value in zip(schema.series, vector.tolist(), strict=True)}


def test_a_counter_without_labels_starts_when_it_is_first_used() -> None:
    telemetry = Telemetry()
    ticks = telemetry.counter("barograph_ticks_total", "Ticks.")
    assert values(telemetry) == {}
    ticks.inc()
    ticks.inc(2)
    assert values(telemetry) == {"barograph_ticks_total": 3.0}


def test_a_gauge_is_replaced() -> None:
    telemetry = Telemetry()
    late = telemetry.gauge("barograph_late", "Late.")
    late.set(1.5)
    late.set(0.5)
    assert values(telemetry) == {"barograph_late": 0.5}


def test_children_have_labels_in_any_order() -> None:
    telemetry = Telemetry()
    failures = telemetry.counter("f_total", "Failures.")
    failures.labels(collector="cpu", reason="hung").inc()
    failures.labels(reason="hung", collector="cpu").inc()
    failures.labels(collector="cpu", reason="error")
    assert values(telemetry) == {
        'f_total{collector="cpu", reason="hung"}': 2.0,
        'f_total{collector="cpu", reason="error"}': 0.0,
    }


def test_the_schema_object_stays_while_no_series_comes_or_goes() -> None:
    telemetry = Telemetry()
    empty, _ = telemetry.snapshot()
    assert telemetry.snapshot()[0] is empty
    family = telemetry.counter("a_total", "A.")
    family.labels(x="1").inc()
    first, _ = telemetry.snapshot()
    family.labels(x="1").inc()
    assert telemetry.snapshot()[0] is first
    family.labels(x="2")
    second, _ = telemetry.snapshot()
    assert second is not first
    family.remove(x="absent")
    assert telemetry.snapshot()[0] is second
    family.remove(x="2")
    assert [str(labels) for labels in telemetry.snapshot()[0].series] == ['a_total{x="1"}']


def test_each_series_names_its_family() -> None:
    telemetry = Telemetry()
    telemetry.counter("a_total", "A.").inc()
    gauge = telemetry.gauge("b", "B.")
    gauge.labels(x="1").set(1)
    gauge.labels(x="2").set(2)
    schema, vector = telemetry.snapshot()
    assert [schema.families[i].name for i in schema.family_of] == ["a_total", "b", "b"]
    assert [family.type for family in schema.families] == [MetricType.COUNTER, MetricType.GAUGE]
    assert vector.dtype == np.float64
    assert vector.tolist() == [1.0, 1.0, 2.0]


def test_a_snapshot_is_the_callers_own() -> None:
    telemetry = Telemetry()
    counter = telemetry.counter("a_total", "A.")
    counter.inc()
    _, before = telemetry.snapshot()
    counter.inc()
    assert before.tolist() == [1.0]


def test_the_same_declaration_gives_the_same_family() -> None:
    telemetry = Telemetry()
    telemetry.counter("a_total", "A.").inc()
    telemetry.counter("a_total", "A.").inc()
    assert values(telemetry) == {"a_total": 2.0}


def test_a_different_declaration_of_a_name_is_refused() -> None:
    telemetry = Telemetry()
    telemetry.counter("a_total", "A.")
    with pytest.raises(ValueError, match="a_total is declared twice, differently"):
        telemetry.gauge("a_total", "A.")


def test_a_family_is_kept_from_growing_without_bound() -> None:
    telemetry = Telemetry()
    family = telemetry.counter("a_total", "A.")
    for number in range(1000):
        family.labels(x=str(number))
    with pytest.raises(ValueError, match=r"a_total has 1000 series already: \{'x': '1000'\} is one too many"):
        family.labels(x="1000")
    family.labels(x="999").inc()


def test_two_threads_that_ask_for_a_new_series_get_the_same() -> None:
    telemetry = Telemetry()
    family = telemetry.counter("a_total", "A.")
    found = []
    with telemetry._lock:  # both threads have looked and found none before either can add it
        threads = [threading.Thread(target=lambda: found.append(family.labels(x="1"))) for _ in range(2)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1]
    assert family.labels(x="1") is found[0]


def test_what_is_counted_elsewhere_is_set_before_each_snapshot() -> None:
    telemetry = Telemetry()
    process_metrics(telemetry, "keeper", lambda: (12.5, 4096.0))
    assert values(telemetry) == {
        'barograph_process_cpu_seconds_total{process="keeper"}': 12.5,
        'barograph_process_resident_bytes{process="keeper"}': 4096.0,
    }
