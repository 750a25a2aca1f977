from pathlib import Path

import pytest

from barograph.collectors.watchdog import WatchdogCollector, WatchdogConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = WatchdogCollector(host_in(tmp_path, "watchdog"), WatchdogConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_watchdog_access_cs0{name="watchdog0"}': 0,
        'node_watchdog_bootstatus{name="watchdog0"}': 1,
        'node_watchdog_fw_version{name="watchdog0"}': 2,
        'node_watchdog_nowayout{name="watchdog0"}': 3,
        'node_watchdog_pretimeout_seconds{name="watchdog0"}': 4,
        'node_watchdog_timeleft_seconds{name="watchdog0"}': 5,
        'node_watchdog_timeout_seconds{name="watchdog0"}': 60,
        'node_watchdog_info{identity="Software Watchdog", name="watchdog0"}': 1,
        'node_watchdog_info{name="watchdog1"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="class/watchdog does not exist"):
        WatchdogCollector(host_in(tmp_path), WatchdogConfig()).collect(1)

    (tmp_path / "sys/class/watchdog").mkdir(parents=True)
    with pytest.raises(NoDataError):
        WatchdogCollector(host_in(tmp_path), WatchdogConfig()).collect(1)
