"""The thermal_zone collector: temperatures and cooling devices, from /sys/class/thermal."""

from pathlib import Path

from barograph.collectors.attributes import Attributes, listed, number_of
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError

_TEMPERATURE = gauge("node_thermal_zone_temp", "Zone temperature in Celsius")
_STATES = (
    gauge("node_cooling_device_cur_state", "Current throttle state of the cooling device"),
    gauge("node_cooling_device_max_state", "Maximum throttle state of the cooling device"),
)
_ZONE, _DEVICE = "thermal_zone", "cooling_device"


class ThermalZoneConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the thermal_zone collector: only those of every collector."""


class ThermalZoneCollector:
    """Fills one value for each zone, two for each cooling device. See `model.protocols.Collector`."""

    name = "thermal_zone"

    def __init__(self, host: Host, config: ThermalZoneConfig) -> None:
        del config  # nothing of its own
        self._folder = host.paths.sysfs / "class/thermal"
        self._parts: dict[str, _Part] = {}
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        names = [name for name in listed(self._folder) if name.startswith((_ZONE, _DEVICE))]
        if not names:
            raise NoDataError(f"{self._folder} holds no zone and no cooling device")
        if names != list(self._parts):
            self.close()
            self._parts = {name: _Part(self._folder / name) for name in names}
        readings: list[Reading] = []
        for part in self._parts.values():
            readings += part.read()
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for part in self._parts.values():
            part.close()


class _Part:
    """A zone or a cooling device."""

    def __init__(self, folder: Path) -> None:
        self._is_zone = folder.name.startswith(_ZONE)
        files = ("type", "temp") if self._is_zone else ("type", "cur_state", "max_state")
        self._files = Attributes(folder, files)
        self._number = folder.name.removeprefix(_ZONE if self._is_zone else _DEVICE)
        self._kind: bytes | None = None
        self._specs: list[SeriesSpec] = []

    def read(self) -> list[Reading]:
        kind, *contents = self._files.read()
        # a sensor that answers nothing now (EINVAL, ENODATA) says nothing of the others
        if kind is None or any(content is None for content in contents):
            return []
        if kind != self._kind:
            labels = {"zone" if self._is_zone else "name": self._number, "type": text_of(kind)}
            families = (_TEMPERATURE,) if self._is_zone else _STATES
            self._kind, self._specs = kind, [SeriesSpec(family, labels) for family in families]
        try:
            numbers = [number_of(content or b"") for content in contents]
        except ValueError as error:
            raise CollectError(f"{self._files.folder}: {error}") from error
        scale = 1000.0 if self._is_zone else 1.0
        return [(spec, number / scale) for spec, number in zip(self._specs, numbers, strict=True)]

    def close(self) -> None:
        self._files.close()


ENTRY = CollectorEntry(
    factory=ThermalZoneCollector,
    section=ThermalZoneConfig,
    default=True,
    summary="Temperatures of zones, states of cooling devices",
    files=("/sys/class/thermal/thermal_zone*/*", "/sys/class/thermal/cooling_device*/*"),
    families=(_TEMPERATURE, *_STATES),
)
