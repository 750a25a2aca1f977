from pathlib import Path

import pytest

from barograph.collectors.powersupplyclass import PowersupplyclassCollector, PowersupplyclassConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = PowersupplyclassCollector(host_in(tmp_path, "powersupplyclass"), PowersupplyclassConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_power_supply_info{power_supply="AC"}': 1,
        'node_power_supply_online{power_supply="AC"}': 1,
        'node_power_supply_info{power_supply="BAT0", status="Full", type="Battery"}': 1,
        'node_power_supply_capacity{power_supply="BAT0"}': 81,
        'node_power_supply_energy_watthour{power_supply="BAT0"}': 36.58,
        'node_power_supply_temp_celsius{power_supply="BAT0"}': 30.5,
        'node_power_supply_info{power_supply="USB"}': 1,
        'node_power_supply_authentic{power_supply="USB"}': 0,
        'node_power_supply_calibrate{power_supply="USB"}': 1000000,
        'node_power_supply_capacity{power_supply="USB"}': 2000000,
        'node_power_supply_capacity_alert_max{power_supply="USB"}': 3000000,
        'node_power_supply_capacity_alert_min{power_supply="USB"}': 4000000,
        'node_power_supply_cyclecount{power_supply="USB"}': 5000000,
        'node_power_supply_online{power_supply="USB"}': 6000000,
        'node_power_supply_present{power_supply="USB"}': 7000000,
        'node_power_supply_time_to_empty_seconds{power_supply="USB"}': 8000000,
        'node_power_supply_time_to_full_seconds{power_supply="USB"}': 9000000,
        'node_power_supply_current_boot{power_supply="USB"}': 10,
        'node_power_supply_current_max{power_supply="USB"}': 11,
        'node_power_supply_current_ampere{power_supply="USB"}': 12,
        'node_power_supply_energy_empty{power_supply="USB"}': 13,
        'node_power_supply_energy_empty_design{power_supply="USB"}': 14,
        'node_power_supply_energy_full{power_supply="USB"}': 15,
        'node_power_supply_energy_full_design{power_supply="USB"}': 16,
        'node_power_supply_energy_watthour{power_supply="USB"}': 17,
        'node_power_supply_voltage_boot{power_supply="USB"}': 18,
        'node_power_supply_voltage_max{power_supply="USB"}': 19,
        'node_power_supply_voltage_max_design{power_supply="USB"}': 20,
        'node_power_supply_voltage_min{power_supply="USB"}': 21,
        'node_power_supply_voltage_min_design{power_supply="USB"}': 22,
        'node_power_supply_voltage_volt{power_supply="USB"}': 23,
        'node_power_supply_voltage_ocv{power_supply="USB"}': 24,
        'node_power_supply_charge_control_limit{power_supply="USB"}': 25,
        'node_power_supply_charge_control_limit_max{power_supply="USB"}': 26,
        'node_power_supply_charge_counter{power_supply="USB"}': 27,
        'node_power_supply_charge_empty{power_supply="USB"}': 28,
        'node_power_supply_charge_empty_design{power_supply="USB"}': 29,
        'node_power_supply_charge_full{power_supply="USB"}': 30,
        'node_power_supply_charge_full_design{power_supply="USB"}': 31,
        'node_power_supply_charge_ampere{power_supply="USB"}': 32,
        'node_power_supply_charge_term_current{power_supply="USB"}': 33,
        'node_power_supply_constant_charge_current{power_supply="USB"}': 34,
        'node_power_supply_constant_charge_current_max{power_supply="USB"}': 35,
        'node_power_supply_constant_charge_voltage{power_supply="USB"}': 36,
        'node_power_supply_constant_charge_voltage_max{power_supply="USB"}': 37,
        'node_power_supply_precharge_current{power_supply="USB"}': 38,
        'node_power_supply_input_current_limit{power_supply="USB"}': 39,
        'node_power_supply_power_watt{power_supply="USB"}': 40,
        'node_power_supply_temp_celsius{power_supply="USB"}': 4100000,
        'node_power_supply_temp_alert_max_celsius{power_supply="USB"}': 4200000,
        'node_power_supply_temp_alert_min_celsius{power_supply="USB"}': 4300000,
        'node_power_supply_temp_ambient_celsius{power_supply="USB"}': 4400000,
        'node_power_supply_temp_ambient_max_celsius{power_supply="USB"}': 4500000,
        'node_power_supply_temp_ambient_min_celsius{power_supply="USB"}': 4600000,
        'node_power_supply_temp_max_celsius{power_supply="USB"}': 4700000,
        'node_power_supply_temp_min_celsius{power_supply="USB"}': 4800000,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="power_supply does not exist"):
        PowersupplyclassCollector(host_in(tmp_path), PowersupplyclassConfig()).collect(1)

    (tmp_path / "sys/class/power_supply").mkdir(parents=True)
    with pytest.raises(NoDataError):
        PowersupplyclassCollector(host_in(tmp_path), PowersupplyclassConfig()).collect(1)
