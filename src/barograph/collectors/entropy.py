"""The entropy collector: the kernel's pool of random bits, from /proc/sys/kernel/random."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

FAMILIES = (
    gauge("node_entropy_available_bits", "Bits of available entropy."),
    gauge("node_entropy_pool_size_bits", "Bits of entropy pool."),
)
_FILES = ("entropy_avail", "poolsize")


class EntropyConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the entropy collector: only those of every collector."""


class EntropyCollector:
    """Fills two values. See `model.protocols.Collector`."""

    name = "entropy"

    def __init__(self, host: Host, config: EntropyConfig) -> None:
        del config  # nothing of its own
        self._files = [KeptFile(host.paths.procfs / "sys/kernel/random" / name) for name in _FILES]
        self._frame = Frame(self.name)
        self._frame.reshape([SeriesSpec(family, {}) for family in FAMILIES])

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        for place, file in enumerate(self._files):
            data = file.read()
            try:
                self._frame.values[place] = int(data)
            except ValueError as error:
                raise CollectError(f"{file.path} holds no number: {data[:60]!r}") from error
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            file.close()


ENTRY = CollectorEntry(
    factory=EntropyCollector,
    section=EntropyConfig,
    default=True,
    summary="The pool of random bits",
    files=("/proc/sys/kernel/random/entropy_avail", "/proc/sys/kernel/random/poolsize"),
    families=FAMILIES,
)
