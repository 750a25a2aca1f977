"""The lnstat collector: counters of the network's caches by CPU, from every file in /proc/net/stat."""

from pathlib import Path

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import Reading, ReadingFrame, lines_of, unsigned
from barograph.model.batch import Batch, Family
from barograph.model.errors import CollectError, NoDataError

_TEXT = "linux network cache stats"


class LnstatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the lnstat collector: only those of every collector."""


class LnstatCollector:
    """Fills a matrix of fields and CPUs for each cache. See `model.protocols.Collector`."""

    name = "lnstat"

    def __init__(self, host: Host, config: LnstatConfig) -> None:
        del config  # nothing of its own
        self._folder = host.paths.procfs / "net/stat"
        self._caches: dict[str, _Cache] = {}
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        names = listed(self._folder)
        if names != list(self._caches):
            self.close()
            self._caches = {name: _Cache(self._folder / name) for name in names}
        readings: list[Reading] = []
        for cache in self._caches.values():
            readings += cache.read()
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for cache in self._caches.values():
            cache.file.close()


class _Cache:
    """One file: a line of names, then a line of hexadecimal numbers for each CPU."""

    def __init__(self, path: Path) -> None:
        self.file = KeptFile(path, single=False)
        self._specs: dict[tuple[bytes, int], SeriesSpec] = {}

    def read(self) -> list[Reading]:
        try:
            lines = lines_of(self.file.read())
        except NoDataError:
            return []  # its module was unloaded since the folder was listed
        try:
            return [
                (self._spec(name, cpu), float(unsigned(value, 16)))
                for cpu, values in enumerate(lines[1:])
                for name, value in zip(lines[0], values, strict=False)
            ]
        except ValueError as error:
            raise CollectError(f"{self.file.path}: a counter is not a number: {error}") from error

    def _spec(self, name: bytes, cpu: int) -> SeriesSpec:
        spec = self._specs.get((name, cpu))
        if spec is None:
            labels = {"cpu": str(cpu), "subsystem": self.file.path.name}
            spec = self._specs[name, cpu] = SeriesSpec(_family(text_of(name)), labels)
        return spec


def _family(name: str) -> Family:
    return counter(f"node_lnstat_{name}_total", _TEXT)


ENTRY = CollectorEntry(
    factory=LnstatCollector,
    section=LnstatConfig,
    default=False,
    summary="Counters of the network's caches, by CPU",
    files=("/proc/net/stat/*",),
    families=(counter("node_lnstat_*_total", _TEXT),),
)
