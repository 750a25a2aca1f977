"""The powersupplyclass collector: batteries, mains and other supplies, from /sys/class/power_supply."""

import os
from collections.abc import Iterator

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import compile_pattern
from barograph.collectors.readings import PlainCollector, Reading, number_in, text_in
from barograph.model.batch import Family
from barograph.model.errors import NoDataError

_PLAIN, _MICRO, _TENTH = 1.0, 1e6, 10.0
# the attribute, the metric's last part where it is another, and how many of it are one of the metric's
_NUMBERS: tuple[tuple[str, str, float], ...] = (
    ("authentic", "", _PLAIN),
    ("calibrate", "", _PLAIN),
    ("capacity", "", _PLAIN),
    ("capacity_alert_max", "", _PLAIN),
    ("capacity_alert_min", "", _PLAIN),
    ("cycle_count", "cyclecount", _PLAIN),
    ("online", "", _PLAIN),
    ("present", "", _PLAIN),
    ("time_to_empty_now", "time_to_empty_seconds", _PLAIN),
    ("time_to_full_now", "time_to_full_seconds", _PLAIN),
    ("current_boot", "", _MICRO),
    ("current_max", "", _MICRO),
    ("current_now", "current_ampere", _MICRO),
    ("energy_empty", "", _MICRO),
    ("energy_empty_design", "", _MICRO),
    ("energy_full", "", _MICRO),
    ("energy_full_design", "", _MICRO),
    ("energy_now", "energy_watthour", _MICRO),
    ("voltage_boot", "", _MICRO),
    ("voltage_max", "", _MICRO),
    ("voltage_max_design", "", _MICRO),
    ("voltage_min", "", _MICRO),
    ("voltage_min_design", "", _MICRO),
    ("voltage_now", "voltage_volt", _MICRO),
    ("voltage_ocv", "", _MICRO),
    ("charge_control_limit", "", _MICRO),
    ("charge_control_limit_max", "", _MICRO),
    ("charge_counter", "", _MICRO),
    ("charge_empty", "", _MICRO),
    ("charge_empty_design", "", _MICRO),
    ("charge_full", "", _MICRO),
    ("charge_full_design", "", _MICRO),
    ("charge_now", "charge_ampere", _MICRO),
    ("charge_term_current", "", _MICRO),
    ("constant_charge_current", "", _MICRO),
    ("constant_charge_current_max", "", _MICRO),
    ("constant_charge_voltage", "", _MICRO),
    ("constant_charge_voltage_max", "", _MICRO),
    ("precharge_current", "", _MICRO),
    ("input_current_limit", "", _MICRO),
    ("power_now", "power_watt", _MICRO),
    ("temp", "temp_celsius", _TENTH),
    ("temp_alert_max", "temp_alert_max_celsius", _TENTH),
    ("temp_alert_min", "temp_alert_min_celsius", _TENTH),
    ("temp_ambient", "temp_ambient_celsius", _TENTH),
    ("temp_ambient_max", "temp_ambient_max_celsius", _TENTH),
    ("temp_ambient_min", "temp_ambient_min_celsius", _TENTH),
    ("temp_max", "temp_max_celsius", _TENTH),
    ("temp_min", "temp_min_celsius", _TENTH),
)
_TEXTS = (
    "capacity_level",
    "charge_type",
    "health",
    "manufacturer",
    "model_name",
    "scope",
    "serial_number",
    "status",
    "technology",
    "type",
    "usb_type",
)
_INFO = gauge("node_power_supply_info", "What is no number of a power supply; the value is always 1.")


def _family(name: str, metric: str) -> Family:
    return gauge(f"node_power_supply_{metric or name}", f"{name} of /sys/class/power_supply/<power_supply>.")


_FAMILIES = [(name, _family(name, metric), unit) for name, metric, unit in _NUMBERS]


class PowersupplyclassConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the powersupplyclass collector.

    Attributes:
        ignored_supplies: A regex (RE2); supplies in whose names it is found are left out.
    """

    ignored_supplies: str = "^$"


class PowersupplyclassCollector(PlainCollector):
    """Fills some ten values for each supply. See `model.protocols.Collector`."""

    name = "powersupplyclass"

    def __init__(self, host: Host, config: PowersupplyclassConfig) -> None:
        super().__init__()
        self._folder = host.paths.sysfs / "class/power_supply"
        self._ignored = compile_pattern("collectors.powersupplyclass.ignored_supplies", config.ignored_supplies)

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        supplies = [name for name in listed(self._folder) if not self._ignored.search(name)]
        if not supplies:
            raise NoDataError(f"{self._folder} holds no power supply")
        return [reading for name in supplies for reading in self._supply(name)]

    def _supply(self, name: str) -> Iterator[Reading]:
        folder, labels = os.fspath(self._folder / name), {"power_supply": name}
        texts = {key: text for key in _TEXTS if (text := text_in(folder, key))}
        yield SeriesSpec(_INFO, {**labels, **texts}), 1.0
        for key, family, unit in _FAMILIES:
            value = number_in(folder, key)
            if value is not None:
                yield SeriesSpec(family, labels), value / unit


ENTRY = CollectorEntry(
    factory=PowersupplyclassCollector,
    section=PowersupplyclassConfig,
    default=True,
    summary="Batteries, mains and other power supplies",
    files=("/sys/class/power_supply/*/*",),
    families=(_INFO, *(family for _, family, _ in _FAMILIES)),
)
