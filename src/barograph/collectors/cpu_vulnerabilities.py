"""The cpu_vulnerabilities collector: which flaws the CPU has, and what is done about them."""

import os

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, text_in

_INFO = gauge("node_cpu_vulnerabilities_info", "A vulnerability of the CPU, its state and mitigation; always 1")
_STATES = {"Not affected": "not affected", "Vulnerable": "vulnerable", "Mitigation": "mitigation"}


class CpuVulnerabilitiesConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the cpu_vulnerabilities collector: only those of every collector."""


class CpuVulnerabilitiesCollector(PlainCollector):
    """Fills one value for each vulnerability that the kernel knows. See `model.protocols.Collector`."""

    name = "cpu_vulnerabilities"

    def __init__(self, host: Host, config: CpuVulnerabilitiesConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "devices/system/cpu/vulnerabilities"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings: list[Reading] = []
        for name in listed(self._folder):
            text = text_in(os.fspath(self._folder), name)
            if text:
                state, mitigation = _parse(text)
                labels = {"codename": name, "state": state, "mitigation": mitigation}
                readings.append((SeriesSpec(_INFO, labels), 1.0))
        return readings


def _parse(text: str) -> tuple[str, str]:
    """Return the state, and what is done against it; states are opened by one of three words, or by none of them."""
    for words, state in _STATES.items():
        if text.startswith(words):
            return state, text.removeprefix(words).lstrip(":; ").strip()
    return "unknown", text


ENTRY = CollectorEntry(
    factory=CpuVulnerabilitiesCollector,
    section=CpuVulnerabilitiesConfig,
    default=False,
    summary="Flaws of the CPU and what is done against them",
    files=("/sys/devices/system/cpu/vulnerabilities/*",),
    families=(_INFO,),
)
