from pathlib import Path

import pytest

from barograph.collectors.ethtool import EthtoolCollector, EthtoolConfig, metric_name
from barograph.collectors.procfs import Paths
from barograph.model.batch import MetricType
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, families_of, host_in, host_of
from helpers.ethtool import FakeDrivers


@pytest.fixture
def drivers(monkeypatch: pytest.MonkeyPatch) -> FakeDrivers:
    return FakeDrivers().install(monkeypatch)


def _of(found: dict[str, float]) -> dict[str, float]:
    return {name.removesuffix('{device="eth7"}'): value for name, value in found.items()}


def test_everything_that_a_driver_tells(tmp_path: Path, drivers: FakeDrivers) -> None:
    collector = EthtoolCollector(host_in(tmp_path, "ethtool"), EthtoolConfig())
    batch = collector.collect(1)
    assert _of(as_dict(batch)) == {
        'node_ethtool_info{bus_info="0000:01:00.0", device="eth7", driver="mlx5_core", firmware_version="16.35", '
        'version="6.1"}': 1,
        "node_ethtool_received_bytes_total": 1,
        "node_ethtool_transmitted_queue_0_drops": 2,
        "node_ethtool_odd_received_name": 3,
        "node_network_autonegotiate": 1,
        "node_network_autonegotiate_supported": 0,
        "node_network_autonegotiate_advertised": 1,
        "node_network_pause_supported": 1,
        "node_network_pause_advertised": 0,
        "node_network_asymmetricpause_supported": 0,
        "node_network_asymmetricpause_advertised": 0,
        'node_network_supported_port_info{device="eth7", type="TP"}': 1,
        'node_network_supported_speed_bytes{device="eth7", duplex="full", mode="1000baseT"}': 125e6,
        'node_network_advertised_speed_bytes{device="eth7", duplex="full", mode="1000baseT"}': 125e6,
    }
    family = families_of(batch)["node_ethtool_transmitted_queue_0_drops"]
    assert (family.type, family.help) == (MetricType.UNTYPED, "Network interface tx_queue_0_drops")
    assert collector.collect(2).schema is batch.schema
    assert drivers.names_asked == 1
    collector.close()


def test_drivers_that_change_fail_or_count_nothing(tmp_path: Path, drivers: FakeDrivers) -> None:
    collector = EthtoolCollector(host_in(tmp_path, "ethtool"), EthtoolConfig())
    collector.collect(1)
    drivers.counters["tx_errors"] = 5
    assert _of(as_dict(collector.collect(2)))["node_ethtool_transmitted_errors_total"] == 5
    drivers.fails = True
    assert not [name for name in _of(as_dict(collector.collect(3))) if "transmitted" in name]
    drivers.fails, drivers.counters = False, {}
    assert len([name for name in _of(as_dict(collector.collect(4))) if "ethtool" in name]) == 1


def test_filters(tmp_path: Path, drivers: FakeDrivers) -> None:
    host = host_in(tmp_path, "ethtool")
    found = _of(as_dict(EthtoolCollector(host, EthtoolConfig(metrics_include="^rx_")).collect(1)))
    assert "node_ethtool_received_bytes_total" in found
    assert "node_ethtool_transmitted_queue_0_drops" not in found
    assert as_dict(EthtoolCollector(host, EthtoolConfig(device_exclude="^eth")).collect(1)) == {}
    assert drivers.names_asked == 1
    with pytest.raises(NoDataError, match="class/net does not exist"):
        EthtoolCollector(host_in(tmp_path / "none"), EthtoolConfig()).collect(1)


@pytest.mark.parametrize(
    ("counter", "name"),
    [
        ("rx0_drops", "rx0_drops"),
        ("tx_tx_timeouts", "transmitted_tx_timeouts"),
        ("rx_xdp_tx", "received_xdp_transmitted"),
        ("[0]: Tx packets", "0_transmitted_packets"),
        ("rx", "received"),
    ],
)
def test_names_as_node_exporter_makes_them(counter: str, name: str) -> None:
    assert metric_name(counter) == name


def test_the_running_kernel_answers() -> None:
    collector = EthtoolCollector(host_of(Paths()), EthtoolConfig())
    batch = collector.collect(1)
    assert len(set(batch.schema.series)) == len(batch.schema)
    assert collector.collect(2).schema is batch.schema
    collector.close()
