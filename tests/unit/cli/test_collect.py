"""`barograph collect` over fixture trees."""

from pathlib import Path

import pytest

from barograph.cli.collect import split_arguments
from barograph.collectors.registry import COLLECTORS
from helpers.collectors import FIXTURES
from unit.cli.commands import Commands


@pytest.fixture
def roots() -> tuple[str, ...]:
    """Flags for a tree that holds /proc/loadavg, and one that holds nothing else."""
    tree = FIXTURES / "loadavg"
    return "--path.procfs", str(tree / "proc"), "--path.sysfs", str(tree / "sys"), "--path.udev.data", str(tree / "u")


def test_a_named_collector_is_printed_alone(barograph: Commands, roots: tuple[str, ...]) -> None:
    said = barograph("collect", "loadavg", *roots)
    assert (said.status, said.err) == (0, "")
    one_minute = (FIXTURES / "loadavg/proc/loadavg").read_text().split()[0]
    assert f"# TYPE node_load1 gauge\nnode_load1 {float(one_minute):g}\n" in said.out
    assert said.out.count("# TYPE") == 3


def test_what_has_nothing_says_so_when_asked(barograph: Commands, roots: tuple[str, ...]) -> None:
    said = barograph("collect", "loadavg", "pressure", "--explain", *roots)
    assert said.status == 0
    assert "barograph: loadavg: 3 series from /proc/loadavg\n" in said.err
    assert "barograph: pressure has nothing: " in said.err
    assert "has nothing" not in barograph("collect", "loadavg", "pressure", *roots).err


def test_nothing_at_all_is_a_failure(barograph: Commands, roots: tuple[str, ...]) -> None:
    said = barograph("collect", "pressure", *roots)
    assert (said.status, said.out) == (1, "")
    assert said.err == "barograph: nothing was collected; --explain says why\n"
    assert "--explain says" not in barograph("collect", "pressure", "--explain", *roots).err


def test_one_that_fails_is_named_and_the_others_are_printed(barograph: Commands, tmp_path: Path) -> None:
    (tmp_path / "loadavg").write_text("no averages\n")
    (tmp_path / "vmstat").write_text("oom_kill 3\n")
    said = barograph("collect", "loadavg", "vmstat", "--path.procfs", str(tmp_path))
    assert said.status == 1
    assert "node_vmstat_oom_kill 3\n" in said.out
    assert "barograph: loadavg failed: " in said.err
    assert said.err.endswith("barograph: failed: loadavg\n")


def test_node_exporters_flags_mean_the_same(barograph: Commands) -> None:
    tree = ("--path.procfs", str(FIXTURES / "netdev/proc"), "--path.sysfs", str(FIXTURES / "netdev/sys"))
    for flag in (("--collector.netdev.device-include=^lo$",), ("--collector.netdev.device-include", "^lo$")):
        said = barograph("collect", *flag, "netdev", *tree)
        assert said.status == 0
        devices = {line.split('device="')[1].split('"')[0] for line in said.out.splitlines() if 'device="' in line}
        assert devices == {"lo"}


def test_a_collector_that_is_switched_off_is_not_printed(barograph: Commands, roots: tuple[str, ...]) -> None:
    said = barograph("collect", "--no-collector.loadavg", "--explain", *roots)
    assert "barograph: loadavg" not in said.err
    assert "barograph: pressure" in said.err


def test_all_are_all(barograph: Commands, roots: tuple[str, ...]) -> None:
    said = barograph("collect", "--all", "--explain", *roots)
    assert all(f"barograph: {name}" in said.err for name in COLLECTORS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nosuch",), "there is no collector 'nosuch'; there are arp, "),
        (("--collector.nosuch",), "unknown flag --collector.nosuch"),
        (("--bogus",), "unknown flag --bogus"),
        (("--collector.netdev.bogus=1",), "collector netdev has the options"),
        (("cpu", "--all"), "leave out the names, or --all"),
        (("--collector.netdev.device-include",), "needs a value"),
        (("netdev", "--collector.netdev.device-include=("), "bad regular expression"),
    ],
)
def test_wrong_use_is_2(barograph: Commands, arguments: tuple[str, ...], said: str) -> None:
    outcome = barograph("collect", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("barograph: ")
    assert said in outcome.err


def test_the_list_names_every_collector(barograph: Commands) -> None:
    said = barograph("collect", "--list")
    assert said.status == 0
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        [name, "on" if entry.default else "off"] for name, entry in COLLECTORS.items()
    ]


@pytest.mark.parametrize(
    ("arguments", "names", "flags"),
    [
        ("cpu stat", ["cpu", "stat"], []),
        ("--collector.cpu.info cpu", ["cpu"], ["--collector.cpu.info"]),
        ("--no-collector.cpu stat", ["stat"], ["--no-collector.cpu"]),
        ("--collector.vmstat.fields ^pg cpu", ["cpu"], ["--collector.vmstat.fields", "^pg"]),
        ("--collector.vmstat.fields=^pg cpu", ["cpu"], ["--collector.vmstat.fields=^pg"]),
        # an old name of node_exporter's
        ("--collector.diskstats.ignored-devices ^sd cpu", ["cpu"], ["--collector.diskstats.ignored-devices", "^sd"]),
        ("--collector.cpu cpu", ["cpu"], ["--collector.cpu"]),
        ("--collector.none.at-all cpu", ["cpu"], ["--collector.none.at-all"]),
    ],
)
def test_a_flags_value_is_no_name(arguments: str, names: list[str], flags: list[str]) -> None:
    assert split_arguments(arguments.split()) == (names, flags)
