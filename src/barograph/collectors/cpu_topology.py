"""What is known of CPUs beside their times: throttling and isolation from sysfs, the description in /proc/cpuinfo.

Used by the cpu collector only.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from barograph.collectors.base import SeriesSpec, counter, gauge
from barograph.collectors.filters import compile_pattern
from barograph.collectors.procfs import KeptFile, read_attribute
from barograph.model.errors import CollectError

CORE_THROTTLES = counter("node_cpu_core_throttles_total", "How often this CPU core was throttled for heat.")
PACKAGE_THROTTLES = counter("node_cpu_package_throttles_total", "How often this CPU package was throttled for heat.")
ISOLATED = gauge("node_cpu_isolated", "1 for each CPU that the kernel keeps free of ordinary work (isolcpus).")
INFO = gauge("node_cpu_info", "Always 1; the labels describe the CPU as /proc/cpuinfo does.")
FREQUENCY = gauge("node_cpu_frequency_hertz", "Clock frequency of the CPU as /proc/cpuinfo gives it, in hertz.")
FLAG = gauge("node_cpu_flag_info", "Always 1; a feature flag of the first CPU that the flags pattern keeps.")
BUG = gauge("node_cpu_bug_info", "Always 1; a known hardware bug of the first CPU that the bugs pattern keeps.")

THROTTLE_FAMILIES = (CORE_THROTTLES, PACKAGE_THROTTLES, ISOLATED)
INFO_FAMILIES = (INFO, FREQUENCY, FLAG, BUG)

_INFO_LABELS = {
    "package": "physical id",
    "core": "core id",
    "cpu": "processor",
    "vendor": "vendor_id",
    "family": "cpu family",
    "model": "model",
    "model_name": "model name",
    "microcode": "microcode",
    "stepping": "stepping",
    "cachesize": "cache size",
}


def isolated_cpus(sysfs: Path) -> tuple[SeriesSpec, ...]:
    """Return a series for each isolated CPU; fixed at boot, so read once."""
    text = read_attribute(sysfs / "devices/system/cpu/isolated") or ""
    return tuple(SeriesSpec(ISOLATED, {"cpu": str(cpu)}) for cpu in parse_cpu_list(text))


def parse_cpu_list(text: str) -> list[int]:
    """Parse the kernel's list of CPUs: `1,3-5,9`. Parts that are neither number nor range are skipped."""
    cpus: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (not last or last.isdecimal()):
            cpus.extend(range(int(first), int(last or first) + 1))
    return cpus


class Throttles:
    """The throttle counters of each core and package that sysfs has."""

    def __init__(self, sysfs: Path) -> None:
        self._folder = sysfs / "devices/system/cpu"
        self._files: list[KeptFile] = []
        self._specs: tuple[SeriesSpec, ...] = ()

    def discover(self) -> None:
        """Look again which cores and packages have counters: the set of CPUs has changed."""
        self.close()
        found: dict[tuple[str, ...], tuple[SeriesSpec, Path]] = {}
        for cpu in sorted(self._folder.glob("cpu[0-9]*")):
            package = _index(cpu / "topology/physical_package_id")
            core = _index(cpu / "topology/core_id")
            if package is None or core is None:
                continue
            for key, spec, path in (
                (("core", package, core), SeriesSpec(CORE_THROTTLES, {"package": package, "core": core}), "core"),
                (("package", package), SeriesSpec(PACKAGE_THROTTLES, {"package": package}), "package"),
            ):
                file = cpu / f"thermal_throttle/{path}_throttle_count"
                if key not in found and _index(file) is not None:
                    found[key] = (spec, file)
        ordered = [found[key] for key in sorted(found)]
        self._specs = tuple(spec for spec, _ in ordered)
        self._files = [KeptFile(path) for _, path in ordered]

    def read(self) -> tuple[tuple[SeriesSpec, ...], list[float]]:
        """Return the series and their values; looks again for files once where one is gone."""
        if not self._files:
            return self._specs, []
        try:
            return self._specs, [float(file.read()) for file in self._files]
        except (CollectError, ValueError):
            self.discover()
        return self._specs, [float(file.read()) for file in self._files]

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()


class CpuInfo:
    """The description of each CPU; read only where the configuration asks for it, since the kernel is slow at it."""

    def __init__(self, procfs: Path, flags_include: str, bugs_include: str) -> None:
        self._file = KeptFile(procfs / "cpuinfo", single=False)
        self._filters: list[tuple[str, str, Any]] = []
        for key, pattern in (("flags", flags_include), ("bugs", bugs_include)):
            if pattern:
                self._filters.append((key, key[:-1], compile_pattern(f"collectors.cpu.info_{key}_include", pattern)))

    def read(self) -> tuple[tuple[SeriesSpec, ...], list[float]]:
        """Return the series and their values."""
        records = list(parse_cpuinfo(self._file.read()))
        specs = [SeriesSpec(INFO, {label: r.get(key, "") for label, key in _INFO_LABELS.items()}) for r in records]
        values = [1.0] * len(specs)
        for record in records:
            labels = {label: record.get(_INFO_LABELS[label], "") for label in ("package", "core", "cpu")}
            specs.append(SeriesSpec(FREQUENCY, labels))
            values.append(_megahertz(record) * 1e6)
        for key, label, pattern in self._filters:
            names = records[0].get(key, "").split() if records else []
            kept = [name for name in dict.fromkeys(names) if pattern.search(name) is not None]
            specs += [SeriesSpec(FLAG if key == "flags" else BUG, {label: name}) for name in kept]
            values += [1.0] * len(kept)
        return tuple(specs), values

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def parse_cpuinfo(data: bytes) -> Iterator[dict[str, str]]:
    """Yield one mapping of field to text for each processor (x86's form: blocks that open with `processor`)."""
    for block in data.decode("utf-8", "replace").split("\n\n"):
        fields = (line.partition(":") for line in block.split("\n") if ":" in line)
        record = {key.strip(): value.strip() for key, _, value in fields}
        if "processor" in record:
            yield record


def _megahertz(record: dict[str, str]) -> float:
    try:
        return float(record.get("cpu MHz", "0"))
    except ValueError:
        return 0.0


def _index(path: Path) -> str | None:
    """Read a file that holds a whole number that is not negative; None for anything else."""
    text = read_attribute(path)
    return str(int(text)) if text is not None and text.isdecimal() else None
