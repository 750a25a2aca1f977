from pathlib import Path

import pytest

from barograph.collectors.nvme import NvmeCollector, NvmeConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = NvmeCollector(host_in(tmp_path, "nvme"), NvmeConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_nvme_info{device="nvme0", model="Disk 9", state="live"}': 1,
        'node_nvme_namespace_info{ana_state="optimized", device="nvme0", nsid="2"}': 1,
        'node_nvme_namespace_info{ana_state="unknown", device="nvme0", nsid="1"}': 1,
        'node_nvme_namespace_logical_block_size_bytes{device="nvme0", nsid="1"}': 512,
        'node_nvme_namespace_capacity_bytes{device="nvme0", nsid="1"}': 4096,
        'node_nvme_namespace_size_bytes{device="nvme0", nsid="1"}': 4096,
        'node_nvme_namespace_used_bytes{device="nvme0", nsid="1"}': 1024,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="class/nvme does not exist"):
        NvmeCollector(host_in(tmp_path), NvmeConfig()).collect(1)

    (tmp_path / "sys/class/nvme").mkdir(parents=True)
    with pytest.raises(NoDataError):
        NvmeCollector(host_in(tmp_path), NvmeConfig()).collect(1)
