import math
from pathlib import Path

import pytest

from barograph.collectors.netdev import NetdevCollector, NetdevConfig
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, families_of, host_in


def test_every_column_of_every_device(tmp_path: Path) -> None:
    batch = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig()).collect(1)
    found = as_dict(batch)
    eth0 = {name.split("{")[0].removeprefix("node_network_"): v for name, v in found.items() if '"eth0"' in name}
    assert eth0 == {
        "receive_bytes_total": 417164957,
        "receive_packets_total": 12273,
        "receive_errs_total": 1,
        "receive_drop_total": 2,
        "receive_fifo_total": 3,
        "receive_frame_total": 4,
        "receive_compressed_total": 5,
        "receive_multicast_total": 6,
        "transmit_bytes_total": 752569,
        "transmit_packets_total": 7616,
        "transmit_errs_total": 7,
        "transmit_drop_total": 8,
        "transmit_fifo_total": 9,
        "transmit_colls_total": 10,
        "transmit_carrier_total": 11,
        "transmit_compressed_total": 12,
        "receive_nohandler_total": 17,
    }
    assert found['node_network_receive_bytes_total{device="lo"}'] == 3193
    assert found['node_network_transmit_compressed_total{device="veth1a"}'] == 16
    assert {family.type for family in families_of(batch).values()} == {MetricType.COUNTER}


def test_a_kernel_without_statistics_in_sysfs(tmp_path: Path) -> None:
    host = host_in(tmp_path, "netdev")
    (tmp_path / "sys/class/net/eth0/statistics/rx_nohandler").unlink()
    batch = NetdevCollector(host, NetdevConfig()).collect(1)
    assert "node_network_receive_nohandler_total" not in families_of(batch)
    assert len(batch.schema) == 3 * 16


def test_filters(tmp_path: Path) -> None:
    batch = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig(device_exclude="^(lo|veth.*)$")).collect(1)
    assert {labels.get("device") for labels in batch.schema.series} == {"eth0"}
    with pytest.raises(NoDataError, match="no network device"):
        NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig(device_include="^x")).collect(1)


def test_devices_that_come_go_or_are_renamed(tmp_path: Path) -> None:
    collector = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig())
    schema = collector.collect(1).schema
    path = tmp_path / "proc/net/dev"
    text = path.read_text()
    path.write_text(text.replace("3193      29", "4000      30"))
    again = collector.collect(2)
    assert again.schema is schema
    assert as_dict(again)['node_network_receive_bytes_total{device="lo"}'] == 4000
    path.write_text(text.replace("veth1a", "veth1b"))
    renamed = collector.collect(3)
    assert 'node_network_receive_bytes_total{device="veth1b"}' in as_dict(renamed)
    path.write_text("\n".join(text.split("\n")[:4]) + "\n")
    fewer = collector.collect(4)
    assert {labels.get("device") for labels in fewer.schema.series} == {"lo", "eth0"}
    collector.close()


def test_a_device_that_goes_between_two_reads(tmp_path: Path) -> None:
    collector = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig())
    schema = collector.collect(1).schema
    (tmp_path / "sys/class/net/eth0/statistics/rx_nohandler").write_text("odd")
    batch = collector.collect(2)
    assert batch.schema is schema
    assert math.isnan(as_dict(batch)['node_network_receive_nohandler_total{device="eth0"}'])


def test_a_counter_that_stops_being_a_number(tmp_path: Path) -> None:
    collector = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig())
    collector.collect(1)
    path = tmp_path / "proc/net/dev"
    path.write_text(path.read_text().replace("417164957", "odd"))
    with pytest.raises(CollectError, match="not a number"):
        collector.collect(2)


def test_addresses_of_all_devices_where_asked_for(tmp_path: Path) -> None:
    collector = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig(address_info=True))
    batch = collector.collect(1)
    found = as_dict(batch)
    loopback = 'node_network_address_info{address="127.0.0.1", device="lo", netmask="8", scope="link-local"}'
    assert found[loopback] == 1
    assert found['node_network_receive_nohandler_total{device="eth0"}'] == 17
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_without_netlink_unwanted_packets_are_not_shown(tmp_path: Path) -> None:
    batch = NetdevCollector(host_in(tmp_path, "netdev"), NetdevConfig(netlink=False)).collect(1)
    assert "node_network_receive_nohandler_total" not in families_of(batch)
    assert len(batch.schema) == 3 * 16
