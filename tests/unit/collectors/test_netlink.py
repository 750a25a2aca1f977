import socket
import struct

import pytest

from barograph.collectors.netlink import (
    NETLINK_ROUTE,
    NetlinkSocket,
    attribute,
    attributes,
    each_attribute,
    name_of_device,
)
from barograph.model.errors import CollectError, NoDataError

_RTM_GETLINK, _RTM_NEWLINK, _IFLA_IFNAME = 18, 16, 3
_LINK = struct.Struct("=BBHiII")


def test_the_running_kernels_devices_are_listed() -> None:
    link = NetlinkSocket(NETLINK_ROUTE)
    found = link.dump(_RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0, 0))
    assert {message.kind for message in found} == {_RTM_NEWLINK}
    names = {attributes(body, _LINK.size)[_IFLA_IFNAME].rstrip(b"\0").decode() for _, body in found}
    assert names == {name for _, name in socket.if_nameindex()}
    one = link.ask(_RTM_GETLINK, _LINK.pack(0, 0, 0, 1, 0, 0))
    assert len(one) == 1
    assert attributes(one[0].body, _LINK.size)[_IFLA_IFNAME] == b"lo\0"
    link.close()
    link.close()


def test_what_the_kernel_refuses() -> None:
    link = NetlinkSocket(NETLINK_ROUTE)
    with pytest.raises(CollectError, match="netlink protocol 0, request 18: No such device"):
        link.ask(_RTM_GETLINK, _LINK.pack(0, 0, 0, 2**30, 0, 0))
    with pytest.raises(NoDataError, match="no such thing here"):
        NetlinkSocket(99).dump(1, b"")


class _Answering:
    """A socket that answers with what it was given; the last part is for the wrong request."""

    def __init__(self, *datagrams: bytes) -> None:
        self._datagrams = list(datagrams)

    def settimeout(self, seconds: float) -> None:
        pass

    def bind(self, address: tuple[int, int]) -> None:
        pass

    def send(self, data: bytes) -> None:
        pass

    def recv(self, size: int) -> bytes:
        del size
        if not self._datagrams:
            raise TimeoutError("timed out")
        return self._datagrams.pop(0)

    def close(self) -> None:
        pass


def _message(kind: int, sequence: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 2, sequence, 0) + body


def test_answers_of_requests_that_were_given_up_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    stale, mine = _message(16, 0, b"old!"), _message(16, 1, b"mine")
    answering = _Answering(stale + mine, _message(3, 1, b""))
    monkeypatch.setattr(socket, "socket", lambda *_: answering)
    link = NetlinkSocket(NETLINK_ROUTE)
    assert link.dump(1, b"") == [(16, b"mine")]
    with pytest.raises(CollectError, match="timed out"):
        link.dump(1, b"")


def test_attributes() -> None:
    body = b"head" + attribute(1, b"abc") + attribute(2 | 0x8000, b"") + attribute(1, b"d")
    assert list(each_attribute(body, 4)) == [(1, b"abc"), (2, b""), (1, b"d")]
    assert attributes(body, 4) == {1: b"d", 2: b""}
    assert list(each_attribute(attribute(1, b"abcd")[:-1])) == []
    assert list(each_attribute(struct.pack("=HH", 2, 1))) == []


def test_names_of_devices() -> None:
    assert name_of_device(1) == "lo"
    assert name_of_device(2**30) is None
