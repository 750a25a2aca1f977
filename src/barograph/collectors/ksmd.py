"""The ksmd collector: merging of equal memory pages, from /sys/kernel/mm/ksm."""

from barograph.collectors.attributes import Attributes, listed, number_of
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.errors import CollectError

# the file, its metric, and how many of it are one of the metric's
_FILES = (
    ("full_scans", counter("node_ksmd_full_scans_total", "How often all mergeable areas were scanned."), 1.0),
    ("general_profit", gauge("node_ksmd_general_profit_bytes", "Memory that merging saves."), 1.0),
    ("merge_across_nodes", gauge("node_ksmd_merge_across_nodes", "Whether pages of several nodes are merged."), 1.0),
    ("pages_shared", gauge("node_ksmd_pages_shared", "Shared pages in use."), 1.0),
    ("pages_sharing", gauge("node_ksmd_pages_sharing", "How many more sites share them."), 1.0),
    ("pages_to_scan", gauge("node_ksmd_pages_to_scan", "Pages that are looked at before ksmd sleeps."), 1.0),
    (
        "pages_unshared",
        gauge("node_ksmd_pages_unshared", "Pages that are unique though looked at again and again."),
        1.0,
    ),
    ("pages_volatile", gauge("node_ksmd_pages_volatile", "Pages that change too fast."), 1.0),
    ("run", gauge("node_ksmd_run", "Whether ksmd runs (1), stopped (0), or stopped and unmerged (2)."), 1.0),
    ("sleep_millisecs", gauge("node_ksmd_sleep_seconds", "How long ksmd sleeps between scans."), 1000.0),
)


class KsmdConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the ksmd collector: only those of every collector."""


class KsmdCollector(PlainCollector):
    """Fills some ten values. See `model.protocols.Collector`."""

    name = "ksmd"

    def __init__(self, host: Host, config: KsmdConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "kernel/mm/ksm"
        self._files = Attributes(self._folder, [name for name, _, _ in _FILES])
        self._specs = [(SeriesSpec(family, {}), unit) for _, family, unit in _FILES]

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        contents = self._files.read()
        if not any(contents):
            listed(self._folder)  # says that there is none
        try:
            return [
                (spec, number_of(content) / unit)
                for (spec, unit), content in zip(self._specs, contents, strict=True)
                if content
            ]
        except ValueError as error:
            raise CollectError(f"{self._folder}: {error}") from error

    def close(self) -> None:
        """Close what is open."""
        self._files.close()


ENTRY = CollectorEntry(
    factory=KsmdCollector,
    section=KsmdConfig,
    default=False,
    summary="Merging of equal memory pages",
    files=("/sys/kernel/mm/ksm/*",),
    families=tuple(family for _, family, _ in _FILES),
)
