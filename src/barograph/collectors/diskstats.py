"""The diskstats collector: I/O of block devices from /proc/diskstats, and what udev and sysfs say of them."""

import numpy as np

from barograph.collectors.base import (
    CollectorSection,
    Frame,
    Host,
    SeriesSpec,
    TokenLayout,
    counter,
    gauge,
    text_of,
)
from barograph.collectors.block_devices import DEVICE_FAMILIES, BlockDevices, Device
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError
from barograph.model.sample import FloatArray

DEFAULT_EXCLUDE = r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$"

_SECTOR_BYTES = 512.0
_MS = 0.001
_NAME, _FIRST = 2, 3
_RECHECK_MS = 60_000

# the columns of a line after the name, in the kernel's order (Documentation/admin-guide/iostats.rst), with their scale
_COLUMNS = (
    (counter("node_disk_reads_completed_total", "Reads that have completed."), 1.0),
    (counter("node_disk_reads_merged_total", "Reads that were merged with a neighbour before they were issued."), 1.0),
    (counter("node_disk_read_bytes_total", "Bytes that were read."), _SECTOR_BYTES),
    (counter("node_disk_read_time_seconds_total", "Time that all reads took together, in seconds."), _MS),
    (counter("node_disk_writes_completed_total", "Writes that have completed."), 1.0),
    (counter("node_disk_writes_merged_total", "Writes that were merged with a neighbour before issue."), 1.0),
    (counter("node_disk_written_bytes_total", "Bytes that were written."), _SECTOR_BYTES),
    (counter("node_disk_write_time_seconds_total", "Time that all writes took together, in seconds."), _MS),
    (gauge("node_disk_io_now", "Requests that the device works on now."), 1.0),
    (counter("node_disk_io_time_seconds_total", "Time in which the device had work, in seconds."), _MS),
    (counter("node_disk_io_time_weighted_seconds_total", "Time in work times requests in flight, in seconds."), _MS),
    (counter("node_disk_discards_completed_total", "Discards (trims) that have completed."), 1.0),
    (counter("node_disk_discards_merged_total", "Discards that were merged with a neighbour before issue."), 1.0),
    (counter("node_disk_discarded_sectors_total", "Sectors that were discarded."), 1.0),
    (counter("node_disk_discard_time_seconds_total", "Time that all discards took together, in seconds."), _MS),
    (counter("node_disk_flush_requests_total", "Flushes of the device's cache that have completed."), 1.0),
    (counter("node_disk_flush_requests_time_seconds_total", "Time that all flushes took together, in seconds."), _MS),
)
FAMILIES = (*DEVICE_FAMILIES, *(family for family, _ in _COLUMNS))


class DiskstatsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the diskstats collector.

    Attributes:
        device_exclude: Pattern of devices to leave out; the default leaves out partitions and RAM disks.
        device_include: Pattern of devices to keep, instead of an exclude.
    """

    device_exclude: str = DEFAULT_EXCLUDE
    device_include: str = ""


class DiskstatsCollector:
    """Fills up to 17 values for each device. See `model.protocols.Collector`."""

    name = "diskstats"

    def __init__(self, host: Host, config: DiskstatsConfig) -> None:
        self._file = KeptFile(host.paths.procfs / "diskstats", single=False)
        self._filter = NameFilter(
            "collectors.diskstats.device", config.device_include, config.device_exclude, DEFAULT_EXCLUDE
        )
        self._devices = BlockDevices(host.paths)
        self._frame = Frame(self.name)
        self._layout = TokenLayout((), (), ())
        self._scale: FloatArray = np.ones(0)
        self._checked_ms = 0

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._file.read()
        tokens = data.split()
        # udev learns of a label or a serial number later than the kernel of the device: look again now and then
        is_due = not 0 <= timestamp_ms - self._checked_ms < _RECHECK_MS
        if not self._layout.fits(tokens) or is_due:
            self._learn(data, tokens)
            self._checked_ms = timestamp_ms
        count = len(self._scale)
        values = self._frame.values[:count]
        try:
            values[:] = list(map(float, self._layout.pick(tokens)))
        except ValueError as error:
            raise CollectError(f"{self._file.path}: a counter is not a number: {error}") from error
        np.multiply(values, self._scale, out=values)
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()

    def _learn(self, data: bytes, tokens: list[bytes]) -> None:
        """Find the lines of the devices that are kept. Kernels before 5.5 have fewer columns: fewer families."""
        keys: list[int] = []
        values: list[int] = []
        specs: list[SeriesSpec] = []
        scale: list[float] = []
        devices: list[Device] = []
        position = 0
        for line in data.split(b"\n"):
            fields = line.split()
            if len(fields) > _FIRST:
                keys.append(position + _NAME)
                name = text_of(fields[_NAME])
                if self._filter.keeps(name) and all(map(bytes.isdigit, fields[_FIRST:])):
                    devices.append(Device(name, text_of(fields[0]), text_of(fields[1])))
                    columns = _COLUMNS[: len(fields) - _FIRST]
                    values.extend(range(position + _FIRST, position + _FIRST + len(columns)))
                    specs += [SeriesSpec(family, {"device": name}) for family, _ in columns]
                    scale += [factor for _, factor in columns]
            position += len(fields)
        if not devices:
            raise NoDataError(f"{self._file.path} has no block device that the filter keeps")
        described, descriptions = self._devices.describe(devices)
        self._layout = TokenLayout(tokens, keys, values)
        self._scale = np.array(scale)
        self._frame.reshape([*specs, *described])[len(scale) :] = descriptions


ENTRY = CollectorEntry(
    factory=DiskstatsCollector,
    section=DiskstatsConfig,
    default=True,
    summary="I/O of block devices, and what they are",
    files=("/proc/diskstats", "/run/udev/data/b*", "/sys/block/*/queue/rotational"),
    families=FAMILIES,
)
