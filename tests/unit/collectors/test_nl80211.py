import struct

import pytest

from barograph.collectors.netlink import Message, NetlinkSocket, attribute
from barograph.collectors.nl80211 import Interface, Network, Nl80211, Station
from barograph.model.errors import CollectError, NoDataError

_FAMILY = 28
_HEADER = b"\x07\x01\0\0"
_MAC = bytes.fromhex("020000000001")


def _u16(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=H", value))


def _u32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


_WLAN0 = _u32(3, 5) + attribute(4, b"wlan0\0") + _u32(38, 5180)
_NAMELESS = _u32(38, 2412)
_ELEMENTS = bytes([1, 2, 0x82, 0x84, 0, 4]) + b"home" + bytes([3, 1, 6])
_BSS = attribute(1, _MAC) + attribute(6, _ELEMENTS)
_COUNTS = (
    _u32(16, 60)
    + _u32(1, 250)
    + _u32(2, 11)
    + attribute(23, struct.pack("=Q", 2**33))
    + _u32(3, 12)
    + _u32(9, 13)
    + _u32(10, 14)
    + _u32(11, 15)
    + _u32(12, 16)
    + _u32(18, 17)
    + attribute(7, struct.pack("=b", -52))
    + attribute(8, _u16(1, 1300))
    + attribute(14, _u16(1, 9) + _u32(5, 8667))
)
_INTERFACE = Interface(index=5, name="wlan0", frequency_hertz=5.18e9)


class _Kernel:
    """Answers by command as a kernel would; a command without an answer is not supported."""

    def __init__(self) -> None:
        self.answers: dict[int, list[bytes] | Exception] = {
            5: [_WLAN0, _NAMELESS],
            32: [attribute(47, attribute(1, b"\xff" * 6)), attribute(47, _BSS + _u32(9, 1))],
            17: [attribute(6, _MAC) + attribute(21, _COUNTS), _u32(3, 5)],
        }
        self.families = 0
        self.loaded = True

    def ask(self, kind: int, body: bytes) -> list[Message]:
        assert kind == 16
        assert b"nl80211\0" in body
        self.families += 1
        if not self.loaded:
            raise NoDataError("no such thing")
        return [Message(kind, _HEADER + attribute(2, b"nl80211\0") + _u16(1, _FAMILY))]

    def dump(self, kind: int, body: bytes) -> list[Message]:
        assert kind == _FAMILY
        answer = self.answers[body[0]]
        if isinstance(answer, Exception):
            raise answer
        return [Message(kind, _HEADER + part) for part in answer]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> _Kernel:
    kernel = _Kernel()
    monkeypatch.setattr(NetlinkSocket, "ask", kernel.ask)
    monkeypatch.setattr(NetlinkSocket, "dump", kernel.dump)
    return kernel


def test_devices_with_a_name(kernel: _Kernel) -> None:
    asking = Nl80211()
    assert asking.interfaces() == asking.interfaces() == [_INTERFACE]
    assert kernel.families == 1
    asking.close()


def test_the_network_that_a_device_is_in(kernel: _Kernel) -> None:
    asking = Nl80211()
    asking.interfaces()
    assert asking.network_of(_INTERFACE) == Network(bssid="02:00:00:00:00:01", ssid="home", mode="client")
    kernel.answers[32] = [attribute(47, attribute(1, _MAC) + attribute(6, b"\x01\x01x") + _u32(9, 2))]
    assert asking.network_of(_INTERFACE) == Network(bssid="02:00:00:00:00:01", ssid="", mode="ad-hoc")
    kernel.answers[32] = [attribute(47, _BSS + _u32(9, 9))]
    assert asking.network_of(_INTERFACE) == Network(bssid="02:00:00:00:00:01", ssid="home", mode="unknown")
    kernel.answers[32] = [attribute(47, _BSS)]
    assert asking.network_of(_INTERFACE) is None
    kernel.answers[32] = NoDataError("not supported")
    assert asking.network_of(_INTERFACE) is None


def test_stations(kernel: _Kernel) -> None:
    asking = Nl80211()
    asking.interfaces()
    assert asking.stations_of(_INTERFACE) == [
        Station(
            mac_address="02:00:00:00:00:01",
            connected_seconds=60,
            inactive_seconds=0.25,
            receive_bits_per_second=866.7e6,
            transmit_bits_per_second=130e6,
            received_bytes=2**33,
            transmitted_bytes=12,
            received_packets=13,
            transmitted_packets=14,
            signal_dbm=-52,
            transmit_retries=15,
            transmit_failed=16,
            beacon_losses=17,
        )
    ]
    kernel.answers[17] = [attribute(6, _MAC)]
    assert asking.stations_of(_INTERFACE) == [Station(mac_address="02:00:00:00:00:01")]


def test_a_module_that_is_not_loaded_or_loaded_again(kernel: _Kernel) -> None:
    asking = Nl80211()
    kernel.loaded = False
    with pytest.raises(NoDataError, match="no wireless devices"):
        asking.interfaces()
    kernel.loaded = True
    kernel.answers[5] = CollectError("invalid family")
    with pytest.raises(CollectError, match="invalid family"):
        asking.interfaces()
    kernel.answers[5] = [_WLAN0]
    assert asking.interfaces() == [_INTERFACE]
    assert kernel.families == 3
