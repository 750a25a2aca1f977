from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.alerts.life import begin
from barograph.analysis.who import By
from barograph.app.suspects import Suspects, measure_for
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import AlertRecord
from barograph.model.labels import Labels
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.frozen import FrozenTables
from barograph.state.sqlite import SqliteState, open_state
from barograph.tsdb.process_reader import ProcessLogReader
from helpers.processes import T0_MS, sample


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


def alert(name: str = "Busy", instance: str = "atlas", at_ms: int = T0_MS) -> AlertRecord:
    change = RuleAlert(
        rule=RuleName(file="f", group="g", rule="r"),
        labels=Labels([("alertname", name), ("instance", instance)]),
        annotations={},
        phase=AlertPhase.FIRING,
        value=1.0,
        active_ms=at_ms,
        fired_ms=at_ms,
    )
    return begin(1, change, at_ms).record


def test_processes_are_frozen_once_and_named_for_this_host_alone(state: SqliteState, tmp_path: Path) -> None:
    frozen = FrozenTables(state)
    suspects = Suspects(frozen, ProcessLogReader(tmp_path), "atlas")
    suspects.take(sample(T0_MS - 60_000, 1))
    suspects.take(sample(T0_MS - 400, 1, 2, 3, 4))
    first = suspects.freeze(T0_MS)
    assert first
    SqliteDeliveries(state).enqueue([], frozen={T0_MS: first})
    suspects.take(sample(T0_MS, 9))
    assert suspects.freeze(T0_MS) == b""
    lines = suspects.of(alert())
    assert len(lines) == 3
    assert lines[0].startswith("worker (pid ")
    assert suspects.of(alert(instance="borea")) == ()
    again = Suspects(frozen, ProcessLogReader(tmp_path), "atlas")
    assert again.of(alert()) == lines


def test_nothing_known_is_nothing_told(state: SqliteState, tmp_path: Path) -> None:
    suspects = Suspects(FrozenTables(state), ProcessLogReader(tmp_path), "atlas")
    assert suspects.freeze(T0_MS) == b""
    assert suspects.of(alert()) == ()
    suspects.take(sample(T0_MS, 1))
    state.close()
    assert suspects.freeze(T0_MS) == b""
    assert suspects.of(alert(at_ms=T0_MS + 1)) == ()


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("HostMemoryLow", By.MEMORY),
        ("SwapIsUsed", By.MEMORY),
        ("DiskFull", By.IO),
        ("HighIOPressure", By.IO),
        ("CpuBusy", By.CPU),
        ("Ratio", By.CPU),
    ],
)
def test_the_name_says_by_what_processes_are_compared(name: str, by: By) -> None:
    assert measure_for(name) is by
