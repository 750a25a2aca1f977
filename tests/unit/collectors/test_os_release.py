from pathlib import Path

import pytest

from barograph.collectors.os_release import OsCollector, OsConfig
from barograph.collectors.procfs import Paths
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in, host_of


def collector_in(folder: Path) -> OsCollector:
    paths = Paths(procfs=folder / "proc", sysfs=folder / "sys", rootfs=folder)
    return OsCollector(host_of(paths), OsConfig())


def test_a_distribution(tmp_path: Path) -> None:
    host_in(tmp_path, "os")
    collector = collector_in(tmp_path)
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_os_info{id="alpine", name="Alpine Linux", pretty_name="Alpine Linux v3.20", version_id="3.20.3"}': 1,
        'node_os_version{id="alpine", name="Alpine Linux"}': 3.2,
        "node_os_support_end_timestamp_seconds": 1_775_001_600,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_odd_files(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="neither"):
        collector_in(tmp_path).collect(1)
    folder = tmp_path / "usr/lib"
    folder.mkdir(parents=True)
    (folder / "os-release").write_text('ID="half\nNAME=Rolling\nVERSION_ID=rolling\nno assignment\n')
    assert list(as_dict(collector_in(tmp_path).collect(1))) == [
        'node_os_info{id="\\"half", name="Rolling", version_id="rolling"}'
    ]
    (folder / "os-release").write_text("SUPPORT_END=soon\n")
    with pytest.raises(CollectError, match="SUPPORT_END is 'soon', no date"):
        collector_in(tmp_path).collect(1)
    (folder / "os-release").unlink()
    (folder / "os-release").mkdir()
    with pytest.raises(CollectError, match="cannot be read"):
        collector_in(tmp_path).collect(1)
