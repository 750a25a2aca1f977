"""The netclass collector: state and settings of network devices, from /sys/class/net."""

import os
from pathlib import Path

from barograph.collectors.attributes import Attributes, number_of
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import compile_pattern
from barograph.collectors.procfs import read_error
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch

_UP = gauge("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.")
_INFO = gauge("node_network_info", "Non-numeric data from /sys/class/net/<iface>, value is always 1.")
# the attribute of sysfs, the property's name in the metric, and whether it only ever rises
_NUMBERS = (
    ("addr_assign_type", "address_assign_type", False),
    ("carrier", "carrier", False),
    ("carrier_changes", "carrier_changes_total", True),
    ("carrier_up_count", "carrier_up_changes_total", True),
    ("carrier_down_count", "carrier_down_changes_total", True),
    ("dev_id", "device_id", False),
    ("dormant", "dormant", False),
    ("flags", "flags", False),
    ("ifindex", "iface_id", False),
    ("iflink", "iface_link", False),
    ("link_mode", "iface_link_mode", False),
    ("mtu", "mtu_bytes", False),
    ("netdev_group", "net_dev_group", False),
    ("name_assign_type", "name_assign_type", False),
    ("speed", "speed_bytes", False),
    ("tx_queue_len", "transmit_queue_length", False),
    ("type", "protocol_type", False),
)
_TEXTS = ("address", "broadcast", "duplex", "ifalias", "operstate")
_FAMILIES = tuple(
    (counter if rises else gauge)(f"node_network_{name}", f"Network device property: {name}")
    for _, name, rises in _NUMBERS
)
_FLAGS = next(i for i, (attribute, _, _) in enumerate(_NUMBERS) if attribute == "flags")
_SPEED = next(i for i, (attribute, _, _) in enumerate(_NUMBERS) if attribute == "speed")
_IFF_UP = 1
_BYTES_IN_MEGABIT = 125_000
_NUMBER_END = 2**63


class NetclassConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the netclass collector.

    Attributes:
        ignored_devices: Pattern of devices to leave out.
        ignore_invalid_speed: Leave a speed below zero (unknown to the driver) out, instead of showing it.
    """

    ignored_devices: str = "^$"
    ignore_invalid_speed: bool = False


class NetclassCollector:
    """Fills some twenty values for each device. See `model.protocols.Collector`."""

    name = "netclass"

    def __init__(self, host: Host, config: NetclassConfig) -> None:
        self._folder = host.paths.sysfs / "class/net"
        self._ignores = compile_pattern("collectors.netclass.ignored_devices", config.ignored_devices).search
        self._shows_invalid_speed = not config.ignore_invalid_speed
        self._names: list[str] = []
        self._devices: list[_Device] = []
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        try:
            names = os.listdir(self._folder)  # noqa: PTH208  hot path: no Path objects
        except OSError as error:
            raise read_error(self._folder, error) from error
        if names != self._names:
            self._learn(names)
        readings: list[Reading] = []
        for device in self._devices:
            readings += device.read()
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for device in self._devices:
            device.close()

    def _learn(self, names: list[str]) -> None:
        """Keep the devices that stay, open those that came. A plain file there (bonding_masters) is no device."""
        old = {device.name: device for device in self._devices}
        kept = [name for name in sorted(names) if not self._ignores(name) and not _is_file(self._folder / name)]
        for name in old.keys() - set(kept):
            old[name].close()
        self._devices = [old.get(name) or _Device(self._folder, name, self._shows_invalid_speed) for name in kept]
        self._names = names


class _Device:
    """One device: its attributes, and its series as long as its texts stay the same."""

    def __init__(self, folder: Path, name: str, shows_invalid_speed: bool) -> None:
        self.name = name
        self._attributes = Attributes(folder / name, [*(attribute for attribute, _, _ in _NUMBERS), *_TEXTS])
        self._shows_invalid_speed = shows_invalid_speed
        self._specs = [SeriesSpec(family, {"device": name}) for family in _FAMILIES]
        self._up = SeriesSpec(_UP, {"device": name})
        self._info = SeriesSpec(_INFO, {})
        self._latest: tuple[list[bytes | None], list[Reading]] = ([], [])

    def read(self) -> list[Reading]:
        """Return the readings; most samples find what the one before found."""
        found = self._attributes.read()
        if found != self._latest[0]:
            self._latest = (found, self._readings(found))
        return self._latest[1]

    def _readings(self, found: list[bytes | None]) -> list[Reading]:
        numbers = [self._number(i, content) for i, content in enumerate(found[: len(_NUMBERS)])]
        texts = [text_of(content or b"") for content in found[len(_NUMBERS) :]]
        flags = numbers[_FLAGS]
        state = "unknown" if flags is None else "up" if int(flags) & _IFF_UP else "down"
        labels = {"device": self.name, **dict(zip(_TEXTS, texts, strict=True)), "adminstate": state}
        if labels != self._info.labels:
            self._info = SeriesSpec(_INFO, labels)
        readings: list[Reading] = [(self._up, float(labels["operstate"] == "up")), (self._info, 1.0)]
        readings += [(spec, value) for spec, value in zip(self._specs, numbers, strict=True) if value is not None]
        return readings

    def close(self) -> None:
        self._attributes.close()

    def _number(self, i: int, content: bytes | None) -> float | None:
        if content is None:
            return None
        try:
            value = number_of(content)
        except ValueError:
            value = 0  # what is no number of 64 bits is 0, as node_exporter has it
        if abs(value) >= _NUMBER_END:
            value = 0
        if i != _SPEED:
            return float(value)
        return float(value * _BYTES_IN_MEGABIT) if value >= 0 or self._shows_invalid_speed else None


def _is_file(path: Path) -> bool:
    """Tell whether this is a plain file; links, also those to nowhere, are devices."""
    return path.is_file() and not path.is_symlink()


ENTRY = CollectorEntry(
    factory=NetclassCollector,
    section=NetclassConfig,
    default=True,
    summary="State and settings of network devices",
    files=("/sys/class/net/*",),
    families=(_UP, _INFO, *_FAMILIES),
)
