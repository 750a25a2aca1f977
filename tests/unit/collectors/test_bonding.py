from pathlib import Path

import pytest

from barograph.collectors.bonding import BondingCollector, BondingConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def _of(found: dict[str, float], master: str) -> tuple[float, float]:
    return found[f'node_bonding_slaves{{master="{master}"}}'], found[f'node_bonding_active{{master="{master}"}}']


def test_devices_of_bonds_under_either_name(tmp_path: Path) -> None:
    collector = BondingCollector(host_in(tmp_path, "bonding"), BondingConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert (_of(found, "bond7"), _of(found, "bond8"), _of(found, "idle")) == ((2, 1), (1, 1), (0, 0))
    assert collector.collect(2).schema is batch.schema
    (tmp_path / "sys/class/net/bond7/lower_ens2/bonding_slave/mii_status").write_text("up\n")
    assert _of(as_dict(collector.collect(3)), "bond7") == (2, 2)
    collector.close()


def test_no_bonds_and_one_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="bonding_masters"):
        BondingCollector(host_in(tmp_path / "none"), BondingConfig()).collect(1)
    host = host_in(tmp_path, "bonding")
    (tmp_path / "sys/class/net/bond8/slave_ens3/bonding_slave/mii_status").unlink()
    with pytest.raises(NoDataError, match="slave_ens3"):
        BondingCollector(host, BondingConfig()).collect(1)
