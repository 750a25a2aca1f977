from pathlib import Path

import pytest

from barograph.collectors.infiniband import InfinibandCollector, InfinibandConfig
from barograph.collectors.infiniband_counters import COUNTERS, HARDWARE_COUNTERS
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def _of(found: dict[str, float], device: str) -> dict[str, float]:
    labels = f'{{device="{device}", port="1"}}'
    return {name.removesuffix(labels): value for name, value in found.items() if name.endswith(labels)}


def test_every_counter_of_a_port(tmp_path: Path) -> None:
    collector = InfinibandCollector(host_in(tmp_path, "infiniband"), InfinibandConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    port = _of(found, "mlx5_0")
    assert port["node_infiniband_state_id"] == 4
    assert port["node_infiniband_physical_state_id"] == 5
    assert port["node_infiniband_rate_bytes_per_second"] == 25e9
    assert port["node_infiniband_lifespan_seconds"] == 10
    counted = {one.family.name: float(i * one.factor) for i, one in enumerate((*COUNTERS, *HARDWARE_COUNTERS), 1)}
    assert port.items() >= counted.items()
    assert port["node_infiniband_port_data_received_bytes_total"] == 28
    labels = 'board_id="MT_0000000359", device="mlx5_0", firmware_version="20.31.1014", hca_type="MT4123"'
    assert found[f"node_infiniband_info{{{labels}}}"] == 1
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_drivers_that_count_little(tmp_path: Path) -> None:
    found = as_dict(InfinibandCollector(host_in(tmp_path, "infiniband"), InfinibandConfig()).collect(1))
    assert _of(found, "rxe0") == {
        "node_infiniband_state_id": 1,
        "node_infiniband_physical_state_id": 3,
        "node_infiniband_rate_bytes_per_second": 312500000,
        "node_infiniband_symbol_error_total": 2,
    }
    assert found['node_infiniband_info{device="rxe0"}'] == 1


def test_no_adapter_and_odd_values(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="infiniband does not exist"):
        InfinibandCollector(host_in(tmp_path), InfinibandConfig()).collect(1)
    host = host_in(tmp_path, "infiniband")
    folder = tmp_path / "sys/class/infiniband/rxe0/ports/1"
    (folder / "counters/symbol_error").write_text("odd")
    with pytest.raises(CollectError, match="rxe0/ports/1: invalid literal"):
        InfinibandCollector(host, InfinibandConfig()).collect(1)
    (folder / "state").write_text("ACTIVE")
    with pytest.raises(CollectError, match="not a state with its number"):
        InfinibandCollector(host, InfinibandConfig()).collect(1)
