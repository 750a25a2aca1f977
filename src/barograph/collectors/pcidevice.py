"""The pcidevice collector: devices on the PCI bus, their links and power states, from /sys/bus/pci/devices."""

import os
import re
from collections.abc import Iterator

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, known, number_in, text_in
from barograph.model.errors import NoDataError

_PREFIX = "node_pcidevice_"
_ADDRESS = re.compile(r"([0-9a-f]{4,}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])")
_PARTS = ("segment", "bus", "device", "function")
_INFO = gauge(_PREFIX + "info", "What is no number of a PCI device; the value is always 1.")
_IDS = {
    "class_id": "class",
    "vendor_id": "vendor",
    "device_id": "device",
    "subsystem_vendor_id": "subsystem_vendor",
    "subsystem_device_id": "subsystem_device",
    "revision": "revision",
}
_SPEEDS = (
    ("max_link_speed", gauge(_PREFIX + "max_link_transfers_per_second", "Greatest speed of the link.")),
    ("current_link_speed", gauge(_PREFIX + "current_link_transfers_per_second", "Present speed of the link.")),
)
_NUMBERS = (
    ("max_link_width", gauge(_PREFIX + "max_link_width", "Greatest width of the link (lanes).")),
    ("current_link_width", gauge(_PREFIX + "current_link_width", "Present width of the link (lanes).")),
    ("d3cold_allowed", gauge(_PREFIX + "d3cold_allowed", "Whether the device may go to D3cold.")),
    ("sriov_drivers_autoprobe", gauge(_PREFIX + "sriov_drivers_autoprobe", "Whether drivers probe virtual functions.")),
    ("sriov_numvfs", gauge(_PREFIX + "sriov_numvfs", "Virtual functions that are enabled.")),
    ("sriov_totalvfs", gauge(_PREFIX + "sriov_totalvfs", "Virtual functions that the device can have.")),
    ("sriov_vf_total_msix", gauge(_PREFIX + "sriov_vf_total_msix", "MSI-X vectors of virtual functions together.")),
)
_NODE = gauge(_PREFIX + "numa_node", "NUMA node that the device belongs to.")
_POWER = gauge(_PREFIX + "power_state", "Whether the device is in this power state.")
_STATES = ("D0", "D1", "D2", "D3hot", "D3cold", "unknown", "error")
_GIGA = 1e9


class PcideviceConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the pcidevice collector: only those of every collector."""


class PcideviceCollector(PlainCollector):
    """Fills some seventeen values for each device. See `model.protocols.Collector`."""

    name = "pcidevice"

    def __init__(self, host: Host, config: PcideviceConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "bus/pci/devices"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings = [reading for name in listed(self._folder) for reading in self._device(name)]
        if not readings:
            raise NoDataError(f"{self._folder} holds no device")
        return readings

    def _device(self, name: str) -> Iterator[Reading]:
        address = _ADDRESS.fullmatch(name)
        if address is None:
            return
        folder = os.fspath(self._folder / name)
        labels = dict(zip(_PARTS, address.groups(), strict=True))
        ids = {label: text_in(folder, file) or "" for label, file in _IDS.items()}
        yield SeriesSpec(_INFO, {**labels, **_parent(folder), **ids}), 1.0
        for file, family in _SPEEDS:
            yield from known([(SeriesSpec(family, labels), _speed(text_in(folder, file)))])
        for file, family in _NUMBERS:
            yield from known([(SeriesSpec(family, labels), number_in(folder, file))])
        node = number_in(folder, "numa_node")
        if node is not None and node >= 0:  # -1: it belongs to none
            yield SeriesSpec(_NODE, labels), node
        power = text_in(folder, "power_state")
        if power is not None:
            for state in _STATES:
                yield SeriesSpec(_POWER, {**labels, "state": state}), float(state == power)


def _parent(folder: str) -> dict[str, str]:
    """Return the address of the bridge that a device is behind, as the link to it tells; stars at the root."""
    try:
        above = os.path.basename(os.path.dirname(os.readlink(folder)))  # noqa: PTH115, PTH119, PTH120  text of a link, no path
    except OSError:
        above = ""
    found = _ADDRESS.fullmatch(above)
    values = found.groups() if found else ("*",) * len(_PARTS)
    return {f"parent_{part}": value for part, value in zip(_PARTS, values, strict=True)}


def _speed(text: str | None) -> float | None:
    """Return a speed such as `8.0 GT/s PCIe` in transfers a second; None for an unknown one."""
    words = (text or "").split()
    try:
        return float(words[0]) * _GIGA if words[1:2] == ["GT/s"] else None
    except ValueError:
        return None


ENTRY = CollectorEntry(
    factory=PcideviceCollector,
    section=PcideviceConfig,
    default=False,
    summary="PCI devices: links, power states, virtual functions",
    files=("/sys/bus/pci/devices/*/*",),
    families=(_INFO, *(family for _, family in (*_SPEEDS, *_NUMBERS)), _NODE, _POWER),
)
