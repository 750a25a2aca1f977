"""The time collector: the host's clock, its zone and where the kernel takes time from."""

import time

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_NOW = gauge("node_time_seconds", "The host's clock, seconds since the Unix epoch.")
_ZONE = gauge("node_time_zone_offset_seconds", "How far the host's time zone is ahead of UTC, in seconds.")
_AVAILABLE = gauge("node_time_clocksource_available_info", "Always 1; a clock source that the kernel could use.")
_CURRENT = gauge("node_time_clocksource_current_info", "Always 1; the clock source that the kernel uses.")
FAMILIES = (_NOW, _ZONE, _AVAILABLE, _CURRENT)

_Sources = tuple[tuple[bytes, bytes], ...]


class TimeConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the time collector: only those of every collector."""


class TimeCollector:
    """Fills two values and, where a clock source changed, labels. See `model.protocols.Collector`."""

    name = "time"

    def __init__(self, host: Host, config: TimeConfig) -> None:
        del config  # nothing of its own
        self._clock = host.clock
        folder = host.paths.sysfs / "devices/system/clocksource"
        self._files = [
            (KeptFile(source / "available_clocksource"), KeptFile(source / "current_clocksource"))
            for source in sorted(folder.glob("clocksource[0-9]*"))
        ]
        self._frame = Frame(self.name)
        self._known: tuple[str, _Sources] | None = None

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        now_s = self._clock.now_s()
        local = time.localtime(now_s)
        found = (local.tm_zone, self._read_sources())
        if found != self._known:
            self._learn(*found)
            self._known = found
        self._frame.values[:2] = (now_s, local.tm_gmtoff)
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for available, current in self._files:
            available.close()
            current.close()

    def _read_sources(self) -> _Sources:
        try:
            return tuple((available.read(), current.read()) for available, current in self._files)
        except CollectError:
            # the clock itself is worth having without them
            return ()

    def _learn(self, zone: str, sources: _Sources) -> None:
        specs = [SeriesSpec(_NOW, {}), SeriesSpec(_ZONE, {"time_zone": zone})]
        for device, (available, _) in enumerate(sources):
            names = dict.fromkeys(available.split())
            specs += [SeriesSpec(_AVAILABLE, {"device": str(device), "clocksource": text_of(name)}) for name in names]
        for device, (_, current) in enumerate(sources):
            labels = {"device": str(device), "clocksource": text_of(current.strip())}
            specs.append(SeriesSpec(_CURRENT, labels))
        self._frame.reshape(specs)[:] = 1.0


ENTRY = CollectorEntry(
    factory=TimeCollector,
    section=TimeConfig,
    default=True,
    summary="The host's clock, time zone and clock source",
    files=("clock_gettime(2)", "/sys/devices/system/clocksource/clocksource*/*_clocksource"),
    families=FAMILIES,
)
