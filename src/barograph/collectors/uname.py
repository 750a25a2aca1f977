"""The uname collector: the running kernel's identity, as labels of one series."""

import os

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_INFO = gauge("node_uname_info", "Always 1; the labels are what uname(2) says of the running kernel.")
FAMILIES = (_INFO,)
_NO_DOMAIN = b"(none)"


class UnameConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the uname collector: only those of every collector."""


class UnameCollector:
    """Asks the live kernel each time, since a host may be renamed. See `model.protocols.Collector`."""

    name = "uname"

    def __init__(self, host: Host, config: UnameConfig) -> None:
        del config  # nothing of its own
        # Python's uname has no domain name
        self._domain = KeptFile(host.paths.procfs / "sys/kernel/domainname")
        self._frame = Frame(self.name)
        self._known: tuple[os.uname_result, bytes] | None = None

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        try:
            domain = self._domain.read().strip()
        except CollectError:
            domain = _NO_DOMAIN
        found = (os.uname(), domain)
        if found != self._known:
            self._learn(*found)
            self._known = found
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._domain.close()

    def _learn(self, names: os.uname_result, domain: bytes) -> None:
        labels = {
            "sysname": names.sysname,
            "release": names.release,
            "version": names.version,
            "machine": names.machine,
            "nodename": names.nodename,
            "domainname": domain.decode("utf-8", "replace"),
        }
        self._frame.reshape([SeriesSpec(_INFO, labels)])[:] = 1.0


ENTRY = CollectorEntry(
    factory=UnameCollector,
    section=UnameConfig,
    default=True,
    summary="The running kernel's identity",
    files=("uname(2)", "/proc/sys/kernel/domainname"),
    families=FAMILIES,
)
