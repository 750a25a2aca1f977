from pathlib import Path

import pytest

from barograph.collectors.vmstat import VmstatCollector, VmstatConfig
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError, ConfigError, NoDataError
from helpers.collectors import as_dict, families_of, host_in


def test_the_default_fields(tmp_path: Path) -> None:
    collector = VmstatCollector(host_in(tmp_path, "vmstat"), VmstatConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_vmstat_pgpgin": 1513313,
        "node_vmstat_pgpgout": 2211196,
        "node_vmstat_pswpin": 0,
        "node_vmstat_pswpout": 1,
        "node_vmstat_pgfault": 4711,
        "node_vmstat_pgmajfault": 42,
        "node_vmstat_oom_kill": 3,
    }
    assert {family.type for family in families_of(batch).values()} == {MetricType.UNTYPED}
    path = tmp_path / "proc/vmstat"
    path.write_text(path.read_text().replace("pgfault 4711", "pgfault 123456"))
    again = collector.collect(2)
    assert again.schema is batch.schema
    assert as_dict(again)["node_vmstat_pgfault"] == 123456
    collector.close()


def test_chosen_fields(tmp_path: Path) -> None:
    found = as_dict(VmstatCollector(host_in(tmp_path, "vmstat"), VmstatConfig(fields="^nr_|culled$")).collect(1))
    assert found == {"node_vmstat_nr_free_pages": 1281702, "node_vmstat_unevictable_pgs_culled": 2188}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pswpin 0\n", ""),
        ("pswpin 0\n", "numa_x 0\n"),
        ("pswpin 0\n", "pswpin odd\n"),
    ],
)
def test_another_layout_is_learnt(tmp_path: Path, old: str, new: str) -> None:
    collector = VmstatCollector(host_in(tmp_path, "vmstat"), VmstatConfig())
    schema = collector.collect(1).schema
    path = tmp_path / "proc/vmstat"
    path.write_text(path.read_text().replace(old, new))
    batch = collector.collect(2)
    assert batch.schema is not schema
    assert "node_vmstat_pswpin" not in as_dict(batch)
    assert as_dict(batch)["node_vmstat_oom_kill"] == 3


def test_a_field_at_the_very_end_is_read(tmp_path: Path) -> None:
    host = host_in(tmp_path, "vmstat")
    (tmp_path / "proc/vmstat").write_text("x 1\noom_kill 12")
    assert as_dict(VmstatCollector(host, VmstatConfig()).collect(1)) == {"node_vmstat_oom_kill": 12}


def test_nothing_that_matches(tmp_path: Path) -> None:
    host = host_in(tmp_path, "vmstat")
    with pytest.raises(NoDataError, match="no field that matches '\\^x\\$'"):
        VmstatCollector(host, VmstatConfig(fields="^x$")).collect(1)
    (tmp_path / "proc/vmstat").write_text("")
    with pytest.raises(CollectError):
        VmstatCollector(host, VmstatConfig()).collect(1)


def test_a_bad_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"collectors\.vmstat\.fields"):
        VmstatCollector(host_in(tmp_path, "vmstat"), VmstatConfig(fields="("))
