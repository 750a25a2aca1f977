import ipaddress
import struct

import pytest

from barograph.collectors.netlink import Message, NetlinkSocket, attribute
from barograph.collectors.network_addresses import NetworkAddresses, labels_of, scope_of


def _message(length: int, index: int, *parts: bytes) -> bytes:
    return struct.pack("=BBBBI", 2, length, 0, 0, index) + b"".join(parts)


def _packed(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def test_addresses_of_either_version() -> None:
    assert labels_of(_message(24, 1, attribute(1, _packed("10.0.0.1")), attribute(2, _packed("10.0.0.2")))) == {
        "device": "lo",
        "address": "10.0.0.2",
        "netmask": "24",
        "scope": "global",
    }
    assert labels_of(_message(64, 1, attribute(1, _packed("fe80::1")))) == {
        "device": "lo",
        "address": "fe80::1",
        "netmask": "64",
        "scope": "link-local",
    }
    assert labels_of(_message(24, 1, attribute(1, b"odd"))) is None
    assert labels_of(_message(24, 2**30, attribute(1, _packed("10.0.0.1")))) is None


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("127.0.0.1", "link-local"),
        ("169.254.1.1", "link-local"),
        ("192.168.0.1", "global"),
        ("ff02::1", ""),
        ("::", ""),
    ],
)
def test_how_far_an_address_reaches(address: str, scope: str) -> None:
    assert scope_of(ipaddress.ip_address(address)) == scope


def test_an_address_that_is_told_twice_is_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Message(20, _message(8, 1, attribute(2, _packed("127.0.0.1"))))
    odd = Message(20, _message(8, 1))
    monkeypatch.setattr(NetlinkSocket, "dump", lambda *_: [told, told, odd, Message(3, b"")])
    assert len(NetworkAddresses().read()) == 1
