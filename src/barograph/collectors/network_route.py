"""The network_route collector: the routing tables, asked over netlink."""

import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.netlink import NETLINK_ROUTE, NetlinkSocket, attributes, name_of_device
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch

_INFO = gauge("node_network_route_info", "network routing table information")
_ROUTES = gauge("node_network_routes", "network routes by interface")

_RTM_NEWROUTE = 24
_RTM_GETROUTE = 26
_ROUTE = struct.Struct("=BBBBBBBBI")  # family, lengths of destination and source, tos, table, protocol, scope, type
_NEXT_HOP = struct.Struct("=HBBi")  # length, flags, hops, device
_UNICAST = 1
_RTA_DST = 1
_RTA_OIF = 4
_RTA_GATEWAY = 5
_RTA_PRIORITY = 6
_RTA_PREFSRC = 7
_RTA_MULTIPATH = 9
_FAMILIES = {4: socket.AF_INET, 16: socket.AF_INET6}
# include/uapi/linux/rtnetlink.h
_PROTOCOLS = {
    0: "unspec",
    1: "redirect",
    2: "kernel",
    3: "boot",
    4: "static",
    8: "gated",
    9: "ra",
    10: "mrt",
    11: "zebra",
    12: "bird",
    13: "dnrouted",
    14: "xorp",
    15: "ntk",
    16: "dhcp",
    17: "mrouted",
    42: "babel",
    186: "bgp",
    187: "isis",
    188: "ospf",
    189: "rip",
    192: "eigrp",
}


class NetworkRouteConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the network_route collector: only those of every collector."""


class NetworkRouteCollector:
    """Lists routes. See `model.protocols.Collector`."""

    name = "network_route"

    def __init__(self, host: Host, config: NetworkRouteConfig) -> None:
        del host, config  # the kernel is asked, no file, and there is nothing to set
        self._link = NetlinkSocket(NETLINK_ROUTE)
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        messages = self._link.dump(_RTM_GETROUTE, _ROUTE.pack(*[0] * 9))
        hops = [labels for kind, body in messages if kind == _RTM_NEWROUTE for labels in hops_of(body)]
        # tables may hold the same route more than once
        different = {tuple(labels.values()): labels for labels in hops}
        readings: list[Reading] = [(SeriesSpec(_INFO, labels), 1.0) for labels in different.values()]
        counts = Counter(labels["device"] for labels in hops)
        readings += [(SeriesSpec(_ROUTES, {"device": device}), float(count)) for device, count in counts.items()]
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._link.close()


def hops_of(body: bytes) -> Iterator[dict[str, str]]:
    """Yield the labels of each next hop of a route; nothing of routes that are not unicast."""
    _, length, _, _, _, protocol, _, kind, _ = _ROUTE.unpack_from(body)
    if kind != _UNICAST:
        return
    facts = attributes(body, _ROUTE.size)
    route = {
        "src": _address(facts.get(_RTA_PREFSRC, b"")),
        "dest": f"{_address(facts.get(_RTA_DST, b''))}/{length}" if length else "default",
        "priority": str(int.from_bytes(facts.get(_RTA_PRIORITY, b""), sys.byteorder)),
        "proto": _PROTOCOLS.get(protocol, "unknown"),
    }
    hops = facts.get(_RTA_MULTIPATH, b"")
    if not hops:
        device = struct.unpack("=i", facts.get(_RTA_OIF, bytes(4)))[0]
        yield {
            "device": name_of_device(device) or "",
            "gw": _address(facts.get(_RTA_GATEWAY, b"")),
            "weight": "",
            **route,
        }
    offset = 0
    while offset + _NEXT_HOP.size <= len(hops):
        size, _, weight, device = _NEXT_HOP.unpack_from(hops, offset)
        gateway = attributes(hops[offset : offset + size], _NEXT_HOP.size).get(_RTA_GATEWAY, b"")
        yield {"device": name_of_device(device) or "", "gw": _address(gateway), "weight": str(weight + 1), **route}
        offset += max((size + 3) & ~3, _NEXT_HOP.size)


def _address(content: bytes) -> str:
    family = _FAMILIES.get(len(content))
    return socket.inet_ntop(family, content) if family is not None else ""


ENTRY = CollectorEntry(
    factory=NetworkRouteCollector,
    section=NetworkRouteConfig,
    default=False,
    summary="Routing tables",
    files=("RTM_GETROUTE (netlink)",),
    families=(_INFO, _ROUTES),
)
