"""The ethtool collector: what drivers of network devices count and what their links can do, through SIOCETHTOOL."""

import re

from barograph.collectors.attributes import listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.ethtool_ioctl import EthtoolSocket, Link
from barograph.collectors.filters import NameFilter, compile_pattern
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch, Family, MetricType

_INFO = gauge(
    "node_ethtool_info",
    "A metric with a constant '1' value labeled by bus_info, device, driver, expansion_rom_version, firmware_version, "
    "version.",
)
_NEGOTIATES = gauge("node_network_autonegotiate", "If this port is using autonegotiate")
_PORT = gauge("node_network_supported_port_info", "Type of ports or PHYs supported by network device")
_SUPPORTED = gauge(
    "node_network_supported_speed_bytes", "Combination of speeds and features supported by network device"
)
_ADVERTISED = gauge(
    "node_network_advertised_speed_bytes", "Combination of speeds and features offered by network device"
)
# bits of a link's modes
_CAPABILITIES = (
    (6, "autonegotiate", "If this port device supports autonegotiate", "If this port device offers autonegotiate"),
    (13, "pause", "If this port device supports pause frames", "If this port device offers pause capability"),
    (
        14,
        "asymmetricpause",
        "If this port device supports asymmetric pause frames",
        "If this port device offers asymmetric pause capability",
    ),
)
_CAPABILITY_FAMILIES = [
    (bit, gauge(f"node_network_{name}_supported", supports), gauge(f"node_network_{name}_advertised", offers))
    for bit, name, supports, offers in _CAPABILITIES
]
_PORTS = {7: "TP", 8: "AUI", 9: "MII", 10: "FIBRE", 11: "BNC", 16: "Backplane"}
_SPEEDS = {
    0: (10, "half", "T"),
    1: (10, "full", "T"),
    2: (100, "half", "T"),
    3: (100, "full", "T"),
    4: (1000, "half", "T"),
    5: (1000, "full", "T"),
    12: (10000, "full", "T"),
    17: (1000, "full", "KX"),
    18: (10000, "full", "KX4"),
    19: (10000, "full", "KR"),
    20: (10000, "full", "R_FEC"),
    21: (20000, "full", "MLD2"),
    22: (20000, "full", "KR2"),
    23: (40000, "full", "KR4"),
    24: (40000, "full", "CR4"),
    25: (40000, "full", "SR4"),
    26: (40000, "full", "LR4"),
    27: (56000, "full", "KR4"),
    28: (56000, "full", "CR4"),
    29: (56000, "full", "SR4"),
    30: (56000, "full", "LR4"),
}
_BYTES_IN_MEGABIT = 125_000.0
# counters that have a name of their own
_COMMON = {
    "rx_bytes": ("received_bytes_total", "Network interface bytes received"),
    "rx_dropped": ("received_dropped_total", "Number of received frames dropped"),
    "rx_errors": ("received_errors_total", "Number of received frames with errors"),
    "rx_packets": ("received_packets_total", "Network interface packets received"),
    "tx_bytes": ("transmitted_bytes_total", "Network interface bytes sent"),
    "tx_errors": ("transmitted_errors_total", "Number of sent frames with errors"),
    "tx_packets": ("transmitted_packets_total", "Network interface packets sent"),
}


class EthtoolConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the ethtool collector.

    Attributes:
        device_exclude: Pattern of devices to leave out.
        device_include: Pattern of devices to keep, instead of an exclude.
        metrics_include: Pattern of the drivers' counters to keep.
    """

    device_exclude: str = ""
    device_include: str = ""
    metrics_include: str = ".*"


class EthtoolCollector:
    """Fills what each driver counts. See `model.protocols.Collector`."""

    name = "ethtool"

    def __init__(self, host: Host, config: EthtoolConfig) -> None:
        self._folder = host.paths.sysfs / "class/net"
        self._filter = NameFilter("collectors.ethtool.device", config.device_include, config.device_exclude)
        self._keeps = compile_pattern("collectors.ethtool.metrics_include", config.metrics_include).search
        self._socket = EthtoolSocket()
        self._families: dict[str, Family] = {}
        # for each device its driver and number of counters, and the series of each counter (None: not kept)
        self._counters: dict[str, tuple[tuple[str, int], list[SeriesSpec | None]]] = {}
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        readings: list[Reading] = []
        for device in listed(self._folder):
            if self._filter.keeps(device):
                readings += self._link_of(device)
                readings += self._counters_of(device)
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._socket.close()

    def _link_of(self, device: str) -> list[Reading]:
        """Return what the link can do; nothing where the driver does not tell."""
        try:
            return link_readings(device, self._socket.link(device))
        except OSError:
            return []

    def _counters_of(self, device: str) -> list[Reading]:
        """Return who drives a device and what the driver counts, as far as it tells."""
        readings: list[Reading] = []
        try:
            driver = self._socket.driver(device)
            labels = {
                "bus_info": driver.bus_info,
                "device": device,
                "driver": driver.driver,
                "expansion_rom_version": driver.expansion_rom_version,
                "firmware_version": driver.firmware_version,
                "version": driver.version,
            }
            readings.append((SeriesSpec(_INFO, labels), 1.0))
            if driver.counters:
                specs = self._specs_of(device, (driver.driver, driver.counters))
                values = self._socket.values(device, driver.counters)
                readings += [(spec, float(v)) for spec, v in zip(specs, values, strict=False) if spec is not None]
        except OSError:
            self._counters.pop(device, None)
        return readings

    def _specs_of(self, device: str, shape: tuple[str, int]) -> list[SeriesSpec | None]:
        """Return the series of a device's counters; their names are asked when the driver or their number changed."""
        known = self._counters.get(device)
        if known is not None and known[0] == shape:
            return known[1]
        specs: list[SeriesSpec | None] = []
        seen: set[str] = set()
        for name in self._socket.names(device, shape[1]):
            family = self._family(name)
            keeps = bool(self._keeps(name)) and family.name not in seen
            seen |= {family.name} if keeps else set()
            specs.append(SeriesSpec(family, {"device": device}) if keeps else None)
        self._counters[device] = (shape, specs)
        return specs

    def _family(self, counter: str) -> Family:
        """Return the family of a driver's counter; drivers that write it differently share the first one's."""
        name, text = _COMMON.get(counter) or (metric_name(counter), f"Network interface {counter}")
        return self._families.setdefault(name, Family(f"node_ethtool_{name}", MetricType.UNTYPED, text))


def metric_name(counter: str) -> str:
    """Return the name that node_exporter makes of a driver's counter, without its prefix."""
    name = re.sub(r"_*[^0-9A-Za-z_]+_*", "_", counter).lower().lstrip("_")
    name = re.sub(r"(^|_)rx(_|$)", r"\1received\2", name)
    return re.sub(r"(^|_)tx(_|$)", r"\1transmitted\2", name)


def link_readings(device: str, link: Link) -> list[Reading]:
    """Return what a link can do and what it offers."""
    labels = {"device": device}
    readings = [(SeriesSpec(_NEGOTIATES, labels), float(link.autonegotiates))]
    for bit, supported, advertised in _CAPABILITY_FAMILIES:
        readings.append((SeriesSpec(supported, labels), float(link.supported >> bit & 1)))
        readings.append((SeriesSpec(advertised, labels), float(link.advertised >> bit & 1)))
    ports = [port for bit, port in _PORTS.items() if link.supported >> bit & 1]
    readings += [(SeriesSpec(_PORT, {**labels, "type": port}), 1.0) for port in ports]
    for family, modes in ((_SUPPORTED, link.supported), (_ADVERTISED, link.advertised)):
        for bit, (megabits, duplex, physical) in _SPEEDS.items():
            if modes >> bit & 1:
                mode = {**labels, "duplex": duplex, "mode": f"{megabits}base{physical}"}
                readings.append((SeriesSpec(family, mode), megabits * _BYTES_IN_MEGABIT))
    return readings


ENTRY = CollectorEntry(
    factory=EthtoolCollector,
    section=EthtoolConfig,
    default=False,
    summary="What drivers of network devices count, and what their links can do",
    files=("/sys/class/net", "SIOCETHTOOL (ioctl)"),
    privileges="CAP_NET_ADMIN: some drivers' statistics",
    families=(
        _INFO,
        Family("node_ethtool_*", MetricType.UNTYPED, "The driver's counter of this name."),
        _NEGOTIATES,
        *(family for _, supported, advertised in _CAPABILITY_FAMILIES for family in (supported, advertised)),
        _PORT,
        _SUPPORTED,
        _ADVERTISED,
    ),
)
