from pathlib import Path

import pytest

from barograph.collectors.dmi import DmiCollector, DmiConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = DmiCollector(host_in(tmp_path, "dmi"), DmiConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_dmi_info{product_name="\x1cBox", system_vendor="Some Maker"}': 1,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="dmi/id does not exist"):
        DmiCollector(host_in(tmp_path), DmiConfig()).collect(1)


def test_what_is_roots_alone_is_left_out(tmp_path: Path) -> None:
    host = host_in(tmp_path, "dmi")
    (tmp_path / "sys/class/dmi/id/product_serial").mkdir()
    batch = DmiCollector(host, DmiConfig()).collect(1)
    assert batch.schema.series[0].get("product_serial") == ""
