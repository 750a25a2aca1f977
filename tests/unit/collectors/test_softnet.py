from pathlib import Path

import pytest

from barograph.collectors.softnet import FAMILIES, SoftnetCollector, SoftnetConfig
from barograph.model.errors import CollectError
from helpers.collectors import as_dict, host_in


def _of(found: dict[str, float], cpu: str) -> list[float]:
    return [found[f'{family.name}{{cpu="{cpu}"}}'] for family in FAMILIES]


def test_each_cpu_under_its_own_number(tmp_path: Path) -> None:
    collector = SoftnetCollector(host_in(tmp_path, "softnet"), SoftnetConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert _of(found, "0") == [0x231AFC, 2, 3, 4, 5, 6, 7]
    assert _of(found, "11") == [0x1BE743, 0, 1, 0, 0, 0, 10]
    assert collector.collect(2).schema is batch.schema
    path = tmp_path / "proc/net/softnet_stat"
    path.write_text(path.read_text().replace("0000000b", "00000002"))
    assert _of(as_dict(collector.collect(3)), "2")[0] == 0x1BE743
    collector.close()


@pytest.mark.parametrize(("width", "last"), [(9, 4), (10, 5), (11, 6), (12, 6)])
def test_old_kernels_count_less(tmp_path: Path, width: int, last: int) -> None:
    host = host_in(tmp_path, "softnet")
    path = tmp_path / "proc/net/softnet_stat"
    path.write_text("\n".join(" ".join(line.split()[:width]) for line in path.read_text().splitlines()))
    found = _of(as_dict(SoftnetCollector(host, SoftnetConfig()).collect(1)), "0")
    assert found == [0x231AFC, 2, 3, 4, 5, 6, 0][:last] + [0] * (7 - last)
    assert _of(as_dict(SoftnetCollector(host, SoftnetConfig()).collect(1)), "1")[0] == 0x1BE743


@pytest.mark.parametrize("text", ["", "1 2 3\n", " ".join(["0"] * 8 + ["x"]), " ".join(["0"] * 12 + ["x"])])
def test_what_is_no_softnet_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "softnet")
    (tmp_path / "proc/net/softnet_stat").write_text(text)
    with pytest.raises(CollectError, match="softnet_stat"):
        SoftnetCollector(host, SoftnetConfig()).collect(1)
