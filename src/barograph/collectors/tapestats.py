"""The tapestats collector: SCSI tape drives, from /sys/class/scsi_tape."""

import os
import re

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import compile_pattern
from barograph.collectors.readings import PlainCollector, Reading, known, number_in
from barograph.model.errors import NoDataError

_DRIVE = re.compile(r"st\d+")
_NANOSECONDS = 1e9
# the file in stats/, its metric, and how many of it are one of the metric's
_FILES = (
    ("in_flight", gauge("node_tape_io_now", "I/Os that are under way."), 1.0),
    (
        "io_ns",
        counter("node_tape_io_time_seconds_total", "Time spent waiting for any I/O, movements included."),
        _NANOSECONDS,
    ),
    ("other_cnt", counter("node_tape_io_others_total", "I/Os that neither read nor write."), 1.0),
    ("read_byte_cnt", counter("node_tape_read_bytes_total", "Bytes read."), 1.0),
    ("read_cnt", counter("node_tape_reads_completed_total", "Reads issued."), 1.0),
    ("read_ns", counter("node_tape_read_time_seconds_total", "Time spent waiting for reads."), _NANOSECONDS),
    ("resid_cnt", counter("node_tape_residual_total", "Reads and writes that moved less than was asked for."), 1.0),
    ("write_byte_cnt", counter("node_tape_written_bytes_total", "Bytes written."), 1.0),
    ("write_cnt", counter("node_tape_writes_completed_total", "Writes issued."), 1.0),
    ("write_ns", counter("node_tape_write_time_seconds_total", "Time spent waiting for writes."), _NANOSECONDS),
)


class TapestatsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the tapestats collector.

    Attributes:
        ignored_devices: A regex (RE2); drives in whose names it is found are left out.
    """

    ignored_devices: str = "^$"


class TapestatsCollector(PlainCollector):
    """Fills ten values for each drive. See `model.protocols.Collector`."""

    name = "tapestats"

    def __init__(self, host: Host, config: TapestatsConfig) -> None:
        super().__init__()
        self._folder = host.paths.sysfs / "class/scsi_tape"
        self._ignored = compile_pattern("collectors.tapestats.ignored_devices", config.ignored_devices)

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        drives = [name for name in listed(self._folder) if _DRIVE.fullmatch(name) and not self._ignored.search(name)]
        if not drives:
            raise NoDataError(f"{self._folder} holds no drive")
        readings: list[Reading] = []
        for drive in drives:
            folder = os.fspath(self._folder / drive / "stats")
            for name, family, unit in _FILES:
                value = number_in(folder, name)
                readings += known([(SeriesSpec(family, {"device": drive}), None if value is None else value / unit)])
        return readings


ENTRY = CollectorEntry(
    factory=TapestatsCollector,
    section=TapestatsConfig,
    default=True,
    summary="Tape drives: requests, bytes, time",
    files=("/sys/class/scsi_tape/st*/stats/*",),
    families=tuple(family for _, family, _ in _FILES),
)
