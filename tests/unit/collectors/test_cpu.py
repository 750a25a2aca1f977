from pathlib import Path

import pytest

from barograph.collectors.cpu import CpuCollector, CpuConfig
from barograph.collectors.cpu_topology import parse_cpu_list
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError, ConfigError, NoDataError
from helpers.collectors import as_dict, families_of, host_in


def _with_line(path: Path, cpu: str, ticks: str) -> None:
    lines = (path / "proc/stat").read_text().split("\n")
    lines = [f"{cpu} {ticks}" if line.startswith(f"{cpu} ") else line for line in lines]
    (path / "proc/stat").write_text("\n".join(lines))


def test_every_mode_of_every_cpu_in_seconds(tmp_path: Path) -> None:
    batch = CpuCollector(host_in(tmp_path, "cpu"), CpuConfig()).collect(1)
    found = as_dict(batch)
    modes = {"user": 21.21, "nice": 0, "system": 12.86, "idle": 3448.92, "iowait": 0.49, "irq": 0, "softirq": 0.17}
    for mode, seconds in {**modes, "steal": 0.06}.items():
        assert found[f'node_cpu_seconds_total{{cpu="0", mode="{mode}"}}'] == seconds
    assert found['node_cpu_seconds_total{cpu="1", mode="user"}'] == 48.31
    assert found['node_cpu_guest_seconds_total{cpu="0", mode="user"}'] == 0.05
    assert found['node_cpu_guest_seconds_total{cpu="1", mode="nice"}'] == 0.02
    families = families_of(batch)
    assert families["node_cpu_seconds_total"].type is MetricType.COUNTER
    assert "node_cpu_info" not in families


def test_throttles_are_counted_once_a_core_and_package(tmp_path: Path) -> None:
    found = as_dict(CpuCollector(host_in(tmp_path, "cpu"), CpuConfig()).collect(1))
    throttles = {name: value for name, value in found.items() if "throttles" in name}
    assert throttles == {
        'node_cpu_core_throttles_total{core="0", package="0"}': 5,
        'node_cpu_core_throttles_total{core="1", package="0"}': 7,
        'node_cpu_package_throttles_total{package="0"}': 30,
    }
    assert [name for name in found if "isolated" in name] == [
        f'node_cpu_isolated{{cpu="{cpu}"}}' for cpu in (1, 3, 4, 5)
    ]


def test_throttles_that_vanish_are_looked_for_again(tmp_path: Path) -> None:
    collector = CpuCollector(host_in(tmp_path, "cpu"), CpuConfig())
    schema = collector.collect(1).schema
    assert collector.collect(2).schema is schema
    path = tmp_path / "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count"
    path.write_text("odd")
    found = as_dict(collector.collect(3))
    # another thread of the same core has the counter too
    assert found['node_cpu_core_throttles_total{core="1", package="0"}'] == 99
    assert collector._frame.schema is schema
    (tmp_path / "sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count").write_text("odd")
    after = collector.collect(4)
    assert after.schema is not schema
    assert 'node_cpu_core_throttles_total{core="1", package="0"}' not in as_dict(after)
    collector.close()


def test_without_guest(tmp_path: Path) -> None:
    batch = CpuCollector(host_in(tmp_path, "cpu"), CpuConfig(guest=False)).collect(1)
    assert "node_cpu_guest_seconds_total" not in families_of(batch)
    assert as_dict(batch)['node_cpu_isolated{cpu="1"}'] == 1


def test_the_description_of_cpus(tmp_path: Path) -> None:
    config = CpuConfig(info_flags_include="^(aes|avx.*)$", info_bugs_include="mds")
    collector = CpuCollector(host_in(tmp_path, "cpu"), config)
    found = as_dict(collector.collect(1))
    info = [name for name in found if name.startswith("node_cpu_info")]
    assert len(info) == 2
    assert 'cachesize="1024 KB", core="0", cpu="0", family="25", microcode="0xa10113e"' in info[0]
    assert found['node_cpu_frequency_hertz{core="0", cpu="0", package="0"}'] == 2.6005e9
    assert found['node_cpu_frequency_hertz{core="1", cpu="1", package="0"}'] == 0
    assert [name for name in found if "flag_info" in name] == [
        'node_cpu_flag_info{flag="aes"}',
        'node_cpu_flag_info{flag="avx2"}',
    ]
    assert found['node_cpu_bug_info{bug="mds"}'] == 1
    assert as_dict(collector.collect(2)) == found
    collector.close()


def test_a_description_without_processors_gives_none(tmp_path: Path) -> None:
    host = host_in(tmp_path, "cpu")
    (tmp_path / "proc/cpuinfo").write_text("Hardware : odd\n")
    found = as_dict(CpuCollector(host, CpuConfig(info=True, info_flags_include="x")).collect(1))
    assert not [name for name in found if "node_cpu_info" in name]


def test_a_bad_pattern_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"collectors\.cpu\.info_flags_include"):
        CpuCollector(host_in(tmp_path, "cpu"), CpuConfig(info_flags_include="("))


def test_jitter_does_not_let_counters_fall(tmp_path: Path) -> None:
    collector = CpuCollector(host_in(tmp_path, "cpu"), CpuConfig())
    schema = collector.collect(1).schema
    _with_line(tmp_path, "cpu0", "2121 0 1286 344800 40 0 18 6 5 1")
    batch = collector.collect(2)
    found = as_dict(batch)
    assert batch.schema is schema
    assert found['node_cpu_seconds_total{cpu="0", mode="idle"}'] == 3448.92
    assert found['node_cpu_seconds_total{cpu="0", mode="iowait"}'] == 0.49
    assert found['node_cpu_seconds_total{cpu="0", mode="softirq"}'] == 0.18


def test_a_cpu_that_was_plugged_out_and_in_starts_again(tmp_path: Path) -> None:
    collector = CpuCollector(host_in(tmp_path, "cpu"), CpuConfig())
    collector.collect(1)
    _with_line(tmp_path, "cpu0", "1 0 2 3 0 0 0 0 0 0")
    found = as_dict(collector.collect(2))
    assert found['node_cpu_seconds_total{cpu="0", mode="idle"}'] == 0.03
    assert found['node_cpu_seconds_total{cpu="0", mode="user"}'] == 0.01
    assert found['node_cpu_seconds_total{cpu="1", mode="user"}'] == 48.31


def test_a_cpu_that_comes_or_goes_makes_a_new_schema(tmp_path: Path) -> None:
    collector = CpuCollector(host_in(tmp_path, "cpu"), CpuConfig())
    both = collector.collect(1)
    text = (tmp_path / "proc/stat").read_text()
    lines = [line for line in text.split("\n") if not line.startswith("cpu0")]
    (tmp_path / "proc/stat").write_text("\n".join(lines))
    one = collector.collect(2)
    assert one.schema is not both.schema
    assert 'node_cpu_seconds_total{cpu="0", mode="user"}' not in as_dict(one)
    assert as_dict(one)['node_cpu_seconds_total{cpu="1", mode="user"}'] == 48.31


def test_an_old_kernels_missing_columns_are_zero(tmp_path: Path) -> None:
    host = host_in(tmp_path, "cpu")
    (tmp_path / "proc/stat").write_text("cpu 1 2 3 4\ncpu0 100 200 300 400 500\ncpuodd 1 2\ncpu1 1 2\n")
    found = as_dict(CpuCollector(host, CpuConfig()).collect(1))
    assert found['node_cpu_seconds_total{cpu="0", mode="iowait"}'] == 5
    assert found['node_cpu_seconds_total{cpu="0", mode="steal"}'] == 0
    assert 'node_cpu_seconds_total{cpu="1", mode="user"}' not in found


@pytest.mark.parametrize("text", ["", "cpu 1 2 3 4 5\nintr 1\n", "cpu0 1 2 x 4 5 6\nintr 1\n"])
def test_what_is_no_stat_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "cpu")
    (tmp_path / "proc/stat").write_text(text)
    with pytest.raises(CollectError, match="stat"):
        CpuCollector(host, CpuConfig()).collect(1)


def test_no_stat_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        CpuCollector(host_in(tmp_path), CpuConfig()).collect(1)


def test_lists_of_cpus() -> None:
    assert parse_cpu_list("1,3-5,9") == [1, 3, 4, 5, 9]
    assert parse_cpu_list("") == []
    assert parse_cpu_list("x,2,3-y") == [2]
