from pathlib import Path

import pytest

from barograph.collectors.base import Host
from barograph.collectors.hwmon import HwmonCollector, HwmonConfig
from barograph.model.errors import ConfigError, NoDataError
from helpers.collectors import as_dict, families_of, host_in

CORE = 'chip="platform_coretemp_0", sensor="temp1"'
A, B = "platform_board_1_board_a", "platform_board_1_board_b"


def machine(folder: Path) -> Host:
    """The fixture's chips, with the devices that they are part of: two of them share one."""
    host = host_in(folder, "hwmon")
    for chip, device in (("hwmon0", "coretemp.0"), ("hwmon1", "board.1"), ("hwmon2", "board.1")):
        place = folder / "sys/devices/platform" / device
        place.mkdir(parents=True, exist_ok=True)
        (folder / "sys/class/hwmon" / chip / "device").symlink_to(place)
    (folder / "sys/devices/platform/board.1/temp9_input").write_text("21000\n")
    return host


def test_what_the_sensors_say(tmp_path: Path) -> None:
    collector = HwmonCollector(machine(tmp_path), HwmonConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert {name: value for name, value in found.items() if "platform_coretemp_0" in name} == {
        'node_hwmon_chip_names{chip="platform_coretemp_0", chip_name="coretemp"}': 1,
        'node_hwmon_sensor_label{chip="platform_coretemp_0", label="Package id 0", sensor="temp1"}': 1,
        f"node_hwmon_temp_celsius{{{CORE}}}": 48,
        f"node_hwmon_temp_crit_alarm_celsius{{{CORE}}}": 0,
        f"node_hwmon_temp_type{{{CORE}}}": 6,
    }
    board = {name.replace(f'chip="{A}", ', ""): value for name, value in found.items() if A in name}
    board.pop('node_hwmon_chip_names{chip_name="Board A"}')
    assert board == {
        'node_hwmon_beep_enabled{sensor="beep_enable"}': 1,
        'node_hwmon_curr_amps{sensor="curr1"}': 1.5,
        'node_hwmon_energy_joule_total{sensor="energy1"}': 3.5,
        'node_hwmon_fan_fault{sensor="fan1"}': 0,
        'node_hwmon_fan_pulses{sensor="fan1"}': 2,
        'node_hwmon_fan_rpm{sensor="fan1"}': 1200,
        'node_hwmon_humidity{sensor="humidity1"}': 0.42,
        'node_hwmon_in_beep_enabled{sensor="in0"}': 0,
        'node_hwmon_in_volts{sensor="in0"}': 1.024,
        'node_hwmon_intrusion_alarm{sensor="intrusion0"}': 1,
        'node_hwmon_power_accuracy{sensor="power1"}': 0.015,
        'node_hwmon_power_average_interval_seconds{sensor="power1"}': 0.5,
        'node_hwmon_power_watt{sensor="power1"}': 75,
        'node_hwmon_temp_celsius{sensor="temp9"}': 21,
        'node_hwmon_update_interval_seconds{sensor="update_interval"}': 2,
        'node_hwmon_voltage_regulator_version{sensor="vrm"}': 110,
    }
    assert found[f'node_hwmon_freq_freq_mhz{{chip="{B}", sensor="sclk"}}'] == 214
    assert f'node_hwmon_freq_freq_mhz{{chip="{B}", sensor=""}}' not in found, "a frequency goes by its label"
    assert found[f'node_hwmon_pwm{{chip="{B}", sensor="pwm1"}}'] == 127
    assert found['node_hwmon_fan_rpm{chip="hwmon3", sensor="fan1"}'] == 900
    assert found['node_hwmon_fan_input_rpm{chip="hwmon3", sensor="fan1"}'] == 901
    assert families_of(batch)["node_hwmon_in_volts"].help == "Hardware monitor for voltage (input)"
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_values_are_read_again_and_chips_come(tmp_path: Path) -> None:
    collector = HwmonCollector(machine(tmp_path), HwmonConfig(chip_include="coretemp|hwmon"))
    collector.collect(1)
    folder = tmp_path / "sys/class/hwmon"
    (folder / "hwmon0/temp1_input").write_text("51000\n")
    assert as_dict(collector.collect(2))[f"node_hwmon_temp_celsius{{{CORE}}}"] == 51
    (folder / "hwmon7").mkdir()
    (folder / "hwmon7/temp1_input").write_text("-3500\n")
    found = as_dict(collector.collect(3))
    assert found['node_hwmon_temp_celsius{chip="hwmon7", sensor="temp1"}'] == -3.5
    assert not [name for name in found if "board" in name]
    collector.close()


def test_what_is_left_out(tmp_path: Path) -> None:
    host = machine(tmp_path)
    config = HwmonConfig(chip_exclude="board", sensor_exclude="^platform_coretemp_0;temp1$")
    assert [name for name in as_dict(HwmonCollector(host, config).collect(1)) if "sensor=" in name] == [
        'node_hwmon_fan_rpm{chip="hwmon3", sensor="fan1"}',
        'node_hwmon_fan_input_rpm{chip="hwmon3", sensor="fan1"}',
    ]
    with pytest.raises(NoDataError, match="holds no sensor"):
        HwmonCollector(host, HwmonConfig(chip_include="none")).collect(1)
    with pytest.raises(ConfigError, match=r"collectors\.hwmon\.sensor_include"):
        HwmonCollector(host, HwmonConfig(sensor_include="("))
    with pytest.raises(NoDataError, match="does not exist"):
        HwmonCollector(host_in(tmp_path / "empty"), HwmonConfig()).collect(1)


def test_two_chips_that_nothing_tells_apart_give_one_reading(tmp_path: Path) -> None:
    for number, degrees in enumerate(("40000", "41000")):
        folder = tmp_path / f"sys/class/hwmon/hwmon{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text("twin\n")
        (folder / "temp1_input").write_text(degrees)
    found = as_dict(HwmonCollector(host_in(tmp_path), HwmonConfig()).collect(1))
    assert found['node_hwmon_temp_celsius{chip="twin", sensor="temp1"}'] == 40
