import socket
import struct
from pathlib import Path

import pytest

from barograph.collectors.netlink import Message, NetlinkSocket, attribute
from barograph.collectors.network_route import NetworkRouteCollector, NetworkRouteConfig, hops_of
from helpers.collectors import as_dict, host_in


def _route(*parts: bytes, length: int = 0, protocol: int = 3, kind: int = 1) -> bytes:
    return struct.pack("=BBBBBBBBI", 2, length, 0, 0, 254, protocol, 0, kind, 0) + b"".join(parts)


def _index(kind: int, index: int) -> bytes:
    return attribute(kind, struct.pack("=i", index))


def _address(kind: int, text: str) -> bytes:
    return attribute(kind, socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text))


_DEFAULT = _route(_index(4, 1), _address(5, "10.0.0.1"), _index(6, 100))
_NETWORK = _route(_index(4, 1), _address(1, "2001:db8::"), _address(7, "2001:db8::2"), length=64, protocol=2)


def test_a_route_with_a_gateway_and_one_without() -> None:
    expected = {"device": "lo", "gw": "10.0.0.1", "weight": "", "src": "", "dest": "default", "priority": "100"}
    assert list(hops_of(_DEFAULT)) == [{**expected, "proto": "boot"}]
    assert list(hops_of(_NETWORK)) == [
        {
            "device": "lo",
            "gw": "",
            "weight": "",
            "src": "2001:db8::2",
            "dest": "2001:db8::/64",
            "priority": "0",
            "proto": "kernel",
        }
    ]


def test_each_hop_of_a_route_with_many() -> None:
    gateways = [_address(5, "10.0.0.1"), b""]
    hops = b"".join(
        struct.pack("=HBBi", 8 + len(gateway), 0, weight, index) + gateway
        for gateway, weight, index in zip(gateways, (0, 9), (1, 2**30), strict=True)
    )
    found = list(hops_of(_route(attribute(9, hops), _address(1, "10.1.0.0"), length=16, protocol=250)))
    assert [(hop["device"], hop["gw"], hop["weight"]) for hop in found] == [("lo", "10.0.0.1", "1"), ("", "", "10")]
    assert {(hop["dest"], hop["proto"]) for hop in found} == {("10.1.0.0/16", "unknown")}


def test_only_routes_to_a_machine_or_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local, other = _route(_index(4, 1), kind=2), Message(3, b"")
    answer = [Message(24, _DEFAULT), Message(24, _DEFAULT), Message(24, _NETWORK), Message(24, local), other]
    monkeypatch.setattr(NetlinkSocket, "dump", lambda *_: answer)
    batch = NetworkRouteCollector(host_in(tmp_path), NetworkRouteConfig()).collect(1)
    found = as_dict(batch)
    assert len(found) == 3, "the same route in two tables is shown once"
    assert found['node_network_routes{device="lo"}'] == 3


def test_the_running_kernel_answers(tmp_path: Path) -> None:
    collector = NetworkRouteCollector(host_in(tmp_path), NetworkRouteConfig())
    batch = collector.collect(1)
    assert batch.source == "network_route"
    assert collector.collect(2).schema.series == batch.schema.series
    collector.close()
