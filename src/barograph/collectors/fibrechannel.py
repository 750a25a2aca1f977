"""The fibrechannel collector: ports of Fibre Channel adapters, from /sys/class/fc_host."""

from pathlib import Path

from barograph.collectors.attributes import Attributes, counter_of, listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_INFO = gauge("node_fibrechannel_info", "Non-numeric data from /sys/class/fc_host/<host>, value is always 1.")
_TEXTS = (
    "speed",
    "port_state",
    "port_type",
    "port_id",
    "port_name",
    "fabric_name",
    "symbolic_name",
    "supported_classes",
    "supported_speeds",
    "dev_loss_tmo",
)
# hexadecimal numbers that are shown without their 0x
_HEXADECIMAL = frozenset({"port_id", "port_name", "fabric_name"})
# the attribute in statistics/, the metric's name, and what it counts
_COUNTERS = (
    ("dumped_frames", "dumped_frames_total", "Number of dumped frames"),
    ("error_frames", "error_frames_total", "Number of errors in frames"),
    ("fcp_packet_aborts", "fcp_packet_aborts_total", "Number of aborted packets"),
    ("invalid_crc_count", "invalid_crc_total", "Invalid Cyclic Redundancy Check count"),
    ("invalid_tx_word_count", "invalid_tx_words_total", "Number of invalid words transmitted by host port"),
    ("link_failure_count", "link_failure_total", "Number of times the host port link has failed"),
    ("loss_of_signal_count", "loss_of_signal_total", "Number of times signal has been lost"),
    ("loss_of_sync_count", "loss_of_sync_total", "Number of failures on either bit or transmission word boundaries"),
    ("nos_count", "nos_total", "Number Not_Operational Primitive Sequence received by host port"),
    ("rx_frames", "rx_frames_total", "Number of frames received"),
    ("rx_words", "rx_words_total", "Number of words received by host port"),
    ("seconds_since_last_reset", "seconds_since_last_reset_total", "Number of seconds since last host port reset"),
    ("tx_frames", "tx_frames_total", "Number of frames transmitted by host port"),
    ("tx_words", "tx_words_total", "Number of words transmitted by host port"),
)
_FAMILIES = tuple(counter(f"node_fibrechannel_{name}", text) for _, name, text in _COUNTERS)
_NOT_COUNTED = 2**64 - 1  # what adapters answer for what they do not count


class FibrechannelConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the fibrechannel collector: only those of every collector."""


class FibrechannelCollector:
    """Fills some fifteen values for each port. See `model.protocols.Collector`."""

    name = "fibrechannel"

    def __init__(self, host: Host, config: FibrechannelConfig) -> None:
        del config  # nothing of its own
        self._folder = host.paths.sysfs / "class/fc_host"
        self._ports: dict[str, _Port] = {}
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        names = listed(self._folder)
        if names != list(self._ports):
            self.close()
            self._ports = {name: _Port(self._folder / name) for name in names}
        readings: list[Reading] = []
        for port in self._ports.values():
            readings += port.read()
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for port in self._ports.values():
            port.close()


class _Port:
    """One port of an adapter."""

    def __init__(self, folder: Path) -> None:
        self._texts = Attributes(folder, _TEXTS)
        self._counters = Attributes(folder / "statistics", [attribute for attribute, _, _ in _COUNTERS])
        self._specs = [SeriesSpec(family, {"fc_host": folder.name}) for family in _FAMILIES]
        self._info = SeriesSpec(_INFO, {"fc_host": folder.name})

    def read(self) -> list[Reading]:
        texts = [text_of(text or b"") for text in self._texts.read()]
        labels = {"fc_host": self._texts.folder.name}
        for name, text in zip(_TEXTS, texts, strict=True):
            labels[name] = text[2:] if name in _HEXADECIMAL and len(text) > 2 else text
        if labels != self._info.labels:
            self._info = SeriesSpec(_INFO, labels)
        try:
            # what an adapter has no file of is 0, as node_exporter has it
            values = [counter_of(content or b"0") for content in self._counters.read()]
        except ValueError as error:
            raise CollectError(f"{self._counters.folder}: a counter is not a number: {error}") from error
        counted = zip(self._specs, values, strict=True)
        return [(self._info, 1.0), *((spec, float(value)) for spec, value in counted if value != _NOT_COUNTED)]

    def close(self) -> None:
        self._texts.close()
        self._counters.close()


ENTRY = CollectorEntry(
    factory=FibrechannelCollector,
    section=FibrechannelConfig,
    default=True,
    summary="Ports of Fibre Channel adapters",
    files=("/sys/class/fc_host/*", "/sys/class/fc_host/*/statistics/*"),
    families=(_INFO, *_FAMILIES),
)
