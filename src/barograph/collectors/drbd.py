"""The drbd collector: DRBD 8's devices, from /proc/drbd."""

import re

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.errors import CollectError

_DEVICE = re.compile(r"(\d+):")
_KIB = 1024.0
# the key in the file, its metric, and what a unit of it is in the metric's
_NUMBERS = {
    "ns": (counter("node_drbd_network_sent_bytes_total", "Bytes sent over the network."), _KIB),
    "nr": (counter("node_drbd_network_received_bytes_total", "Bytes received over the network."), 1.0),
    "dw": (counter("node_drbd_disk_written_bytes_total", "Bytes written to the local disk."), _KIB),
    "dr": (counter("node_drbd_disk_read_bytes_total", "Bytes read from the local disk."), _KIB),
    "al": (counter("node_drbd_activitylog_writes_total", "Updates of the activity log."), 1.0),
    "bm": (counter("node_drbd_bitmap_writes_total", "Updates of the bitmap."), 1.0),
    "lo": (gauge("node_drbd_local_pending", "Open requests to the local disk."), 1.0),
    "pe": (gauge("node_drbd_remote_pending", "Requests sent to the peer and not answered."), 1.0),
    "ua": (gauge("node_drbd_remote_unacknowledged", "Requests received from the peer and not answered."), 1.0),
    "ap": (gauge("node_drbd_application_pending", "Requests to DRBD that it has not answered."), 1.0),
    "ep": (gauge("node_drbd_epochs", "Epochs under way."), 1.0),
    "oos": (gauge("node_drbd_out_of_sync_bytes", "Bytes known to be out of sync."), _KIB),
}
# two words, of this node and of the other
_PAIRS = {
    "ro": (gauge("node_drbd_node_role_is_primary", "Whether a node's role is primary."), "Primary"),
    "ds": (gauge("node_drbd_disk_state_is_up_to_date", "Whether a node's disk is up to date."), "UpToDate"),
}
_CONNECTED = gauge("node_drbd_connected", "Whether DRBD is connected to its peer.")


class DrbdConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the drbd collector: only those of every collector."""


class DrbdCollector(PlainCollector):
    """Fills some twenty values for each device. See `model.protocols.Collector`."""

    name = "drbd"

    def __init__(self, host: Host, config: DrbdConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._file = KeptFile(host.paths.procfs / "drbd", single=False)

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings: list[Reading] = []
        device = ""
        for word in self._file.read().decode("utf-8", "replace").split():
            begins = _DEVICE.fullmatch(word)
            key, _, value = word.partition(":")
            if begins:
                device = f"drbd{begins[1]}"
            elif device and value:
                readings += self._field(key, value, {"device": device})
        return readings

    def close(self) -> None:
        """Close what is open."""
        self._file.close()

    def _field(self, key: str, value: str, labels: dict[str, str]) -> list[Reading]:
        if key == "cs":
            return [(SeriesSpec(_CONNECTED, labels), float(value == "Connected"))]
        if key in _PAIRS:
            family, word = _PAIRS[key]
            nodes = zip(("local", "remote"), value.split("/"), strict=False)
            return [(SeriesSpec(family, {**labels, "node": node}), float(state == word)) for node, state in nodes]
        if key not in _NUMBERS:
            return []
        family, unit = _NUMBERS[key]
        try:
            return [(SeriesSpec(family, labels), int(value) * unit)]
        except ValueError as error:
            raise CollectError(f"{self._file.path} is not as DRBD writes it: {key}:{value}") from error


ENTRY = CollectorEntry(
    factory=DrbdCollector,
    section=DrbdConfig,
    default=False,
    summary="DRBD 8: replication, roles, disks",
    files=("/proc/drbd",),
    families=(*(family for family, _ in _NUMBERS.values()), *(family for family, _ in _PAIRS.values()), _CONNECTED),
)
