"""The pressure collector: how long work has waited for CPU, memory, I/O and interrupts (PSI), from /proc/pressure."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError

_FIELDS_A_LINE = 5
_TOTAL = b"total="

# resource, the kernel's word for the share of tasks that wait, and the family
_WANTED = (
    ("cpu", b"some", counter("node_pressure_cpu_waiting_seconds_total", "Time in which some task waited for a CPU.")),
    ("io", b"some", counter("node_pressure_io_waiting_seconds_total", "Time in which some task waited for I/O.")),
    ("io", b"full", counter("node_pressure_io_stalled_seconds_total", "Time in which I/O held up every task.")),
    ("memory", b"some", counter("node_pressure_memory_waiting_seconds_total", "Time some task waited for memory.")),
    ("memory", b"full", counter("node_pressure_memory_stalled_seconds_total", "Time memory held up every task.")),
    ("irq", b"full", counter("node_pressure_irq_stalled_seconds_total", "Time interrupts held up every task.")),
)
FAMILIES = tuple(family for _, _, family in _WANTED)


class PressureConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the pressure collector: only those of every collector."""


class PressureCollector:
    """Fills a handful of counters. See `model.protocols.Collector`."""

    name = "pressure"

    def __init__(self, host: Host, config: PressureConfig) -> None:
        del config  # nothing of its own
        self._folder = host.paths.procfs / "pressure"
        self._frame = Frame(self.name)
        # each file with the positions of its wanted lines among its tokens, and the words those lines open with
        self._files: list[tuple[KeptFile, tuple[tuple[int, bytes], ...]]] = []

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        if not self._files:
            self._learn()
        try:
            found = self._read()
        except (IndexError, ValueError):
            self._learn()
            try:
                found = self._read()
            except (IndexError, ValueError) as error:
                raise CollectError(f"{self._folder}: a line of pressure is not as expected: {error}") from error
        self._frame.values[:] = found
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for file, _ in self._files:
            file.close()

    def _read(self) -> list[float]:
        found: list[float] = []
        for file, wanted in self._files:
            tokens = file.read().split()
            for position, kind in wanted:
                if tokens[position] != kind:
                    raise ValueError(f"{file.path} has no line {kind.decode()!r}")
                # two divisions, since node_exporter makes two: the last bit is the same
                found.append(float(tokens[position + _FIELDS_A_LINE - 1].removeprefix(_TOTAL)) / 1000.0 / 1000.0)
        return found

    def _learn(self) -> None:
        """See which resources this kernel has pressure of; interrupts' came with 6.1 and have no `some`."""
        self.close()
        self._files = []
        specs: list[SeriesSpec] = []
        reason = f"{self._folder} does not exist: a kernel from 4.20 on with CONFIG_PSI has it"
        for resource in dict.fromkeys(resource for resource, _, _ in _WANTED):
            file = KeptFile(self._folder / resource)
            try:
                tokens = file.read().split()
            except NoDataError as error:
                if self._folder.is_dir():
                    reason = str(error)
                continue
            lines = {tokens[i]: i for i in range(0, len(tokens), _FIELDS_A_LINE)}
            wanted = [(kind, family) for name, kind, family in _WANTED if name == resource and kind in lines]
            self._files.append((file, tuple((lines[kind], kind) for kind, _ in wanted)))
            specs += [SeriesSpec(family, {}) for _, family in wanted]
        if not specs:
            raise NoDataError(reason)
        self._frame.reshape(specs)


ENTRY = CollectorEntry(
    factory=PressureCollector,
    section=PressureConfig,
    default=True,
    summary="Time lost waiting for CPU, memory, I/O and interrupts (PSI)",
    files=("/proc/pressure/cpu", "/proc/pressure/io", "/proc/pressure/memory", "/proc/pressure/irq"),
    families=FAMILIES,
)
