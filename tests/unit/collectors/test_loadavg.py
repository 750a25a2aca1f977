from pathlib import Path

import pytest

from barograph.collectors.loadavg import LoadavgCollector, LoadavgConfig
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, host_in


def test_the_three_averages(tmp_path: Path) -> None:
    collector = LoadavgCollector(host_in(tmp_path, "loadavg"), LoadavgConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {"node_load1": 0.08, "node_load5": 0.05, "node_load15": 1.06}
    assert collector.collect(2).schema is batch.schema
    collector.close()


@pytest.mark.parametrize("text", ["", "0.1 0.2\n", "a b c 1/2 3\n"])
def test_what_is_no_loadavg_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "loadavg")
    (tmp_path / "proc/loadavg").write_text(text)
    with pytest.raises(CollectError, match="loadavg does not open with three numbers"):
        LoadavgCollector(host, LoadavgConfig()).collect(1)
