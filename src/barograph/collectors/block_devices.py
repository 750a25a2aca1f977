"""What udev and sysfs know of block devices: model, serial number, file system, device mapper, ATA.

Used by the diskstats collector, when devices appear and once a minute; never on its hot path.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from barograph.collectors.base import SeriesSpec, gauge
from barograph.collectors.procfs import Paths, read_attribute

INFO = gauge("node_disk_info", "Always 1; the labels describe the block device.")
FILESYSTEM = gauge("node_disk_filesystem_info", "Always 1; the file system that udev found on the device.")
MAPPER = gauge("node_disk_device_mapper_info", "Always 1; the device mapper's name, UUID and volume of the device.")
_ATA = {
    "ID_ATA_WRITE_CACHE": gauge("node_disk_ata_write_cache", "1 where the ATA disk has a write cache."),
    "ID_ATA_WRITE_CACHE_ENABLED": gauge("node_disk_ata_write_cache_enabled", "1 where the write cache is switched on."),
    "ID_ATA_ROTATION_RATE_RPM": gauge("node_disk_ata_rotation_rate_rpm", "Rotations a minute, 0 without a spindle."),
}
DEVICE_FAMILIES = (INFO, FILESYSTEM, MAPPER, *_ATA.values())


class Device(NamedTuple):
    """A block device as /proc/diskstats names it."""

    name: str
    major: str
    minor: str


class BlockDevices:
    """Describes devices from the files of udev and sysfs."""

    def __init__(self, paths: Paths) -> None:
        self._udev = paths.udev_data
        self._block = paths.sysfs / "block"

    def describe(self, devices: Sequence[Device]) -> tuple[list[SeriesSpec], list[float]]:
        """Return the series that describe these devices, with their values."""
        specs: list[SeriesSpec] = []
        values: list[float] = []
        for device in devices:
            facts = read_udev(self._udev / f"b{device.major}:{device.minor}")
            for spec, value in self._series_of(device, facts):
                specs.append(spec)
                values.append(value)
        return specs, values

    def _series_of(self, device: Device, facts: dict[str, str]) -> list[tuple[SeriesSpec, float]]:
        found = [(SeriesSpec(INFO, self._info(device, facts)), 1.0)]
        if facts.get("ID_FS_TYPE"):
            labels = {key.lower(): facts.get(f"ID_FS_{key}", "") for key in ("TYPE", "USAGE", "UUID", "VERSION")}
            found.append((SeriesSpec(FILESYSTEM, {"device": device.name, **labels}), 1.0))
        if facts.get("DM_NAME"):
            keys = ("NAME", "UUID", "VG_NAME", "LV_NAME", "LV_LAYER")
            labels = {key.lower(): facts.get(f"DM_{key}", "") for key in keys}
            found.append((SeriesSpec(MAPPER, {"device": device.name, **labels}), 1.0))
        if facts.get("ID_ATA"):
            for key, family in _ATA.items():
                value = _number(facts.get(key))
                if value is not None:
                    found.append((SeriesSpec(family, {"device": device.name}), value))
        return found

    def _info(self, device: Device, facts: dict[str, str]) -> dict[str, str]:
        # the number printed on the disk, where udev has it; virtio disks have ID_SERIAL only
        serials = (facts.get(key) for key in ("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"))
        rotational = read_attribute(self._block / device.name / "queue/rotational") or "0"
        return {
            "device": device.name,
            "major": device.major,
            "minor": device.minor,
            "path": facts.get("ID_PATH", ""),
            "wwn": facts.get("ID_WWN", ""),
            "model": facts.get("ID_MODEL", ""),
            "serial": next(filter(None, serials), ""),
            "revision": facts.get("ID_REVISION", ""),
            "rotational": rotational,
        }


def read_udev(path: Path) -> dict[str, str]:
    """Return the properties in a file of udev's database (lines `E:NAME=value`); empty where there is none."""
    text = read_attribute(path) or ""
    facts = (line[2:].partition("=") for line in text.split("\n") if line.startswith("E:"))
    return {name: value for name, separator, value in facts if separator}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
