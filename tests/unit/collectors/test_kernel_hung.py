from pathlib import Path

import pytest

from barograph.collectors.kernel_hung import KernelHungCollector, KernelHungConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = KernelHungCollector(host_in(tmp_path, "kernel_hung"), KernelHungConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_kernel_hung_tasks_total": 3,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="hung_task_detect_count does not exist"):
        KernelHungCollector(host_in(tmp_path), KernelHungConfig()).collect(1)


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("proc/sys/kernel/hung_task_detect_count", "-1\n", "is not as the kernel writes it"),
    ],
)
def test_odd_content(tmp_path: Path, file: str, content: str, words: str) -> None:
    host = host_in(tmp_path, "kernel_hung")
    (tmp_path / file).write_text(content)
    with pytest.raises(CollectError, match=words):
        KernelHungCollector(host, KernelHungConfig()).collect(1)
