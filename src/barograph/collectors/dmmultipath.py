"""The dmmultipath collector: multipath devices of the device mapper and their paths, from /sys/block/dm-*."""

import os
from collections.abc import Iterator

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, known, number_in, text_in
from barograph.model.errors import NoDataError

_PREFIX = "node_dmmultipath_"
_INFO = gauge(_PREFIX + "device_info", "What is no number of a multipath device.")
_ACTIVE = gauge(_PREFIX + "device_active", "Whether a multipath device is active (1) or suspended (0).")
_SIZE = gauge(_PREFIX + "device_size_bytes", "Size of a multipath device in bytes.")
_PATHS = gauge(_PREFIX + "device_paths", "How many paths a multipath device has.")
_PATHS_ACTIVE = gauge(_PREFIX + "device_paths_active", "How many of them are active (SCSI running, NVMe live).")
_PATHS_FAILED = gauge(_PREFIX + "device_paths_failed", "How many of them are not.")
_STATE = gauge(_PREFIX + "path_state", "The state of a path's device; the value is always 1.")
_SECTOR_BYTES = 512
_WORKING = ("running", "live")


class DmmultipathConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the dmmultipath collector: only those of every collector."""


class DmmultipathCollector(PlainCollector):
    """Fills some ten values for each device. See `model.protocols.Collector`."""

    name = "dmmultipath"

    def __init__(self, host: Host, config: DmmultipathConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "block"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings = [
            reading for name in listed(self._folder) if name.startswith("dm-") for reading in self._device(name)
        ]
        if not readings:
            raise NoDataError(f"{self._folder} holds no multipath device")
        return readings

    def _device(self, name: str) -> Iterator[Reading]:
        folder = os.fspath(self._folder / name)
        uuid = text_in(folder, "dm/uuid") or ""
        if not uuid.startswith("mpath-"):
            return
        device = text_in(folder, "dm/name") or ""
        labels = {"device": device, "sysfs_name": name}
        sectors = number_in(folder, "size")
        paths = names_in(self._folder / name / "slaves")
        states = [text_in(os.fspath(self._folder), f"{path}/device/state") or "unknown" for path in paths]
        working = sum(state in _WORKING for state in states)
        yield SeriesSpec(_INFO, {**labels, "uuid": uuid}), 1.0
        yield SeriesSpec(_ACTIVE, labels), float(text_in(folder, "dm/suspended") == "0")
        yield from known([(SeriesSpec(_SIZE, labels), None if sectors is None else sectors * _SECTOR_BYTES)])
        yield SeriesSpec(_PATHS, labels), float(len(paths))
        yield SeriesSpec(_PATHS_ACTIVE, labels), float(working)
        yield SeriesSpec(_PATHS_FAILED, labels), float(len(paths) - working)
        for path, state in zip(paths, states, strict=True):
            yield SeriesSpec(_STATE, {"device": device, "path": path, "state": state}), 1.0


ENTRY = CollectorEntry(
    factory=DmmultipathCollector,
    section=DmmultipathConfig,
    default=True,
    summary="Multipath devices and the state of their paths",
    files=("/sys/block/dm-*/dm/*", "/sys/block/dm-*/size", "/sys/block/dm-*/slaves", "/sys/block/*/device/state"),
    families=(_INFO, _ACTIVE, _SIZE, _PATHS, _PATHS_ACTIVE, _PATHS_FAILED, _STATE),
)
