"""The store's figures as metrics: every figure, under a name that says what it is."""

import dataclasses

from barograph.app.store_metrics import report_store
from barograph.model.batch import MetricType
from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.stats import StoreStats

FIGURES = [field.name for field in dataclasses.fields(StoreStats) if field.type is not str]


def shown(telemetry: Telemetry) -> dict[str, float]:
    schema, values = telemetry.snapshot()
    return dict(zip((labels.name for labels in schema.series), values.tolist(), strict=True))


def test_every_figure_is_reported_as_it_is_at_that_moment() -> None:
    stats, telemetry = StoreStats(), Telemetry()
    report_store(telemetry, stats, lambda: False)
    assert set(shown(telemetry).values()) == {0.0}
    for i, name in enumerate(FIGURES, start=2):
        setattr(stats, name, i)
    figures = sorted(value for value in shown(telemetry).values() if value > 1)
    assert figures == [float(i) for i, _ in enumerate(FIGURES, start=2)]


def test_a_name_tells_counter_from_gauge_and_has_a_help() -> None:
    telemetry = Telemetry()
    report_store(telemetry, StoreStats(), lambda: False)
    for family in telemetry.snapshot()[0].families:
        assert (family.type is MetricType.COUNTER) == family.name.endswith("_total"), family.name
        assert family.name.startswith("barograph_store_")
        assert family.help.endswith(".")


def test_a_state_is_one_or_zero() -> None:
    stats, telemetry = StoreStats(read_only=True), Telemetry()
    in_memory = [False]
    report_store(telemetry, stats, lambda: in_memory[0])
    assert shown(telemetry)["barograph_store_read_only"] == 1.0
    stats.read_only = False
    assert shown(telemetry)["barograph_store_read_only"] == 0.0
    in_memory[0] = True
    assert shown(telemetry)["barograph_store_read_only"] == shown(telemetry)["barograph_store_state_in_memory"] == 1.0
