from pathlib import Path

import pytest

from barograph.collectors.cgroups import CgroupsCollector, CgroupsConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = CgroupsCollector(host_in(tmp_path, "cgroups"), CgroupsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_cgroups_cgroups{subsys_name="cpuset"}': 47,
        'node_cgroups_enabled{subsys_name="cpuset"}': 1,
        'node_cgroups_cgroups{subsys_name="memory"}': 1,
        'node_cgroups_enabled{subsys_name="memory"}': 0,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="cgroups does not exist"):
        CgroupsCollector(host_in(tmp_path), CgroupsConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/cgroups", "cpu 1\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "cgroups")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        CgroupsCollector(host, CgroupsConfig()).collect(1)
