"""Wireless devices as JSON files tell of them, in the form of node_exporter's fixtures for its wifi collector.

Used by the wifi collector where its option `fixtures` names a folder. Names of fields are taken in any case.
"""

import binascii
from pathlib import Path
from typing import Any

import msgspec

from barograph.collectors.nl80211 import Interface, Network, Station, mac_text, mode_of
from barograph.collectors.procfs import read_error
from barograph.model.errors import CollectError, NoDataError

_HERTZ_IN_MEGAHERTZ = 1_000_000
_NANOSECONDS = 1e9


class WifiFixtures:
    """Reads `interfaces.json`, and `bss.json` and `stationinfo.json` in a folder for each device."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def interfaces(self) -> list[Interface]:
        """Return the wireless devices that have a name. Raises CollectError, NoDataError without such a file."""
        found = self._read("interfaces.json")
        return [
            Interface(
                index=i, name=facts["name"], frequency_hertz=float(facts.get("frequency", 0) * _HERTZ_IN_MEGAHERTZ)
            )
            for i, facts in enumerate(found)
            if facts.get("name")
        ]

    def network_of(self, interface: Interface) -> Network | None:
        """Return the network that a device is in, None where it is in none."""
        try:
            facts = self._read(f"{interface.name}/bss.json")[0]
        except NoDataError:
            return None
        return Network(bssid=_mac(facts, "bssid"), ssid=facts.get("ssid", ""), mode=mode_of(facts.get("status", 0)))

    def stations_of(self, interface: Interface) -> list[Station]:
        """Return the stations that a device exchanges packets with."""
        try:
            found = self._read(f"{interface.name}/stationinfo.json")
        except NoDataError:
            return []
        return [_station(facts) for facts in found]

    def close(self) -> None:
        """Do nothing: no file stays open."""

    def _read(self, name: str) -> list[dict[str, Any]]:
        """Return the objects of a file, with the names of their fields in small letters."""
        path = self._folder / name
        try:
            found = msgspec.json.decode(path.read_bytes())
        except OSError as error:
            raise read_error(path, error) from error
        except msgspec.DecodeError as error:
            raise CollectError(f"{path} is no JSON: {error}") from error
        objects = found if isinstance(found, list) else [found]
        if not all(isinstance(facts, dict) for facts in objects):
            raise CollectError(f"{path} holds something else than objects")
        return [{key.lower(): value for key, value in facts.items()} for facts in objects]


def _station(facts: dict[str, Any]) -> Station:
    return Station(
        mac_address=_mac(facts, "hardwareaddr"),
        connected_seconds=facts.get("connected", 0) / _NANOSECONDS,
        inactive_seconds=facts.get("inactive", 0) / _NANOSECONDS,
        receive_bits_per_second=float(facts.get("receivebitrate", 0)),
        transmit_bits_per_second=float(facts.get("transmitbitrate", 0)),
        received_bytes=facts.get("receivedbytes", 0),
        transmitted_bytes=facts.get("transmittedbytes", 0),
        received_packets=facts.get("receivedpackets", 0),
        transmitted_packets=facts.get("transmittedpackets", 0),
        signal_dbm=facts.get("signal", 0),
        transmit_retries=facts.get("transmitretries", 0),
        transmit_failed=facts.get("transmitfailed", 0),
        beacon_losses=facts.get("beaconloss", 0),
    )


def _mac(facts: dict[str, Any], name: str) -> str:
    """Return a hardware address, which is written in base 64."""
    return mac_text(binascii.a2b_base64(facts.get(name, "")))
