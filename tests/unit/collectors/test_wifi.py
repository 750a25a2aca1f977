from pathlib import Path

import pytest

from barograph.collectors.wifi import WifiCollector, WifiConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import FIXTURES, as_dict, host_in


def test_devices_networks_and_stations(tmp_path: Path) -> None:
    collector = WifiCollector(host_in(tmp_path), WifiConfig(fixtures=str(FIXTURES / "wifi")))
    found = as_dict(collector.collect(1))
    assert found.pop('node_wifi_interface_frequency_hertz{device="wlp2s0"}') == 5.18e9
    assert found.pop('node_wifi_interface_frequency_hertz{device="mon0"}') == 2.437e9
    info = 'node_wifi_station_info{bssid="02:00:00:00:00:01", device="wlp2s0", mode="client", ssid="upstairs"}'
    assert found.pop(info) == 1
    labels = '{device="wlp2s0", mac_address="02:00:00:00:00:01"}'
    assert {name.removeprefix("node_wifi_station_").removesuffix(labels): value for name, value in found.items()} == {
        "connected_seconds_total": 2.5,
        "inactive_seconds": 0.04,
        "receive_bits_per_second": 866.7e6,
        "transmit_bits_per_second": 780e6,
        "receive_bytes_total": 1,
        "transmit_bytes_total": 2,
        "received_packets_total": 3,
        "transmitted_packets_total": 4,
        "signal_dbm": -61,
        "transmit_retries_total": 5,
        "transmit_failed_total": 6,
        "beacon_loss_total": 7,
    }
    collector.close()


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    collector = WifiCollector(host_in(tmp_path), WifiConfig(fixtures=str(tmp_path)))
    with pytest.raises(NoDataError, match=r"interfaces\.json"):
        collector.collect(1)
    for text, message in (("{", "is no JSON"), ("[1]", "something else than objects")):
        (tmp_path / "interfaces.json").write_text(text)
        with pytest.raises(CollectError, match=message):
            collector.collect(1)
    (tmp_path / "interfaces.json").write_text('{"name": "wlan0"}')
    assert as_dict(collector.collect(1)) == {'node_wifi_interface_frequency_hertz{device="wlan0"}': 0}


def test_the_running_kernel_answers(tmp_path: Path) -> None:
    collector = WifiCollector(host_in(tmp_path), WifiConfig())
    try:
        assert collector.collect(1).source == "wifi"
    except NoDataError as error:
        assert "no wireless devices" in str(error)
    collector.close()
