"""The stat collector: interrupts, context switches, forks, boot time and the run queue, from /proc/stat."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, TokenLayout, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_INTERRUPTS = counter("node_intr_total", "Interrupts the machine has served since boot.")
_SOFTIRQS = counter("node_softirqs_total", "Soft interrupts handled since boot, by vector.")
_OF_LINE = {
    b"ctxt": counter("node_context_switches_total", "Context switches on all CPUs since boot."),
    b"processes": counter("node_forks_total", "Processes and threads created since boot."),
    b"btime": gauge("node_boot_time_seconds", "When the machine was booted, seconds since the Unix epoch."),
    b"procs_running": gauge("node_procs_running", "Processes that run or could run now."),
    b"procs_blocked": gauge("node_procs_blocked", "Processes that wait for I/O now."),
}
FAMILIES = (_INTERRUPTS, *_OF_LINE.values(), _SOFTIRQS)

# the kernel's order (include/linux/interrupt.h), named as node_exporter names them
_VECTORS = ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")


class StatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the stat collector.

    Attributes:
        softirq: Give `node_softirqs_total`, by vector.
    """

    softirq: bool = False


class StatCollector:
    """Fills a handful of counters. See `model.protocols.Collector`."""

    name = "stat"

    def __init__(self, host: Host, config: StatConfig) -> None:
        self._stat = host.stat
        self._softirq = config.softirq
        self._frame = Frame(self.name)
        self._layout = TokenLayout((), (), ())

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._stat.read_at(timestamp_ms)
        # the line of interrupts may have thousands of numbers, of which only the first, the total, is wanted
        start = data.find(b"\nintr ") + 6
        line_end = data.find(b"\n", start)
        if start < 6 or line_end < 0:
            raise CollectError(f"{self._stat.path} has no line of interrupts")
        total = data[start : start + 24].split(None, 1)[0]
        tokens = data[line_end:].split()
        if not self._layout.fits(tokens):
            self._learn(data[line_end:], tokens)
        try:
            self._frame.values[:] = [float(total), *map(float, self._layout.pick(tokens))]
        except ValueError as error:
            raise CollectError(f"{self._stat.path}: a counter is not a number: {error}") from error
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._stat.close()

    def _learn(self, data: bytes, tokens: list[bytes]) -> None:
        keys: list[int] = []
        values: list[int] = []
        specs = [SeriesSpec(_INTERRUPTS, {})]
        position = 0
        for line in data.split(b"\n"):
            fields = line.split()
            if len(fields) > 1 and fields[0] in _OF_LINE:
                keys.append(position)
                values.append(position + 1)
                specs.append(SeriesSpec(_OF_LINE[fields[0]], {}))
            elif self._softirq and fields and fields[0] == b"softirq":
                keys.append(position)
                vectors = _VECTORS[: len(fields) - 2]
                values.extend(range(position + 2, position + 2 + len(vectors)))
                specs += [SeriesSpec(_SOFTIRQS, {"vector": vector}) for vector in vectors]
            position += len(fields)
        self._layout = TokenLayout(tokens, keys, values)
        self._frame.reshape(specs)


ENTRY = CollectorEntry(
    factory=StatCollector,
    section=StatConfig,
    default=True,
    summary="Interrupts, context switches, forks, boot time, run queue",
    files=("/proc/stat",),
    families=FAMILIES,
)
