"""The IP addresses of network devices, asked over netlink.

Used by the netdev collector where its option `address_info` is on.
"""

import ipaddress
import struct

from barograph.collectors.base import SeriesSpec, gauge
from barograph.collectors.netlink import NETLINK_ROUTE, NetlinkSocket, attributes, name_of_device

FAMILY = gauge("node_network_address_info", "node network address by device")

_RTM_NEWADDR = 20
_RTM_GETADDR = 22
_ADDRESS = struct.Struct("=BBBBI")  # family, length of the prefix, flags, scope, device
_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_LENGTHS = (4, 16)


class NetworkAddresses:
    """Asks the kernel. Used by one thread at a time."""

    def __init__(self) -> None:
        self._link = NetlinkSocket(NETLINK_ROUTE)

    def read(self) -> list[SeriesSpec]:
        """Return a series for each address. Raises CollectError where the kernel refuses."""
        messages = self._link.dump(_RTM_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0))
        found = [labels_of(body) for kind, body in messages if kind == _RTM_NEWADDR]
        different = {tuple(labels.values()): labels for labels in found if labels is not None}
        return [SeriesSpec(FAMILY, labels) for labels in different.values()]

    def close(self) -> None:
        """Close the socket."""
        self._link.close()


def labels_of(body: bytes) -> dict[str, str] | None:
    """Return the labels of an address; None where it is of no IP or its device is gone."""
    _, length, _, _, index = _ADDRESS.unpack_from(body)
    facts = attributes(body, _ADDRESS.size)
    # between two machines the one of this machine is local, the other's is the address
    content = facts.get(_IFA_LOCAL) or facts.get(_IFA_ADDRESS, b"")
    device = name_of_device(index)
    if len(content) not in _LENGTHS or device is None:
        return None
    address = ipaddress.ip_address(content)
    return {"device": device, "address": str(address), "netmask": str(length), "scope": scope_of(address)}


def scope_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return how far an address reaches, in node_exporter's words."""
    if address.is_loopback or address.is_link_local:
        return "link-local"
    return "" if address.is_multicast or address.is_unspecified else "global"
