"""The filefd collector: open files of the whole machine, from /proc/sys/fs/file-nr."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

FAMILIES = (
    gauge("node_filefd_allocated", "File descriptor statistics: allocated."),
    gauge("node_filefd_maximum", "File descriptor statistics: maximum."),
)


class FilefdConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the filefd collector: only those of every collector."""


class FilefdCollector:
    """Fills two values. See `model.protocols.Collector`."""

    name = "filefd"

    def __init__(self, host: Host, config: FilefdConfig) -> None:
        del config  # nothing of its own
        self._file = KeptFile(host.paths.procfs / "sys/fs/file-nr")
        self._frame = Frame(self.name)
        self._frame.reshape([SeriesSpec(family, {}) for family in FAMILIES])

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._file.read()
        try:
            # the second is what is allocated and unused, 0 since Linux 2.6
            allocated, _, maximum = map(int, data.split())
        except ValueError as error:
            raise CollectError(f"{self._file.path} does not hold three numbers: {data[:60]!r}") from error
        self._frame.values[:] = (allocated, maximum)
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()


ENTRY = CollectorEntry(
    factory=FilefdCollector,
    section=FilefdConfig,
    default=True,
    summary="Open files of the whole machine, and how many there may be",
    files=("/proc/sys/fs/file-nr",),
    families=FAMILIES,
)
