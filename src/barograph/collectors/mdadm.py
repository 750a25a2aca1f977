"""The mdadm collector: software RAID, from /proc/mdstat and /sys/block/md*/md."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from barograph.collectors.attributes import names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import PlainCollector, Reading, known, number_in
from barograph.model.errors import CollectError

_STATE = gauge("node_md_state", "Whether an array is in this state.")
_DISKS = gauge("node_md_disks", "Active, failed and spare disks of an array.")
_REQUIRED = gauge("node_md_disks_required", "How many disks an array has when it is whole.")
_BLOCKS = gauge("node_md_blocks", "How many blocks an array has.")
_SYNCED = gauge("node_md_blocks_synced", "How many of them are in sync.")
_DEGRADED = gauge("node_md_degraded", "By how many disks an array is degraded.")
_RAID_DISKS = gauge("node_md_raid_disks", "How many disks an array is made of.")
_STATES = {
    "active": "active",
    "inactive": "inactive",
    "recovering": "recovering",
    "resync": "resyncing",
    "check": "checking",
}
_WORDS = (("recovery", "recovering"), ("reshape", "reshaping"), ("check", "checking"), ("resync", "resyncing"))
_STATUS = re.compile(r"(\d+) blocks .*\[(\d+)/(\d+)\] \[([U_]+)\]")
_PROGRESS = re.compile(r"\((\d+)/\d+\)")


class MdadmConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the mdadm collector: only those of every collector."""


class Array(NamedTuple):
    """One array as /proc/mdstat has it."""

    name: str
    state: str
    active: int
    required: int
    failed: int
    spare: int
    blocks: int
    synced: int


class MdadmCollector(PlainCollector):
    """Fills some ten values for each array. See `model.protocols.Collector`."""

    name = "mdadm"

    def __init__(self, host: Host, config: MdadmConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._file = KeptFile(host.paths.procfs / "mdstat", single=False)
        self._blocks = host.paths.sysfs / "block"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        text = self._file.read().decode("utf-8", "replace")
        try:
            readings = [reading for array in parse_mdstat(text) for reading in _array(array)]
        except (ValueError, IndexError) as error:
            raise CollectError(f"{self._file.path} is not as the kernel writes it: {error}") from error
        for name in names_in(self._blocks):
            if name.startswith("md"):
                folder, labels = os.fspath(self._blocks / name / "md"), {"device": name}
                disks = (SeriesSpec(_RAID_DISKS, labels), number_in(folder, "raid_disks"))
                # a level without redundancy has no such file, and cannot be degraded
                missing = number_in(folder, "degraded") or 0.0
                readings += known([disks, (SeriesSpec(_DEGRADED, labels), missing if disks[1] is not None else None)])
        return readings

    def close(self) -> None:
        """Close what is open."""
        self._file.close()


def _array(array: Array) -> Iterator[Reading]:
    labels = {"device": array.name}
    for label, state in _STATES.items():
        yield SeriesSpec(_STATE, {**labels, "state": label}), float(array.state == state)
    for label, count in (("active", array.active), ("failed", array.failed), ("spare", array.spare)):
        yield SeriesSpec(_DISKS, {**labels, "state": label}), float(count)
    yield SeriesSpec(_REQUIRED, labels), float(array.required)
    yield SeriesSpec(_BLOCKS, labels), float(array.blocks)
    yield SeriesSpec(_SYNCED, labels), float(array.synced)


def parse_mdstat(text: str) -> list[Array]:
    """Read /proc/mdstat: for each array a line with its disks, one with its size, and perhaps bitmap and progress.

    Raises:
        ValueError, IndexError: It is not as the kernel writes it.
    """
    parts: list[list[str]] = []
    for line in text.split("\n"):
        if line[:1] in ("", " ", "\t"):
            if line.strip() and parts:
                parts[-1].append(line)
        else:
            parts.append([line])
    return [_parse(part) for part in parts if not part[0].startswith(("Personalities", "unused"))]


def _parse(lines: list[str]) -> Array:
    words = lines[0].split()
    name, state = words[0], words[2]
    active, required, blocks = _status(lines[0], lines[1])
    state, synced = _progress(lines[2:], state, blocks)
    return Array(name, state, active, required, lines[0].count("(F)"), lines[0].count("(S)"), blocks, synced)


def _status(devices: str, status: str) -> tuple[int, int, int]:
    """Return how many disks are active, how many there should be, and the blocks."""
    blocks = int(status.split(maxsplit=1)[0])
    if "raid0" in devices or "linear" in devices:
        # nothing counts them: only disks have a number in brackets
        return devices.count("["), devices.count("["), blocks
    if "inactive" in devices:
        return 0, 0, blocks
    found = _STATUS.search(status)
    if found is None:
        raise ValueError(f"{status.strip()!r} does not tell how many disks there are")
    return int(found[3]), int(found[2]), blocks


def _progress(lines: list[str], state: str, blocks: int) -> tuple[str, int]:
    """Return the state, and how many blocks are in sync: all, where nothing is under way."""
    for line in lines:
        if "bitmap" in line:
            continue
        for word, under_way in _WORDS:
            if word in line:
                done = _PROGRESS.search(line)
                return under_way, int(done[1]) if done else 0
    return state, blocks


ENTRY = CollectorEntry(
    factory=MdadmCollector,
    section=MdadmConfig,
    default=True,
    summary="Software RAID: state, disks, progress",
    files=("/proc/mdstat", "/sys/block/md*/md/raid_disks", "/sys/block/md*/md/degraded"),
    families=(_STATE, _DISKS, _REQUIRED, _BLOCKS, _SYNCED, _DEGRADED, _RAID_DISKS),
)
