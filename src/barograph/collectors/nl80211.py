"""nl80211: what the kernel knows of wireless devices, asked over generic netlink.

Used by the wifi collector. The numbers below are those of include/uapi/linux/nl80211.h and genetlink.h.
"""

import struct
import sys
from dataclasses import dataclass

from barograph.collectors.netlink import (
    NETLINK_GENERIC,
    Message,
    NetlinkSocket,
    attribute,
    attributes,
)
from barograph.model.errors import CollectError, NoDataError

_CONTROL = 16
_CTRL_CMD_GETFAMILY = 3
_CTRL_ATTR_FAMILY_ID = 1
_CTRL_ATTR_FAMILY_NAME = 2
_GENERIC = struct.Struct("=BBH")  # command, version, reserved

_CMD_GET_INTERFACE = 5
_CMD_GET_STATION = 17
_CMD_GET_SCAN = 32
_ATTR_IFINDEX = 3
_ATTR_IFNAME = 4
_ATTR_MAC = 6
_ATTR_STA_INFO = 21
_ATTR_WIPHY_FREQ = 38
_ATTR_BSS = 47
_BSS_BSSID = 1
_BSS_INFORMATION_ELEMENTS = 6
_BSS_STATUS = 9
_MODES = {0: "client", 1: "client", 2: "ad-hoc"}  # authenticated, associated, joined
_ELEMENT_SSID = 0

_STA_INACTIVE_MS = 1
_STA_RX_BYTES = 2
_STA_TX_BYTES = 3
_STA_SIGNAL = 7
_STA_TX_BITRATE = 8
_STA_RX_PACKETS = 9
_STA_TX_PACKETS = 10
_STA_TX_RETRIES = 11
_STA_TX_FAILED = 12
_STA_RX_BITRATE = 14
_STA_CONNECTED_S = 16
_STA_BEACON_LOSS = 18
_STA_RX_BYTES_64 = 23
_STA_TX_BYTES_64 = 24
_RATE_BITRATE = 1
_RATE_BITRATE_32 = 5
_BITS_IN_RATE = 100_000  # rates are in 100 kbit/s
_HERTZ_IN_MEGAHERTZ = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A wireless device."""

    index: int
    name: str
    frequency_hertz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The network that a device is in; `mode` is client, ad-hoc or unknown."""

    bssid: str
    ssid: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station that a device exchanges packets with. What the driver does not count is 0."""

    mac_address: str
    connected_seconds: float = 0.0
    inactive_seconds: float = 0.0
    receive_bits_per_second: float = 0.0
    transmit_bits_per_second: float = 0.0
    received_bytes: int = 0
    transmitted_bytes: int = 0
    received_packets: int = 0
    transmitted_packets: int = 0
    signal_dbm: int = 0
    transmit_retries: int = 0
    transmit_failed: int = 0
    beacon_losses: int = 0


class Nl80211:
    """Asks the kernel. Used by one thread at a time."""

    def __init__(self) -> None:
        self._link = NetlinkSocket(NETLINK_GENERIC)
        self._family = 0

    def interfaces(self) -> list[Interface]:
        """Return the wireless devices that have a name.

        Raises:
            NoDataError: The kernel has no wireless devices loaded.
            CollectError: It refuses to answer.
        """
        if not self._family:
            self._family = self._find_family()
        try:
            messages = self._dump(_CMD_GET_INTERFACE, b"")
        except CollectError:
            self._family = 0  # its module may have been loaded again, under another number
            raise
        found = [attributes(message.body, _GENERIC.size) for message in messages]
        # a device without a name (for Wi-Fi Direct) is none of the network
        return [_interface(facts) for facts in found if _text(facts.get(_ATTR_IFNAME, b""))]

    def network_of(self, interface: Interface) -> Network | None:
        """Return the network that a device is in, None where it is in none. Raises as `interfaces`."""
        for message in self._ask_of(_CMD_GET_SCAN, interface):
            facts = attributes(attributes(message.body, _GENERIC.size).get(_ATTR_BSS, b""))
            if _BSS_STATUS in facts:  # the others are networks in sight
                return Network(
                    bssid=mac_text(facts.get(_BSS_BSSID, b"")),
                    ssid=_ssid(facts.get(_BSS_INFORMATION_ELEMENTS, b"")),
                    mode=mode_of(_number(facts, _BSS_STATUS)),
                )
        return None

    def stations_of(self, interface: Interface) -> list[Station]:
        """Return the stations that a device exchanges packets with. Raises as `interfaces`."""
        found = [attributes(message.body, _GENERIC.size) for message in self._ask_of(_CMD_GET_STATION, interface)]
        return [
            _station(facts[_ATTR_MAC], attributes(facts.get(_ATTR_STA_INFO, b"")))
            for facts in found
            if _ATTR_MAC in facts
        ]

    def close(self) -> None:
        """Close the socket."""
        self._link.close()

    def _find_family(self) -> int:
        """Ask for the number under which nl80211 answers."""
        name = attribute(_CTRL_ATTR_FAMILY_NAME, b"nl80211\0")
        try:
            messages = self._link.ask(_CONTROL, _GENERIC.pack(_CTRL_CMD_GETFAMILY, 1, 0) + name)
        except NoDataError as error:
            raise NoDataError("this kernel has no wireless devices (no nl80211)") from error
        return next((_number(attributes(body, _GENERIC.size), _CTRL_ATTR_FAMILY_ID) for _, body in messages), 0)

    def _ask_of(self, command: int, interface: Interface) -> list[Message]:
        """Ask about a device; nothing where its kind has no such thing."""
        try:
            return self._dump(command, attribute(_ATTR_IFINDEX, struct.pack("=I", interface.index)))
        except NoDataError:
            return []

    def _dump(self, command: int, body: bytes) -> list[Message]:
        return self._link.dump(self._family, _GENERIC.pack(command, 0, 0) + body)


def mac_text(address: bytes) -> str:
    """Write a hardware address as people do."""
    return address.hex(":")


def mode_of(status: int) -> str:
    """Return the mode of a network by the device's status in it."""
    return _MODES.get(status, "unknown")


def _interface(facts: dict[int, bytes]) -> Interface:
    megahertz = _number(facts, _ATTR_WIPHY_FREQ)
    name = _text(facts[_ATTR_IFNAME])
    return Interface(
        index=_number(facts, _ATTR_IFINDEX), name=name, frequency_hertz=float(megahertz * _HERTZ_IN_MEGAHERTZ)
    )


def _station(address: bytes, facts: dict[int, bytes]) -> Station:
    return Station(
        mac_address=mac_text(address),
        connected_seconds=float(_number(facts, _STA_CONNECTED_S)),
        inactive_seconds=_number(facts, _STA_INACTIVE_MS) / 1000.0,
        receive_bits_per_second=_bits_per_second(facts.get(_STA_RX_BITRATE, b"")),
        transmit_bits_per_second=_bits_per_second(facts.get(_STA_TX_BITRATE, b"")),
        received_bytes=_number(facts, _STA_RX_BYTES_64) or _number(facts, _STA_RX_BYTES),
        transmitted_bytes=_number(facts, _STA_TX_BYTES_64) or _number(facts, _STA_TX_BYTES),
        received_packets=_number(facts, _STA_RX_PACKETS),
        transmitted_packets=_number(facts, _STA_TX_PACKETS),
        signal_dbm=int.from_bytes(facts.get(_STA_SIGNAL, b"")[:1], "little", signed=True),
        transmit_retries=_number(facts, _STA_TX_RETRIES),
        transmit_failed=_number(facts, _STA_TX_FAILED),
        beacon_losses=_number(facts, _STA_BEACON_LOSS),
    )


def _bits_per_second(rate: bytes) -> float:
    """Return a rate; those that 16 bits cannot hold are in a field of 32."""
    facts = attributes(rate)
    return float((_number(facts, _RATE_BITRATE_32) or _number(facts, _RATE_BITRATE)) * _BITS_IN_RATE)


def _ssid(elements: bytes) -> str:
    """Find a network's name among its information elements: an identifier, a length, the content."""
    offset = 0
    while offset + 2 <= len(elements):
        identifier, length = elements[offset], elements[offset + 1]
        if identifier == _ELEMENT_SSID:
            return elements[offset + 2 : offset + 2 + length].decode("utf-8", "replace")
        offset += 2 + length
    return ""


def _number(facts: dict[int, bytes], kind: int) -> int:
    """Return an unsigned number in the machine's byte order, 0 where there is none."""
    return int.from_bytes(facts.get(kind, b""), sys.byteorder)


def _text(content: bytes) -> str:
    return content.partition(b"\0")[0].decode("utf-8", "replace")
