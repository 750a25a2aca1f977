"""The slabinfo collector: the kernel's own memory by cache, from /proc/slabinfo."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of

_FAMILIES = (
    gauge("node_slabinfo_active_objects", "Objects that are in use."),
    gauge("node_slabinfo_objects", "Objects that are allocated."),
    gauge("node_slabinfo_object_size_bytes", "Size of an object."),
    gauge("node_slabinfo_objects_per_slab", "Objects in one slab."),
    gauge("node_slabinfo_pages_per_slab", "Pages of one slab."),
)


class SlabinfoConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the slabinfo collector.

    Attributes:
        slabs_include: A regex (RE2); only caches in whose names it is found.
        slabs_exclude: A regex (RE2); not those in whose names it is found.
    """

    slabs_include: str = ""
    slabs_exclude: str = ""


class SlabinfoCollector(FileCollector):
    """Fills five values for each cache. See `model.protocols.Collector`."""

    name = "slabinfo"

    def __init__(self, host: Host, config: SlabinfoConfig) -> None:
        super().__init__(KeptFile(host.paths.procfs / "slabinfo", single=False), self._parse_file)
        self._filter = NameFilter("collectors.slabinfo.slabs", config.slabs_include, config.slabs_exclude)
        self._specs: dict[bytes, list[SeriesSpec]] = {}

    def _parse_file(self, data: bytes) -> Sequence[Reading]:
        readings: list[Reading] = []
        for name, *words in (line for line in lines_of(data) if line):
            if name in (b"slabinfo", b"#") or not self._filter.keeps(text_of(name)):
                continue
            specs = self._specs.get(name)
            if specs is None:
                specs = self._specs[name] = [SeriesSpec(family, {"slab": text_of(name)}) for family in _FAMILIES]
            readings += [(spec, float(int(word))) for spec, word in zip(specs, words[: len(specs)], strict=True)]
        return readings


ENTRY = CollectorEntry(
    factory=SlabinfoCollector,
    section=SlabinfoConfig,
    default=False,
    summary="The kernel's own memory by cache",
    files=("/proc/slabinfo (root's)",),
    privileges="root: all of it",
    families=_FAMILIES,
)
