"""The rapl collector: energy that zones of the processor used, from /sys/class/powercap."""

import os
import re
from collections import Counter

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import PlainCollector, Reading, number_in, text_in
from barograph.model.batch import Family
from barograph.model.errors import CollectError, NoDataError

_MICRO = 1e6
_UNSAFE = re.compile(r"[^a-zA-Z0-9_]")
_NUMBERED = re.compile(r"([^-]+)-(\d+)")
_ZONES = counter("node_rapl_joules_total", "Energy that a zone used, in joules.")


class RaplConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the rapl collector.

    Attributes:
        enable_zone_label: One family with the label `rapl_zone`, instead of one family a zone.
    """

    enable_zone_label: bool = False


class RaplCollector(PlainCollector):
    """Fills one value for each zone. See `model.protocols.Collector`."""

    name = "rapl"

    def __init__(self, host: Host, config: RaplConfig) -> None:
        super().__init__()
        self._folder = host.paths.sysfs / "class/powercap"
        self._has_zone_label = config.enable_zone_label
        self._zones: list[tuple[SeriesSpec, KeptFile]] = []
        self._names: list[str] = []

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        names = listed(self._folder)
        if names != self._names:
            self.close()
            self._names, self._zones = names, self._discover(names)
        if not self._zones:
            raise NoDataError(f"{self._folder} holds no zone")
        return [(spec, self._joules(file)) for spec, file in self._zones]

    def close(self) -> None:
        """Close what is open."""
        for _, file in self._zones:
            file.close()
        self._names = []

    def _discover(self, names: list[str]) -> list[tuple[SeriesSpec, KeptFile]]:
        """Find the zones; two of one name are told apart by the order in which they are met."""
        zones = []
        seen: Counter[str] = Counter()
        for name in names:
            folder = os.fspath(self._folder / name)
            zone = text_in(folder, "name")
            if zone is None or number_in(folder, "max_energy_range_uj") is None:
                continue
            numbered = _NUMBERED.fullmatch(zone)
            zone, index = (numbered[1], int(numbered[2])) if numbered else (zone, seen[zone])
            seen[zone] = index + 1
            labels = {"index": str(index), "path": folder}
            zones.append((self._spec(zone, labels), KeptFile(self._folder / name / "energy_uj")))
        return zones

    def _spec(self, zone: str, labels: dict[str, str]) -> SeriesSpec:
        if self._has_zone_label:
            return SeriesSpec(_ZONES, {**labels, "rapl_zone": zone})
        name = f"node_rapl_{_UNSAFE.sub('_', zone)}_joules_total"
        return SeriesSpec(counter(name, f"Energy that RAPL's zone {zone} used, in joules"), labels)

    def _joules(self, file: KeptFile) -> float:
        data = file.read()
        try:
            return int(data) / _MICRO
        except ValueError as error:
            raise CollectError(f"{file.path} holds no number: {data[:60]!r}") from error


_FAMILIES: tuple[Family, ...] = (counter("node_rapl_*joules_total", "Energy that a zone used, by its name"),)

ENTRY = CollectorEntry(
    factory=RaplCollector,
    section=RaplConfig,
    default=True,
    summary="Energy that the processor's zones used",
    files=("/sys/class/powercap/*/name", "/sys/class/powercap/*/energy_uj"),
    privileges="root: energy counters",
    families=_FAMILIES,
)
