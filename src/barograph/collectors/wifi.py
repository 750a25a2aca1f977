"""The wifi collector: frequency, network and stations of wireless devices, from nl80211 over netlink."""

from pathlib import Path
from typing import Protocol

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.nl80211 import Interface, Network, Nl80211, Station
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.collectors.wifi_fixtures import WifiFixtures
from barograph.model.batch import Batch

_FREQUENCY = gauge(
    "node_wifi_interface_frequency_hertz", "The current frequency a WiFi interface is operating at, in hertz."
)
_INFO = gauge(
    "node_wifi_station_info", "Labeled WiFi interface station information as provided by the operating system."
)
# the field of Station that each metric shows
_STATION = (
    (
        "connected_seconds",
        counter(
            "node_wifi_station_connected_seconds_total",
            "The total number of seconds a station has been connected to an access point.",
        ),
    ),
    (
        "inactive_seconds",
        gauge(
            "node_wifi_station_inactive_seconds",
            "The number of seconds since any wireless activity has occurred on a station.",
        ),
    ),
    (
        "receive_bits_per_second",
        gauge(
            "node_wifi_station_receive_bits_per_second",
            "The current WiFi receive bitrate of a station, in bits per second.",
        ),
    ),
    (
        "transmit_bits_per_second",
        gauge(
            "node_wifi_station_transmit_bits_per_second",
            "The current WiFi transmit bitrate of a station, in bits per second.",
        ),
    ),
    (
        "received_bytes",
        counter("node_wifi_station_receive_bytes_total", "The total number of bytes received by a WiFi station."),
    ),
    (
        "transmitted_bytes",
        counter("node_wifi_station_transmit_bytes_total", "The total number of bytes transmitted by a WiFi station."),
    ),
    (
        "received_packets",
        counter("node_wifi_station_received_packets_total", "The total number of packets received by a station."),
    ),
    (
        "transmitted_packets",
        counter("node_wifi_station_transmitted_packets_total", "The total number of packets transmitted by a station."),
    ),
    (
        "signal_dbm",
        gauge("node_wifi_station_signal_dbm", "The current WiFi signal strength, in decibel-milliwatts (dBm)."),
    ),
    (
        "transmit_retries",
        counter(
            "node_wifi_station_transmit_retries_total",
            "The total number of times a station has had to retry while sending a packet.",
        ),
    ),
    (
        "transmit_failed",
        counter(
            "node_wifi_station_transmit_failed_total",
            "The total number of times a station has failed to send a packet.",
        ),
    ),
    (
        "beacon_losses",
        counter(
            "node_wifi_station_beacon_loss_total", "The total number of times a station has detected a beacon loss."
        ),
    ),
)


class WifiConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the wifi collector.

    Attributes:
        fixtures: Folder of JSON files that stand for the kernel's answers, for tests as node_exporter has them.
    """

    fixtures: str = ""


class Wireless(Protocol):
    """Who tells of wireless devices: the kernel, or files in its place."""

    def interfaces(self) -> list[Interface]:
        """Return the wireless devices that have a name. Raises CollectError, NoDataError without any such thing."""
        ...

    def network_of(self, interface: Interface) -> Network | None:
        """Return the network that a device is in, None where it is in none."""
        ...

    def stations_of(self, interface: Interface) -> list[Station]:
        """Return the stations that a device exchanges packets with."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class WifiCollector:
    """Fills some values for each device and station. See `model.protocols.Collector`."""

    name = "wifi"

    def __init__(self, host: Host, config: WifiConfig) -> None:
        del host  # the kernel is asked, no file
        self._wireless: Wireless = WifiFixtures(Path(config.fixtures)) if config.fixtures else Nl80211()
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        readings: list[Reading] = []
        for interface in self._wireless.interfaces():
            readings.append((SeriesSpec(_FREQUENCY, {"device": interface.name}), interface.frequency_hertz))
            network = self._wireless.network_of(interface)
            if network is not None:
                labels = {"device": interface.name, "bssid": network.bssid, "ssid": network.ssid, "mode": network.mode}
                readings.append((SeriesSpec(_INFO, labels), 1.0))
            for station in self._wireless.stations_of(interface):
                readings += _readings(interface.name, station)
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._wireless.close()


def _readings(device: str, station: Station) -> list[Reading]:
    labels = {"device": device, "mac_address": station.mac_address}
    return [(SeriesSpec(family, labels), float(getattr(station, field))) for field, family in _STATION]


ENTRY = CollectorEntry(
    factory=WifiCollector,
    section=WifiConfig,
    default=False,
    summary="Wireless devices, the network they are in and its stations",
    files=("nl80211 (netlink)",),
    families=(_FREQUENCY, _INFO, *(family for _, family in _STATION)),
)
