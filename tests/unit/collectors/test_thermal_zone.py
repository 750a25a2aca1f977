from pathlib import Path

import pytest

from barograph.collectors.thermal_zone import ThermalZoneCollector, ThermalZoneConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_zones_and_devices(tmp_path: Path) -> None:
    collector = ThermalZoneCollector(host_in(tmp_path, "thermal_zone"), ThermalZoneConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_cooling_device_cur_state{name="0", type="Processor"}': 2,
        'node_cooling_device_max_state{name="0", type="Processor"}': 10,
        'node_thermal_zone_temp{type="x86_pkg_temp", zone="0"}': 48.5,
        'node_thermal_zone_temp{type="acpitz", zone="1"}': -12,
    }
    assert collector.collect(2).schema is batch.schema
    folder = tmp_path / "sys/class/thermal"
    (folder / "thermal_zone1/type").write_text("renamed\n")
    assert 'node_thermal_zone_temp{type="renamed", zone="1"}' in as_dict(collector.collect(3))
    (folder / "thermal_zone1/temp").unlink()
    (folder / "thermal_zone2").mkdir()
    found = as_dict(collector.collect(4))
    assert [name for name in found if "zone_temp" in name] == ['node_thermal_zone_temp{type="x86_pkg_temp", zone="0"}']
    collector.close()


def test_nothing_there_and_odd_content(tmp_path: Path) -> None:
    collector = ThermalZoneCollector(host_in(tmp_path), ThermalZoneConfig())
    with pytest.raises(NoDataError, match="does not exist"):
        collector.collect(1)
    (tmp_path / "sys/class/thermal/power").mkdir(parents=True)
    with pytest.raises(NoDataError, match="no zone and no cooling device"):
        collector.collect(1)
    host = host_in(tmp_path, "thermal_zone")
    (tmp_path / "sys/class/thermal/thermal_zone0/temp").write_text("warm")
    with pytest.raises(CollectError, match="thermal_zone0"):
        ThermalZoneCollector(host, ThermalZoneConfig()).collect(1)
