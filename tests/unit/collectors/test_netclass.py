from pathlib import Path

import pytest

from barograph.collectors.netclass import NetclassCollector, NetclassConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def _device(found: dict[str, float], name: str) -> dict[str, float]:
    marker = f'{{device="{name}"}}'
    return {series.split("{")[0].removeprefix("node_network_"): v for series, v in found.items() if marker in series}


def test_every_attribute_of_a_device(tmp_path: Path) -> None:
    collector = NetclassCollector(host_in(tmp_path, "netclass"), NetclassConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert _device(found, "eth0") == {
        "up": 1,
        "address_assign_type": 0,
        "carrier": 1,
        "carrier_changes_total": 4,
        "carrier_up_changes_total": 2,
        "carrier_down_changes_total": 2,
        "device_id": 31,
        "dormant": 0,
        "flags": 0x1041,
        "iface_id": 2,
        "iface_link": 2,
        "iface_link_mode": 0,
        "mtu_bytes": 9000,
        "name_assign_type": 4,
        "net_dev_group": 0,
        "speed_bytes": 3.125e9,
        "transmit_queue_length": 1000,
        "protocol_type": 1,
    }
    info = next(series for series in batch.schema.series if series.name == "node_network_info")
    assert dict(info) == {
        "__name__": "node_network_info",
        "address": "02:00:5e:10:00:01",
        "adminstate": "up",
        "broadcast": "ff:ff:ff:ff:ff:ff",
        "device": "eth0",
        "duplex": "full",
        "ifalias": "uplink",
        "operstate": "up",
    }
    assert _device(found, "wg0") == {
        "up": 0,
        "flags": 0x90,
        "iface_id": 7,
        "speed_bytes": -125000,
        "protocol_type": 65534,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_options(tmp_path: Path) -> None:
    host = host_in(tmp_path, "netclass")
    found = as_dict(NetclassCollector(host, NetclassConfig(ignore_invalid_speed=True)).collect(1))
    assert "speed_bytes" not in _device(found, "wg0")
    found = as_dict(NetclassCollector(host, NetclassConfig(ignored_devices="^wg")).collect(1))
    assert not _device(found, "wg0")
    assert _device(found, "eth0")


def test_devices_that_change_come_and_go(tmp_path: Path) -> None:
    collector = NetclassCollector(host_in(tmp_path, "netclass"), NetclassConfig())
    collector.collect(1)
    folder = tmp_path / "sys/class/net"
    (folder / "wg0/operstate").write_text("up\n")
    (folder / "gone").symlink_to("nowhere")
    found = as_dict(collector.collect(2))
    assert _device(found, "wg0")["up"] == 1
    assert _device(found, "gone") == {"up": 0}
    assert 'node_network_info{adminstate="unknown", device="gone"}' in found
    for file in (folder / "eth0").iterdir():
        file.unlink()
    (folder / "eth0").rmdir()
    assert not _device(as_dict(collector.collect(3)), "eth0")
    collector.close()


@pytest.mark.parametrize("text", ["wide", "", str(2**63), str(-(2**64))])
def test_what_is_no_number_is_0(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "netclass")
    (tmp_path / "sys/class/net/eth0/mtu").write_text(f"{text}\n")
    found = as_dict(NetclassCollector(host, NetclassConfig()).collect(1))
    assert _device(found, "eth0")["mtu_bytes"] == 0


def test_no_sysfs(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="class/net does not exist"):
        NetclassCollector(host_in(tmp_path), NetclassConfig()).collect(1)
