"""The mountstats collector: mounted NFS shares, from /proc/self/mountstats and mountinfo."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.nfs_mount_families import AGE, BYTES, EVENTS, FAMILIES, INFO, OPERATION, TRANSPORT
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import Reading, ReadingFrame, lines_of, unsigned
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_NFS = frozenset({"nfs", "nfs4"})
_DEVICE_WORDS = 8
_MOUNT_LEAST_WORDS = 10
_MOUNT_FORMAT = ((2, "mounted"), (3, "on"), (5, "with"), (6, "fstype"))
_EVENT_COUNT = 27
_TCP_COUNT = 13
_UDP_COUNT = 10
_RDMA_LEAST_COUNT = 20
_OPERATION_LEAST_WORDS = 9
_OPERATION_COUNT = 8
_MILLISECONDS_FROM = 5  # the last three counts of an operation are times
_MANTISSA = 2**53  # node_exporter takes times modulo what a float64 holds exactly


class MountstatsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the mountstats collector: only those of every collector."""


@dataclass(slots=True)
class _Share:
    """What mountstats says of one mount of NFS."""

    export: str
    mount_point: str
    address: str
    version: str
    age_seconds: float = 0.0
    bytes: list[int] = field(default_factory=lambda: [0] * len(BYTES))
    events: list[int] = field(default_factory=lambda: [0] * _EVENT_COUNT)
    transports: list[tuple[str, list[int]]] = field(default_factory=list)
    operations: list[tuple[str, list[int]]] = field(default_factory=list)


class MountstatsCollector:
    """Fills some hundred values for each share. See `model.protocols.Collector`."""

    name = "mountstats"

    def __init__(self, host: Host, config: MountstatsConfig) -> None:
        del config  # nothing of its own
        folder = host.paths.procfs / "self"
        self._statistics = KeptFile(folder / "mountstats", single=False)
        self._mounts = KeptFile(folder / "mountinfo", single=False)
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        try:
            shares = list(_shares(self._statistics.read(), _addresses(self._mounts.read())))
        except (ValueError, IndexError) as error:
            raise CollectError(f"{self._statistics.path} is not as the kernel writes it: {error}") from error
        return self._frame.batch(list(_readings(shares)), timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._statistics.close()
        self._mounts.close()


def _addresses(mountinfo: bytes) -> list[str]:
    """Return the server's address of each mount, "" where it is no network's."""
    found: list[str] = []
    for words in lines_of(mountinfo):
        if len(words) < _MOUNT_LEAST_WORDS or words[-4] != b"-" or not words[0].isdigit():
            raise ValueError(f"not the line of a mount: {b' '.join(words)[:80]!r}")
        options = text_of(words[-1]).split(",")
        found.append(next((option[5:] for option in options if option.startswith("addr=")), ""))
    return found


def _shares(data: bytes, addresses: Sequence[str]) -> Iterator[_Share]:
    """Yield the mounts of NFS; both files list the mounts in the same order."""
    share: _Share | None = None
    in_operations = False
    place = -1
    for line in data.split(b"\n"):
        words = text_of(line).split()
        if words[:1] == ["device"] or words[:2] == ["no", "device"]:
            place += 1
            if share is not None:
                yield share
            share, in_operations = _share(words, addresses[place] if place < len(addresses) else ""), False
        elif share is None or not words:
            in_operations = False
        elif in_operations:
            share.operations.append(_operation(words))
        elif words[0] == "per-op":
            in_operations = True
        else:
            _take(share, words)
    if share is not None:
        yield share


def _share(words: list[str], address: str) -> _Share | None:
    """Read the line that opens a mount; None where it has no statistics."""
    if words[0] == "no":
        return None
    if len(words) < _DEVICE_WORDS or any(words[place] != word for place, word in _MOUNT_FORMAT):
        raise ValueError(f"not the line of a mount: {' '.join(words)[:80]!r}")
    if len(words) == _DEVICE_WORDS:
        return None
    if words[7] not in _NFS:
        raise ValueError(f"statistics of {words[7]}, which is not NFS")
    return _Share(words[1], words[4], address, words[8].removeprefix("statvers="))


def _take(share: _Share, words: list[str]) -> None:
    """Take a line of a mount, if it is one of those that are shown."""
    if words[0] == "age:":
        share.age_seconds = float(words[1])
    elif words[0] == "bytes:":
        share.bytes = _numbers(words[1:], len(BYTES))
    elif words[0] == "events:":
        share.events = _numbers(words[1:], _EVENT_COUNT)
    elif words[0] == "xprt:":
        share.transports.append((words[1], _transport(words[1], share.version, words[2:])))


def _transport(protocol: str, version: str, words: list[str]) -> list[int]:
    """Return the counts of a transport in TCP's order, with 0 for what the protocol does not count."""
    if version not in ("1.0", "1.1"):
        raise ValueError(f"unknown version {version!r} of transport statistics")
    later = 0 if version == "1.1" else 3  # counts that came with 1.1
    if protocol == "udp":
        numbers = _numbers(words, _UDP_COUNT - later)
        # no connections, hence no number and no idle time of theirs
        return [*numbers[:2], 0, 0, 0, *numbers[2:], *[0] * later]
    if protocol == "rdma" and version == "1.1" and len(words) >= _RDMA_LEAST_COUNT:
        return [*_numbers(words, len(words))[:10], 0, 0, 0]
    if protocol != "tcp":
        raise ValueError(f"unknown transport {protocol!r}, version {version}, of {len(words)} counts")
    return [*_numbers(words, _TCP_COUNT - later), *[0] * later]


def _operation(words: list[str]) -> tuple[str, list[int]]:
    if len(words) < _OPERATION_LEAST_WORDS:
        raise ValueError(f"not the line of an operation: {' '.join(words)[:80]!r}")
    return words[0].removesuffix(":"), [unsigned(word) for word in words[1:]][:_OPERATION_COUNT]


def _numbers(words: list[str], count: int) -> list[int]:
    if len(words) != count:
        raise ValueError(f"{len(words)} numbers instead of {count}: {' '.join(words)[:80]!r}")
    return [unsigned(word) for word in words]


def _readings(shares: Sequence[_Share]) -> Iterator[Reading]:
    """Yield what is shown: a mount point once, and a share's statistics once however often it is mounted."""
    points: set[tuple[str, ...]] = set()
    devices: set[tuple[str, ...]] = set()
    for share in shares:
        for protocol, _ in share.transports:
            labels = {"export": share.export, "protocol": protocol, "mountaddr": share.address}
            device = tuple(labels.values())
            if (*device, share.mount_point) not in points:
                points.add((*device, share.mount_point))
                yield SeriesSpec(INFO, {**labels, "mountpoint": share.mount_point}), 1.0
            if device in devices:
                break
            devices.add(device)
            yield from _statistics_of(share, labels)


def _statistics_of(share: _Share, labels: dict[str, str]) -> Iterator[Reading]:
    yield SeriesSpec(AGE, labels), share.age_seconds
    for family, count in zip(BYTES, share.bytes, strict=True):
        yield SeriesSpec(family, labels), float(count)
    for i, (_, counts) in enumerate(share.transports):
        for place, family in TRANSPORT:
            yield SeriesSpec(family, {**labels, "transport": str(i)}), float(counts[place])
    seen: set[str] = set()
    for name, counts in share.operations:
        if name in seen:
            continue
        seen.add(name)
        for place, family in enumerate(OPERATION):
            count = counts[place]
            value = float(count) if place < _MILLISECONDS_FROM else count % _MANTISSA / 1000.0
            yield SeriesSpec(family, {**labels, "operation": name}), value
    for place, family in EVENTS:
        yield SeriesSpec(family, labels), float(share.events[place])


ENTRY = CollectorEntry(
    factory=MountstatsCollector,
    section=MountstatsConfig,
    default=False,
    summary="Mounted NFS shares: requests, times, bytes",
    files=("/proc/self/mountstats", "/proc/self/mountinfo"),
    families=FAMILIES,
)
