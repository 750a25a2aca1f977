"""The vmstat collector: chosen fields of /proc/vmstat, untyped as the kernel does not say which ones only grow."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import compile_pattern
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch, Family, MetricType
from barograph.model.errors import CollectError, NoDataError

DEFAULT_FIELDS = "^(oom_kill|pgpg|pswp|pg.*fault).*"
FAMILIES = (Family("node_vmstat_*", MetricType.UNTYPED, "A field of /proc/vmstat that the pattern keeps."),)


class VmstatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the vmstat collector.

    Attributes:
        fields: Pattern of the fields to give.
    """

    fields: str = DEFAULT_FIELDS


class VmstatCollector:
    """Searches its few fields in order instead of splitting all 200 lines. See `model.protocols.Collector`."""

    name = "vmstat"

    def __init__(self, host: Host, config: VmstatConfig) -> None:
        self._file = KeptFile(host.paths.procfs / "vmstat", single=False)
        self._pattern = compile_pattern("collectors.vmstat.fields", config.fields)
        self._frame = Frame(self.name)
        self._needles: tuple[bytes, ...] = ()
        self._line_count = -1

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = b"\n" + self._file.read()
        found = self._find(data) if data.count(b"\n") == self._line_count else None
        if found is None:
            self._learn(data)
            found = self._find(data)
        self._frame.values[:] = found
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()

    def _find(self, data: bytes) -> list[float] | None:
        """Return the fields' values, or None where the file is laid out differently from what was learnt."""
        found: list[float] = []
        position = 0
        for needle in self._needles:
            position = data.find(needle, position)
            if position < 0:
                return None
            position += len(needle)
            end = data.find(b"\n", position)
            try:
                found.append(float(data[position : end if end >= 0 else len(data)]))
            except ValueError:
                return None
            position = end if end >= 0 else len(data)
        return found

    def _learn(self, data: bytes) -> None:
        names = [
            text_of(fields[0])
            for fields in (line.split(b" ") for line in data.split(b"\n"))
            if len(fields) == 2 and fields[1].isdigit() and self._pattern.search(text_of(fields[0])) is not None
        ]
        if not names:
            pattern = self._pattern.pattern
            error = NoDataError if data.strip() else CollectError
            raise error(f"{self._file.path} has no field that matches {pattern!r}")
        self._line_count = data.count(b"\n")
        self._needles = tuple(f"\n{name} ".encode() for name in names)
        self._frame.reshape([SeriesSpec(_family(name), {}) for name in names])


def _family(name: str) -> Family:
    return Family(f"node_vmstat_{name}", MetricType.UNTYPED, f"Field {name} of /proc/vmstat.")


ENTRY = CollectorEntry(
    factory=VmstatCollector,
    section=VmstatConfig,
    default=True,
    summary="Paging, faults and out-of-memory kills",
    files=("/proc/vmstat",),
    families=FAMILIES,
)
