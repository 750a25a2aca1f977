"""The watchdog collector: hardware watchdogs, from /sys/class/watchdog."""

import os
from collections.abc import Iterator

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, number_in, text_in
from barograph.model.errors import NoDataError

# the attribute, and the metric's last part where it is another
_NUMBERS = (
    ("access_cs0", ""),
    ("bootstatus", ""),
    ("fw_version", ""),
    ("nowayout", ""),
    ("pretimeout", "pretimeout_seconds"),
    ("timeleft", "timeleft_seconds"),
    ("timeout", "timeout_seconds"),
)
_TEXTS = ("identity", "options", "pretimeout_governor", "state", "status")
_INFO = gauge("node_watchdog_info", "What is no number of a watchdog; the value is always 1.")
_FAMILIES = [
    (name, gauge(f"node_watchdog_{metric or name}", f"{name} of /sys/class/watchdog/<watchdog>"))
    for name, metric in _NUMBERS
]


class WatchdogConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the watchdog collector: only those of every collector."""


class WatchdogCollector(PlainCollector):
    """Fills at most eight values for each watchdog. See `model.protocols.Collector`."""

    name = "watchdog"

    def __init__(self, host: Host, config: WatchdogConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "class/watchdog"

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        names = listed(self._folder)
        if not names:
            raise NoDataError(f"{self._folder} holds no watchdog")
        return [reading for name in names for reading in self._watchdog(name)]

    def _watchdog(self, name: str) -> Iterator[Reading]:
        folder, labels = os.fspath(self._folder / name), {"name": name}
        for key, family in _FAMILIES:
            value = number_in(folder, key)
            if value is not None:
                yield SeriesSpec(family, labels), value
        yield SeriesSpec(_INFO, {**labels, **{key: text_in(folder, key) or "" for key in _TEXTS}}), 1.0


ENTRY = CollectorEntry(
    factory=WatchdogCollector,
    section=WatchdogConfig,
    default=True,
    summary="Hardware watchdogs",
    files=("/sys/class/watchdog/*/*",),
    families=(_INFO, *(family for _, family in _FAMILIES)),
)
