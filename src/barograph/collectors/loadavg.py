"""The loadavg collector: the run queue's three running averages, from /proc/loadavg."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

FAMILIES = (
    gauge("node_load1", "Load average over one minute."),
    gauge("node_load5", "Load average over five minutes."),
    gauge("node_load15", "Load average over fifteen minutes."),
)


class LoadavgConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the loadavg collector: only those of every collector."""


class LoadavgCollector:
    """Fills three values. See `model.protocols.Collector`."""

    name = "loadavg"

    def __init__(self, host: Host, config: LoadavgConfig) -> None:
        del config  # nothing of its own
        self._file = KeptFile(host.paths.procfs / "loadavg")
        self._frame = Frame(self.name)
        self._frame.reshape([SeriesSpec(family, {}) for family in FAMILIES])

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._file.read()
        try:
            one, five, fifteen = map(float, data.split(None, 3)[:3])
        except ValueError as error:
            raise CollectError(f"{self._file.path} does not open with three numbers: {data[:60]!r}") from error
        self._frame.values[:] = (one, five, fifteen)
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()


ENTRY = CollectorEntry(
    factory=LoadavgCollector,
    section=LoadavgConfig,
    default=True,
    summary="Load averages",
    files=("/proc/loadavg",),
    families=FAMILIES,
)
