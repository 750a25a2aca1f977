"""The xfs collector: what XFS counts for each filesystem, from /sys/fs/xfs/<device>/stats/stats."""

import os
from collections.abc import Iterator

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, text_in
from barograph.model.batch import Family
from barograph.model.errors import CollectError, NoDataError

# the line's word in the file, the metrics' prefix, and what its numbers are, in order; "" for those that are not shown
_LINES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "extent_alloc",
        "extent_allocation",
        (
            ("extents_allocated", "Extents allocated"),
            ("blocks_allocated", "Blocks allocated"),
            ("extents_freed", "Extents freed"),
            ("blocks_freed", "Blocks freed"),
        ),
    ),
    (
        "abt",
        "allocation_btree",
        (
            ("lookups", "Lookups in the allocation B-tree"),
            ("compares", "Compares in the allocation B-tree"),
            ("records_inserted", "Records inserted into the allocation B-tree"),
            ("records_deleted", "Records deleted from the allocation B-tree"),
        ),
    ),
    (
        "blk_map",
        "block_mapping",
        (
            ("reads", "Block maps for reads"),
            ("writes", "Block maps for writes"),
            ("unmaps", "Block unmaps (deletes)"),
            ("extent_list_insertions", "Insertions into extent lists"),
            ("extent_list_deletions", "Deletions from extent lists"),
            ("extent_list_lookups", "Lookups in extent lists"),
            ("extent_list_compares", "Compares in extent lists"),
        ),
    ),
    (
        "bmbt",
        "block_map_btree",
        (
            ("lookups", "Lookups in the block map B-tree"),
            ("compares", "Compares in the block map B-tree"),
            ("records_inserted", "Records inserted into the block map B-tree"),
            ("records_deleted", "Records deleted from the block map B-tree"),
        ),
    ),
    (
        "dir",
        "directory_operation",
        (
            ("lookup", "File name lookups that missed the operating system's cache"),
            ("create", "Directory entries created"),
            ("remove", "Directory entries removed"),
            ("getdents", "Calls of getdents"),
        ),
    ),
    (
        "ig",
        "inode_operation",
        (
            ("attempts", "Lookups of inodes in the cache"),
            ("found", "Lookups that found the inode"),
            ("recycled", "Lookups that found an inode that was being recycled"),
            ("missed", "Lookups that missed"),
            ("duplicates", "Misses that another had filled meanwhile"),
            ("reclaims", "Inodes reclaimed from the cache"),
            ("attribute_changes", "Changes of inodes' attributes"),
        ),
    ),
    ("rw", "", (("write_calls", "Calls of write"), ("read_calls", "Calls of read"))),
    (
        "vnodes",
        "vnode",
        (
            ("active", "Vnodes not on free lists"),
            ("allocate", "Calls of vn_alloc"),
            ("get", "Calls of vn_get"),
            ("hold", "Calls of vn_hold"),
            ("release", "Calls of vn_rele"),
            ("reclaim", "Calls of vn_reclaim"),
            ("remove", "Calls of vn_remove"),
        ),
    ),
)


def _family(prefix: str, key: str, text: str) -> Family:
    return counter(f"node_xfs_{prefix}_{key}_total" if prefix else f"node_xfs_{key}_total", f"{text}.")


_FAMILIES = {word: [_family(prefix, key, text) for key, text in keys] for word, prefix, keys in _LINES}


class XfsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the xfs collector: only those of every collector."""


class XfsCollector(PlainCollector):
    """Fills some forty values for each filesystem. See `model.protocols.Collector`."""

    name = "xfs"

    def __init__(self, host: Host, config: XfsConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "fs/xfs"
        self._specs: dict[tuple[str, str], list[SeriesSpec]] = {}

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings: list[Reading] = []
        for device in listed(self._folder):
            # `stats` beside the devices holds the sum of all
            text = text_in(os.fspath(self._folder / device), "stats/stats")
            if text is not None:
                readings += self._device(device, text)
        if not readings:
            raise NoDataError(f"{self._folder} holds no filesystem with statistics")
        return readings

    def _device(self, device: str, text: str) -> Iterator[Reading]:
        for line in text.split("\n"):
            word, *values = line.split()
            families = _FAMILIES.get(word)
            if families is None:
                continue
            specs = self._specs.setdefault(
                (device, word), [SeriesSpec(family, {"device": device}) for family in families]
            )
            try:
                numbers = [float(int(value)) for value in values]
            except ValueError as error:
                path = self._folder / device / "stats/stats"
                raise CollectError(f"{path} is not as the kernel writes it: {error}") from error
            # a kernel may count less
            yield from zip(specs, numbers, strict=False)


ENTRY = CollectorEntry(
    factory=XfsCollector,
    section=XfsConfig,
    default=True,
    summary="XFS: allocation, directories, inodes, reads and writes",
    files=("/sys/fs/xfs/*/stats/stats",),
    families=tuple(family for families in _FAMILIES.values() for family in families),
)
