"""The qdisc collector: what the queues of network devices sent and dropped, from the kernel over netlink."""

import struct
from pathlib import Path
from typing import NamedTuple

import msgspec

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.netlink import NETLINK_ROUTE, NetlinkSocket, attributes, name_of_device
from barograph.collectors.procfs import read_error
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

# the field of a queue that each metric shows
_FAMILIES = (
    ("bytes", counter("node_qdisc_bytes_total", "Number of bytes sent.")),
    ("packets", counter("node_qdisc_packets_total", "Number of packets sent.")),
    ("drops", counter("node_qdisc_drops_total", "Number of packets dropped.")),
    ("requeues", counter("node_qdisc_requeues_total", "Number of packets dequeued, not transmitted, and requeued.")),
    ("overlimits", counter("node_qdisc_overlimits_total", "Number of overlimit packets.")),
    ("qlen", gauge("node_qdisc_current_queue_length", "Number of packets currently in queue to be sent.")),
    ("backlog", gauge("node_qdisc_backlog", "Number of bytes currently in queue to be sent.")),
)

_RTM_NEWQDISC = 36
_RTM_GETQDISC = 38
_QDISC = struct.Struct("=BBHiIII")  # family, three of padding, device, handle, parent, references
_ROOT = 0xFFFFFFFF
_TCA_KIND = 1
_TCA_STATS2 = 7
_STATS_BASIC = 1
_STATS_QUEUE = 3
_STATS_PACKETS_64 = 8
_BASIC = struct.Struct("=QI")  # bytes, packets
_QUEUE = struct.Struct("=IIIII")  # length, backlog, drops, requeues, overlimits
_PACKETS_64 = struct.Struct("=Q")


class QdiscConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the qdisc collector.

    Attributes:
        device_exclude: Pattern of devices to leave out.
        device_include: Pattern of devices to keep, instead of an exclude.
        fixtures: Folder of JSON files that stand for the kernel's answers, for tests as node_exporter has them.
    """

    device_exclude: str = ""
    device_include: str = ""
    fixtures: str = ""


class _Queue(msgspec.Struct, frozen=True, kw_only=True, rename={"device": "ifacename"}):
    """A queueing discipline at a device's root."""

    device: str = ""
    kind: str = ""
    parent: int = 0
    bytes: int = 0
    packets: int = 0
    drops: int = 0
    requeues: int = 0
    overlimits: int = 0
    qlen: int = 0
    backlog: int = 0


class _Key(NamedTuple):
    device: str
    kind: str


class QdiscCollector:
    """Fills seven values for each device. See `model.protocols.Collector`."""

    name = "qdisc"

    def __init__(self, host: Host, config: QdiscConfig) -> None:
        del host  # the kernel is asked, no file
        self._filter = NameFilter("collectors.qdisc.device", config.device_include, config.device_exclude)
        self._fixtures = Path(config.fixtures) / "results.json" if config.fixtures else None
        self._link = NetlinkSocket(NETLINK_ROUTE)
        self._specs: dict[_Key, list[SeriesSpec]] = {}
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        queues = self._ask() if self._fixtures is None else _read(self._fixtures)
        roots = {_Key(queue.device, queue.kind): queue for queue in queues if queue.parent == 0}
        self._specs = {
            key: self._specs.get(key) or _specs_of(key)
            for key in roots
            if key.device and self._filter.keeps(key.device)
        }
        readings: list[Reading] = []
        for key, specs in self._specs.items():
            values = [float(getattr(roots[key], field)) for field, _ in _FAMILIES]
            readings += zip(specs, values, strict=True)
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._link.close()

    def _ask(self) -> list[_Queue]:
        messages = self._link.dump(_RTM_GETQDISC, _QDISC.pack(0, 0, 0, 0, 0, 0, 0))
        return [queue_of(body) for kind, body in messages if kind == _RTM_NEWQDISC]


def queue_of(body: bytes) -> _Queue:
    """Return the queue that a message of the kernel tells of."""
    _, _, _, index, _, parent, _ = _QDISC.unpack_from(body)
    facts = attributes(body, _QDISC.size)
    numbers = attributes(facts.get(_TCA_STATS2, b""))
    sent, packets = _unpack(_BASIC, numbers.get(_STATS_BASIC, b""))
    if _STATS_PACKETS_64 in numbers:
        (packets,) = _unpack(_PACKETS_64, numbers[_STATS_PACKETS_64])
    length, backlog, drops, requeues, overlimits = _unpack(_QUEUE, numbers.get(_STATS_QUEUE, b""))
    return _Queue(
        device=name_of_device(index) or "",
        kind=facts.get(_TCA_KIND, b"").rstrip(b"\0").decode("utf-8", "replace"),
        parent=0 if parent == _ROOT else parent,
        bytes=sent,
        packets=packets,
        drops=drops,
        requeues=requeues,
        overlimits=overlimits,
        qlen=length,
        backlog=backlog,
    )


def _unpack(layout: struct.Struct, content: bytes) -> tuple[int, ...]:
    """Read a structure that newer kernels may have made longer, older ones shorter."""
    return layout.unpack_from(content.ljust(layout.size, b"\0"))


def _read(path: Path) -> list[_Queue]:
    """Read queues from a file, with the names of their fields in any case."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[dict[str, str | int]])
        lowered = [{key.lower(): value for key, value in facts.items()} for facts in found]
        return msgspec.convert(lowered, list[_Queue])
    except OSError as error:
        raise read_error(path, error) from error
    except msgspec.MsgspecError as error:
        raise CollectError(f"{path} holds no queues: {error}") from error


def _specs_of(key: _Key) -> list[SeriesSpec]:
    return [SeriesSpec(family, key._asdict()) for _, family in _FAMILIES]


ENTRY = CollectorEntry(
    factory=QdiscCollector,
    section=QdiscConfig,
    default=False,
    summary="What the queues of network devices sent and dropped",
    files=("RTM_GETQDISC (netlink)",),
    families=tuple(family for _, family in _FAMILIES),
)
