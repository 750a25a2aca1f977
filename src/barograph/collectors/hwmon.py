"""The hwmon collector: temperatures, fans, voltages and power of the machine's sensors, from /sys/class/hwmon.

Names, units and the exceptions among them are node_exporter's; what a sensor's files mean is the kernel's
(Documentation/hwmon/sysfs-interface).
"""

import os
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from barograph.collectors.attributes import Attributes, listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch, Family
from barograph.model.errors import NoDataError

_CHIP_NAMES = gauge("node_hwmon_chip_names", "Annotation metric for human-readable chip names")
_LABEL = gauge("node_hwmon_sensor_label", "Label for given chip and sensor")
_BEEP = gauge("node_hwmon_beep_enabled", "Hardware beep enabled")
_VRM = gauge("node_hwmon_voltage_regulator_version", "Hardware voltage regulator")
_UPDATE = gauge("node_hwmon_update_interval_seconds", "Hardware monitor update interval")
_FREQUENCY = gauge("node_hwmon_freq_freq_mhz", "Hardware monitor for GPU frequency in MHz")
_KINDS = (
    "vrm", "beep_enable", "update_interval", "in", "cpu", "fan", "pwm", "temp", "curr", "power", "energy", "humidity",
    "intrusion", "freq",
)  # fmt: skip
_FILE = re.compile(rf"({'|'.join(_KINDS)})(\d*)(?:_(.+))?")
_UNCLEAN = re.compile(r"[^a-z0-9:_]")


class HwmonConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the hwmon collector.

    Attributes:
        chip_include: Only chips whose name matches; empty: all.
        chip_exclude: No chips whose name matches.
        sensor_include: Only sensors whose `chip;sensor` matches; empty: all.
        sensor_exclude: No sensors whose `chip;sensor` matches.
    """

    chip_include: str = ""
    chip_exclude: str = ""
    sensor_include: str = ""
    sensor_exclude: str = ""


class HwmonCollector:
    """Fills one value for each file of each sensor. See `model.protocols.Collector`."""

    name = "hwmon"

    def __init__(self, host: Host, config: HwmonConfig) -> None:
        self._folder = host.paths.sysfs / "class/hwmon"
        self._chips = NameFilter("collectors.hwmon.chip", config.chip_include, config.chip_exclude)
        self._sensors = NameFilter("collectors.hwmon.sensor", config.sensor_include, config.sensor_exclude)
        self._names: list[str] = []
        self._parts: list[_Chip] = []
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        names = listed(self._folder)
        if names != self._names:
            self.close()
            self._names = names
            chips = _chip_names([self._folder / name for name in names])
            self._parts = [_Chip(path, chip, self._sensors) for path, chip in chips.items() if self._chips.keeps(chip)]
        # two chips may go by one name where nothing tells them apart: the first of two readings counts
        readings: dict[tuple[str, tuple[tuple[str, str], ...]], Reading] = {}
        for part in self._parts:
            for spec, value in part.read():
                readings.setdefault((spec.family.name, tuple(spec.labels.items())), (spec, value))
        if not readings:
            raise NoDataError(f"{self._folder} holds no sensor")
        return self._frame.batch(list(readings.values()), timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for part in self._parts:
            part.close()
        self._names, self._parts = [], []


class _File(NamedTuple):
    """What a sensor's file is: the series of its number, and what to divide that by; a label has none."""

    spec: SeriesSpec
    divisor: float


class _Chip:
    """One chip and all its sensors."""

    def __init__(self, folder: Path, chip: str, keep: NameFilter) -> None:
        self._chip = chip
        sensors: dict[str, dict[str, str]] = {}
        for place in ("", "device/"):
            for name in names_in(folder / place) if place else names_in(folder):
                found = _FILE.fullmatch(name)
                if found is not None and keep.keeps(f"{chip};{found[1]}{found[2]}"):
                    sensors.setdefault(found[1] + found[2], {})[found[3] or ""] = place + name
        self._keys = [(sensor, element) for sensor in sensors for element in sensors[sensor]]
        self._files = Attributes(folder, [sensors[sensor][element] for sensor, element in self._keys])
        self._inputs = {sensor for sensor, elements in sensors.items() if "" in elements}
        self._known: dict[tuple[str, str, str], _File | None] = {}
        readable = _read(folder / "name")
        label = SeriesSpec(_CHIP_NAMES, {"chip": chip, "chip_name": readable})
        self._own: list[Reading] = [(label, 1.0)] if readable else []

    def read(self) -> list[Reading]:
        contents = self._files.read()
        labels = {
            sensor: text_of(content)
            for (sensor, element), content in zip(self._keys, contents, strict=True)
            if element == "label" and content is not None
        }
        found = list(self._own)
        for (sensor, element), content in zip(self._keys, contents, strict=True):
            if content is None:
                continue
            file = self._file(sensor, element, labels.get(sensor, ""))
            if element == "label":
                found.append((SeriesSpec(_LABEL, self._labels(sensor) | {"label": labels[sensor]}), 1.0))
            elif file is not None:
                try:
                    found.append((file.spec, float(content) / file.divisor))
                except ValueError:
                    continue  # a file that is no number is none of the sensor's readings
        return found

    def close(self) -> None:
        self._files.close()

    def _labels(self, sensor: str) -> dict[str, str]:
        return {"chip": self._chip, "sensor": sensor}

    def _file(self, sensor: str, element: str, label: str) -> _File | None:
        key = sensor, element, label
        if key not in self._known:
            found = _FILE.fullmatch(sensor)
            kind = found[1] if found else sensor
            if kind == "freq" and element == "input":
                labels = {"chip": self._chip, "sensor": _clean(label)}
                self._known[key] = _File(SeriesSpec(_FREQUENCY, labels), 1e6) if label else None
            else:
                family, divisor = _meaning(kind, element, sensor in self._inputs)
                self._known[key] = _File(SeriesSpec(family, self._labels(sensor)), divisor)
        return self._known[key]


_PLAIN = {"beep_enable": (_BEEP, 1.0), "vrm": (_VRM, 1.0), "update_interval": (_UPDATE, 1000.0)}
# the kind: what follows its name, what its values are divided by, and how it is called
_UNITS = {
    "in": ("_volts", 1000.0, "for voltage"),
    "cpu": ("_volts", 1000.0, "for voltage"),
    "temp": ("_celsius", 1000.0, "for temperature"),
    "curr": ("_amps", 1000.0, "for current"),
    "power": ("_watt", 1e6, "for power usage in watts"),
    "humidity": ("", 1e6, "for humidity, as a ratio (multiply with 100.0 to get the humidity as a percentage)"),
}
_POWER_TIMES = frozenset({"average_interval", "average_interval_min", "average_interval_max"})
_FAN_SPEEDS = frozenset({"", "input", "min", "max", "target"})


def _meaning(kind: str, element: str, has_plain: bool) -> tuple[Family, float]:
    """Return the family of a file and what its number is divided by."""
    if kind in _PLAIN and not element:
        return _PLAIN[kind]
    name = f"node_hwmon_{kind}"
    if element == "input":
        name += "_input" if has_plain else ""
    elif element:
        name += "_" + _clean(element)
    shown = element or "input"
    if element in ("fault", "alarm"):
        return gauge(name, f"Hardware sensor {element} status ({kind})"), 1.0
    if element == "beep":
        return gauge(name + "_enabled", "Hardware monitor sensor has beeping enabled"), 1.0
    if kind == "energy":
        return counter(name + "_joule_total", f"Hardware monitor for joules used so far ({shown})"), 1e6
    if kind == "power" and element == "accuracy":
        return gauge(name, "Hardware monitor power meter accuracy, as a ratio"), 1e6
    if kind == "power" and element in _POWER_TIMES:
        return gauge(name + "_seconds", f"Hardware monitor power usage update interval ({shown})"), 1000.0
    if kind == "fan" and element in _FAN_SPEEDS:
        return gauge(name + "_rpm", f"Hardware monitor for fan revolutions per minute ({shown})"), 1.0
    if kind in _UNITS and not (kind == "temp" and element == "type"):
        suffix, divisor, words = _UNITS[kind]
        return gauge(name + suffix, f"Hardware monitor {words} ({shown})"), divisor
    return gauge(name, f"Hardware monitor {kind} element {shown}"), 1.0


def _chip_names(folders: list[Path]) -> dict[Path, str]:
    """Return what chips go by: their device where there is one, told apart by their own name where several share it."""
    devices = {folder: _device_name(folder) for folder in folders}
    shared = Counter(name for name in devices.values() if name)
    found: dict[Path, str] = {}
    for folder, device in devices.items():
        own = _clean(_read(folder / "name"))
        if device:
            found[folder] = f"{device}_{own}" if shared[device] > 1 and own else device
        else:
            found[folder] = own or _clean(os.path.realpath(folder).rpartition("/")[2])
    return found


def _device_name(folder: Path) -> str:
    link = folder / "device"
    if not link.exists():
        return ""
    above, _, device = os.path.realpath(link).rpartition("/")
    kind = _clean(above.rpartition("/")[2])
    return f"{kind}_{_clean(device)}" if kind and _clean(device) else _clean(device)


def _clean(name: str) -> str:
    """Return a name as a part of a metric's."""
    return _UNCLEAN.sub("_", name.strip().lower()).strip("_")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


ENTRY = CollectorEntry(
    factory=HwmonCollector,
    section=HwmonConfig,
    default=True,
    summary="Temperatures, fans, voltages and power of the machine's sensors",
    files=("/sys/class/hwmon/*/*", "/sys/class/hwmon/*/device/*"),
    families=(
        _CHIP_NAMES,
        _LABEL,
        _FREQUENCY,
        gauge("node_hwmon_*", "What the sensors' files say."),
        counter("node_hwmon_*_joule_total", "Energy used."),
    ),
)
