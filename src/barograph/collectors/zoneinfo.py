"""The zoneinfo collector: memory zones, from /proc/zoneinfo."""

import re
from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading
from barograph.model.batch import Family

_HEAD = re.compile(rb"Node (\d+), zone\s+(\w+)")
_GAUGES = {
    b"high": "high_pages",
    b"low": "low_pages",
    b"managed": "managed_pages",
    b"min": "min_pages",
    b"scanned": "scanned_pages",
    b"present": "present_pages",
    b"spanned": "spanned_pages",
    b"nr_active_anon": "nr_active_anon_pages",
    b"nr_active_file": "nr_active_file_pages",
    b"nr_anon_pages": "nr_anon_pages",
    b"nr_anon_transparent_hugepages": "nr_anon_transparent_hugepages",
    b"nr_dirty": "nr_dirty_pages",
    b"nr_file_pages": "nr_file_pages",
    b"nr_free_pages": "nr_free_pages",
    b"nr_inactive_anon": "nr_inactive_anon_pages",
    b"nr_inactive_file": "nr_inactive_file_pages",
    b"nr_isolated_anon": "nr_isolated_anon_pages",
    b"nr_isolated_file": "nr_isolated_file_pages",
    b"nr_kernel_stack": "nr_kernel_stacks",
    b"nr_mapped": "nr_mapped_pages",
    b"nr_shmem": "nr_shmem_pages",
    b"nr_slab_reclaimable": "nr_slab_reclaimable_pages",
    b"nr_slab_unreclaimable": "nr_slab_unreclaimable_pages",
    b"nr_unevictable": "nr_unevictable_pages",
    b"nr_writeback": "nr_writeback_pages",
}
_COUNTERS = {
    b"nr_dirtied": "nr_dirtied_total",
    b"nr_written": "nr_written_total",
    b"numa_foreign": "numa_foreign_total",
    b"numa_hit": "numa_hit_total",
    b"numa_interleave": "numa_interleave_total",
    b"numa_local": "numa_local_total",
    b"numa_miss": "numa_miss_total",
    b"numa_other": "numa_other_total",
}
_FAMILIES: dict[bytes, Family] = {
    **{key: gauge(f"node_zoneinfo_{name}", f"{key.decode()} of a zone") for key, name in _GAUGES.items()},
    **{key: counter(f"node_zoneinfo_{name}", f"{key.decode()} of a zone") for key, name in _COUNTERS.items()},
}
_PROTECTION = gauge("node_zoneinfo_protection_*", "Pages kept back from allocations that could use another zone")


class ZoneinfoConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the zoneinfo collector: only those of every collector."""


class ZoneinfoCollector(FileCollector):
    """Fills some thirty values for each zone. See `model.protocols.Collector`."""

    name = "zoneinfo"

    def __init__(self, host: Host, config: ZoneinfoConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "zoneinfo", single=False), self._parse_file)
        self._protections: list[Family] = []

    def _parse_file(self, data: bytes) -> Sequence[Reading]:
        readings: list[Reading] = []
        labels: dict[str, str] = {}
        is_sets = False
        for line in data.split(b"\n"):
            head = _HEAD.match(line)
            if head:
                labels, is_sets = {"node": text_of(head[1]), "zone": text_of(head[2])}, False
                continue
            words = line.split()
            # what follows is of single CPUs, and has words of its own meaning
            is_sets = is_sets or words == [b"pagesets"]
            if not is_sets and len(words) >= 2:
                readings += self._line(words, labels)
        return readings

    def _line(self, words: list[bytes], labels: dict[str, str]) -> list[Reading]:
        if words[0] == b"protection:":
            pages = [int(word.strip(b"(),")) for word in words[1:]]
            return [(SeriesSpec(self._protection(i), labels), float(value)) for i, value in enumerate(pages)]
        family = _FAMILIES.get(words[0])
        return [] if family is None else [(SeriesSpec(family, labels), float(int(words[1])))]

    def _protection(self, number: int) -> Family:
        while len(self._protections) <= number:
            self._protections.append(gauge(f"node_zoneinfo_protection_{len(self._protections)}", _PROTECTION.help))
        return self._protections[number]


ENTRY = CollectorEntry(
    factory=ZoneinfoCollector,
    section=ZoneinfoConfig,
    default=False,
    summary="Memory zones",
    files=("/proc/zoneinfo",),
    privileges="root on some kernels: all of it",
    families=(*_FAMILIES.values(), _PROTECTION),
)
