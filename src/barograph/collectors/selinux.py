"""The selinux collector: whether SELinux is on, and in which mode, from /sys/fs/selinux and /etc/selinux/config."""

import os
import re

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, number_in, text_in

_ENABLED = SeriesSpec(gauge("node_selinux_enabled", "Whether SELinux is on."), {})
_CONFIGURED = SeriesSpec(gauge("node_selinux_config_mode", "Configured mode: 1 enforcing, 0 permissive, -1 off."), {})
_CURRENT = SeriesSpec(gauge("node_selinux_current_mode", "Present mode: 1 enforcing, 0 permissive."), {})
_MODES = {"enforcing": 1.0, "permissive": 0.0}
_SETTING = re.compile(r"^\s*SELINUX\s*=\s*(\w+)", re.MULTILINE)


class SelinuxConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the selinux collector: only those of every collector."""


class SelinuxCollector(PlainCollector):
    """Fills one value, or three where SELinux is on. See `model.protocols.Collector`."""

    name = "selinux"

    def __init__(self, host: Host, config: SelinuxConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._kernel = os.fspath(host.paths.sysfs / "fs/selinux")
        self._settings = os.fspath(host.paths.rootfs / "etc/selinux")

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        current = number_in(self._kernel, "enforce")
        if current is None:
            return [(_ENABLED, 0.0)]
        found = _SETTING.search(text_in(self._settings, "config") or "")
        return [
            (_ENABLED, 1.0),
            (_CONFIGURED, _MODES.get(found[1].lower(), -1.0) if found else -1.0),
            (_CURRENT, current),
        ]


ENTRY = CollectorEntry(
    factory=SelinuxCollector,
    section=SelinuxConfig,
    default=True,
    summary="Whether SELinux is on, and its mode",
    files=("/sys/fs/selinux/enforce", "/etc/selinux/config"),
    families=(_ENABLED.family, _CONFIGURED.family, _CURRENT.family),
)
