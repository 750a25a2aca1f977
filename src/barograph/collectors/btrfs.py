"""The btrfs collector: space, devices and commits of Btrfs filesystems, from /sys/fs/btrfs."""

import os
import re
from collections.abc import Iterator

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, known, number_in, text_in
from barograph.model.errors import NoDataError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INFO = gauge("node_btrfs_info", "Filesystem information")
_RESERVE = gauge("node_btrfs_global_rsv_size_bytes", "Size of the global reserve.")
_DEVICE_SIZE = gauge("node_btrfs_device_size_bytes", "Size of a device of the filesystem.")
_RESERVED = gauge("node_btrfs_reserved_bytes", "Space reserved for a type of data")
_USED = gauge("node_btrfs_used_bytes", "Space used by a layout and type of data")
_SIZE = gauge("node_btrfs_size_bytes", "Space allocated for a layout and type of data")
_RATIO = gauge("node_btrfs_allocation_ratio", "How much space a byte takes in a layout and type of data")
_COMMITS = counter("node_btrfs_commits_total", "How many commits there were.")
_LAST = gauge("node_btrfs_last_commit_seconds", "How long the newest commit took.")
_LONGEST = gauge("node_btrfs_max_commit_seconds", "How long the slowest commit took.")
_TOTAL = counter("node_btrfs_commit_seconds_total", "How long all commits took together.")
_COMMIT_STATS = (
    ("commits", _COMMITS, 1.0),
    ("last_commit_ms", _LAST, 1000.0),
    ("max_commit_ms", _LONGEST, 1000.0),
    ("total_commit_ms", _TOTAL, 1000.0),
)
_TYPES = ("data", "metadata", "system")
_SECTOR_BYTES = 512
_COPIES = {"single": 1, "raid0": 1, "dup": 2, "raid1": 2, "raid10": 2, "raid1c3": 3, "raid1c4": 4}
_PARITY = {"raid5": 1, "raid6": 2}


class BtrfsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the btrfs collector: only those of every collector."""


class BtrfsCollector(PlainCollector):
    """Fills some twenty values for each filesystem. See `model.protocols.Collector`."""

    name = "btrfs"

    def __init__(self, host: Host, config: BtrfsConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "fs/btrfs"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        found = [name for name in listed(self._folder) if _UUID.fullmatch(name)]
        if not found:
            raise NoDataError(f"{self._folder} holds no filesystem")
        return [reading for name in found for reading in self._filesystem(name)]

    def _filesystem(self, name: str) -> Iterator[Reading]:
        path = self._folder / name
        folder = os.fspath(path)
        uuid = {"uuid": text_in(folder, "metadata_uuid") or name}
        yield SeriesSpec(_INFO, {**uuid, "label": text_in(folder, "label") or ""}), 1.0
        yield from known([(SeriesSpec(_RESERVE, uuid), number_in(folder, "allocation/global_rsv_size"))])
        devices = names_in(path / "devices")
        for device in devices:
            sectors = number_in(folder, f"devices/{device}/size")
            if sectors is not None:
                yield SeriesSpec(_DEVICE_SIZE, {**uuid, "device": device}), sectors * _SECTOR_BYTES
        for kind in _TYPES:
            labels = {**uuid, "block_group_type": kind}
            yield from known([(SeriesSpec(_RESERVED, labels), number_in(folder, f"allocation/{kind}/bytes_reserved"))])
            for mode in names_in(path / "allocation" / kind):
                if mode in _COPIES or mode in _PARITY:
                    yield from _layout(f"{folder}/allocation/{kind}/{mode}", {**labels, "mode": mode}, len(devices))
        yield from _commits(text_in(folder, "commit_stats") or "", uuid)


def _layout(folder: str, labels: dict[str, str], devices: int) -> Iterator[Reading]:
    yield from known(
        [
            (SeriesSpec(_USED, labels), number_in(folder, "used_bytes")),
            (SeriesSpec(_SIZE, labels), number_in(folder, "total_bytes")),
            (SeriesSpec(_RATIO, labels), _ratio(labels["mode"], devices)),
        ]
    )


def _ratio(mode: str, devices: int) -> float | None:
    if mode in _COPIES:
        return float(_COPIES[mode])
    data = devices - _PARITY[mode]
    return devices / data if data > 0 else None


def _commits(text: str, labels: dict[str, str]) -> Iterator[Reading]:
    values = dict(line.split() for line in text.split("\n") if len(line.split()) == 2)
    for key, family, scale in _COMMIT_STATS:
        # kernels before 6.0 do not count them
        value = values.get(key, "0")
        yield SeriesSpec(family, labels), int(value) / scale if value.isdecimal() else 0.0


ENTRY = CollectorEntry(
    factory=BtrfsCollector,
    section=BtrfsConfig,
    default=True,
    summary="Btrfs: space by type and layout, devices, commits",
    files=("/sys/fs/btrfs/*/allocation/*", "/sys/fs/btrfs/*/devices/*/size", "/sys/fs/btrfs/*/commit_stats"),
    families=(_INFO, _RESERVE, _DEVICE_SIZE, _RESERVED, _USED, _SIZE, _RATIO, _COMMITS, _LAST, _LONGEST, _TOTAL),
)
