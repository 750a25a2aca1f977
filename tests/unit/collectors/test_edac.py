# ruff: noqa: E501  a series stands in one line
from pathlib import Path

import pytest

from barograph.collectors.edac import EdacCollector, EdacConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = EdacCollector(host_in(tmp_path, "edac"), EdacConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_edac_correctable_errors_total{controller="0"}': 1,
        'node_edac_uncorrectable_errors_total{controller="0"}': 2,
        'node_edac_csrow_correctable_errors_total{controller="0", csrow="unknown"}': 3,
        'node_edac_csrow_uncorrectable_errors_total{controller="0", csrow="unknown"}': 7,
        'node_edac_csrow_correctable_errors_total{controller="0", csrow="0"}': 4,
        'node_edac_csrow_uncorrectable_errors_total{controller="0", csrow="0"}': 8,
        'node_edac_channel_correctable_errors_total{channel="0", controller="0", csrow="0", dimm_label="mc0_csrow0_channel0"}': 5,
        'node_edac_channel_uncorrectable_errors_total{channel="0", controller="0", csrow="0", dimm_label="mc0_csrow0_channel0"}': 9,
        'node_edac_channel_uncorrectable_errors_total{channel="1", controller="0", csrow="0"}': 6,
        'node_edac_csrow_correctable_errors_total{controller="0", csrow="1"}': 10,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="edac/mc does not exist"):
        EdacCollector(host_in(tmp_path), EdacConfig()).collect(1)

    (tmp_path / "sys/devices/system/edac/mc/power").mkdir(parents=True)
    with pytest.raises(NoDataError):
        EdacCollector(host_in(tmp_path), EdacConfig()).collect(1)
