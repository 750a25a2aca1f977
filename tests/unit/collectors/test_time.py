import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.collectors.time import TimeCollector, TimeConfig
from helpers.clock import FakeClock
from helpers.collectors import as_dict, host_in


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_berlin")
def test_clock_zone_and_clock_source(tmp_path: Path) -> None:
    collector = TimeCollector(host_in(tmp_path, "time"), TimeConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_time_seconds": 1_700_000_000,
        'node_time_zone_offset_seconds{time_zone="CET"}': 3600,
        'node_time_clocksource_available_info{clocksource="tsc", device="0"}': 1,
        'node_time_clocksource_available_info{clocksource="hpet", device="0"}': 1,
        'node_time_clocksource_available_info{clocksource="acpi_pm", device="0"}': 1,
        'node_time_clocksource_current_info{clocksource="tsc", device="0"}': 1,
    }
    collector.close()


@pytest.mark.usefixtures("_berlin")
def test_summer_time_is_another_series(tmp_path: Path) -> None:
    host = host_in(tmp_path, "time")
    collector = TimeCollector(host, TimeConfig())
    schema = collector.collect(1).schema
    assert isinstance(host.clock, FakeClock)
    host.clock.advance(1.5)
    batch = collector.collect(2)
    assert batch.schema is schema
    assert as_dict(batch)["node_time_seconds"] == 1_700_000_001.5
    host.clock.advance(200 * 86400)
    summer = collector.collect(3)
    assert summer.schema is not schema
    assert as_dict(summer)['node_time_zone_offset_seconds{time_zone="CEST"}'] == 7200


def test_a_clock_source_that_changes_or_goes(tmp_path: Path) -> None:
    collector = TimeCollector(host_in(tmp_path, "time"), TimeConfig())
    collector.collect(1)
    folder = tmp_path / "sys/devices/system/clocksource/clocksource0"
    (folder / "current_clocksource").write_text("hpet\n")
    found = as_dict(collector.collect(2))
    assert found['node_time_clocksource_current_info{clocksource="hpet", device="0"}'] == 1
    collector.close()
    (folder / "current_clocksource").unlink()
    assert [name for name in as_dict(collector.collect(3)) if "clocksource" in name] == []
