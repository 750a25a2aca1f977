# ruff: noqa: E501  a series stands in one line
from pathlib import Path

import pytest

from barograph.collectors.pcidevice import PcideviceCollector, PcideviceConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = PcideviceCollector(host_in(tmp_path, "pcidevice"), PcideviceConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_pcidevice_info{bus="00", class_id="0x060400", device="02", function="1", parent_bus="*", parent_device="*", parent_function="*", parent_segment="*", segment="0000", vendor_id="0x1022"}': 1,
        'node_pcidevice_max_link_transfers_per_second{bus="00", device="02", function="1", segment="0000"}': 16000000000,
        'node_pcidevice_max_link_width{bus="00", device="02", function="1", segment="0000"}': 4,
        'node_pcidevice_numa_node{bus="00", device="02", function="1", segment="0000"}': 1,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="D0"}': 0,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="D1"}': 0,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="D2"}': 0,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="D3hot"}': 1,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="D3cold"}': 0,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="unknown"}': 0,
        'node_pcidevice_power_state{bus="00", device="02", function="1", segment="0000", state="error"}': 0,
        'node_pcidevice_info{bus="00", device="03", function="0", parent_bus="*", parent_device="*", parent_function="*", parent_segment="*", segment="0000"}': 1,
        'node_pcidevice_current_link_transfers_per_second{bus="00", device="03", function="0", segment="0000"}': 2500000000,
        'node_pcidevice_max_link_width{bus="00", device="03", function="0", segment="0000"}': 0,
        'node_pcidevice_current_link_width{bus="00", device="03", function="0", segment="0000"}': 1,
        'node_pcidevice_d3cold_allowed{bus="00", device="03", function="0", segment="0000"}': 2,
        'node_pcidevice_sriov_drivers_autoprobe{bus="00", device="03", function="0", segment="0000"}': 3,
        'node_pcidevice_sriov_numvfs{bus="00", device="03", function="0", segment="0000"}': 4,
        'node_pcidevice_sriov_totalvfs{bus="00", device="03", function="0", segment="0000"}': 5,
        'node_pcidevice_sriov_vf_total_msix{bus="00", device="03", function="0", segment="0000"}': 6,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="pci/devices does not exist"):
        PcideviceCollector(host_in(tmp_path), PcideviceConfig()).collect(1)

    (tmp_path / "sys/bus/pci/devices/x").mkdir(parents=True)
    with pytest.raises(NoDataError):
        PcideviceCollector(host_in(tmp_path), PcideviceConfig()).collect(1)
