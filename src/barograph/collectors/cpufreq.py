"""The cpufreq collector: each CPU's frequency, its limits and governor, from /sys/devices/system/cpu."""

import re
from collections.abc import Iterator
from pathlib import Path

from barograph.collectors.attributes import Attributes, listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.errors import CollectError, NoDataError

_KHZ = 1000.0
_CPU = re.compile(r"cpu(\d+)")
_NUMBERS = (
    ("cpuinfo_cur_freq", gauge("node_cpu_frequency_hertz", "Current frequency of a CPU in hertz.")),
    ("cpuinfo_min_freq", gauge("node_cpu_frequency_min_hertz", "Least frequency of a CPU in hertz.")),
    ("cpuinfo_max_freq", gauge("node_cpu_frequency_max_hertz", "Greatest frequency of a CPU in hertz.")),
    ("scaling_cur_freq", gauge("node_cpu_scaling_frequency_hertz", "Current scaled frequency of a CPU in hertz.")),
    ("scaling_min_freq", gauge("node_cpu_scaling_frequency_min_hertz", "Least scaled frequency of a CPU in hertz.")),
    ("scaling_max_freq", gauge("node_cpu_scaling_frequency_max_hertz", "Greatest scaled frequency of a CPU in hertz.")),
)
_GOVERNOR = gauge("node_cpu_scaling_governor", "Whether a governor is the one of a CPU.")
_FILES = (*(name for name, _ in _NUMBERS), "scaling_governor", "scaling_available_governors")


class CpufreqConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the cpufreq collector: only those of every collector."""


class CpufreqCollector(PlainCollector):
    """Fills some eight values for each CPU. See `model.protocols.Collector`."""

    name = "cpufreq"

    def __init__(self, host: Host, config: CpufreqConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "devices/system/cpu"
        self._names: list[str] = []
        self._cpus: list[_Cpu] = []

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        names = listed(self._folder)
        if names != self._names:
            self.close()
            self._names = names
            self._cpus = [
                _Cpu(self._folder / name / "cpufreq", found[1]) for name in names if (found := _CPU.fullmatch(name))
            ]
        readings = [reading for cpu in self._cpus for reading in cpu.read()]
        if not readings:
            raise NoDataError(f"{self._folder}: no CPU tells its frequency")
        return readings

    def close(self) -> None:
        """Close what is open."""
        for cpu in self._cpus:
            cpu.close()
        self._names = []


class _Cpu:
    """One CPU's folder."""

    def __init__(self, folder: Path, number: str) -> None:
        self._files = Attributes(folder, _FILES)
        labels = {"cpu": number}
        self._labels = labels
        self._specs = [SeriesSpec(family, labels) for _, family in _NUMBERS]
        self._governors: dict[str, SeriesSpec] = {}

    def read(self) -> Iterator[Reading]:
        *numbers, current, available = self._files.read()
        for spec, content in zip(self._specs, numbers, strict=True):
            # a CPU whose driver cannot tell says <unknown>
            if content and content != b"<unknown>":
                yield spec, self._hertz(content)
        if current is not None and available is not None:
            for name in text_of(available).split():
                spec = self._governors.setdefault(name, SeriesSpec(_GOVERNOR, {**self._labels, "governor": name}))
                yield spec, float(name == text_of(current))

    def close(self) -> None:
        self._files.close()

    def _hertz(self, content: bytes) -> float:
        try:
            return int(content) * _KHZ
        except ValueError as error:
            raise CollectError(f"{self._files.folder}: {text_of(content)!r} is no frequency") from error


ENTRY = CollectorEntry(
    factory=CpufreqCollector,
    section=CpufreqConfig,
    default=True,
    summary="Frequencies of CPUs, limits, governors",
    files=("/sys/devices/system/cpu/cpu*/cpufreq/*",),
    privileges="root: cpuinfo_cur_freq",
    families=(*(family for _, family in _NUMBERS), _GOVERNOR),
)
