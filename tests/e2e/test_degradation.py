"""Less than a whole machine: what cannot be read is absent, with its reason, and nothing else changes.

tests/fixtures/degradation holds the families that are expected in each case, over one tree that a test lays out; the
runs as another user are over this machine's own files.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.model.clock import SystemClock
from barograph.model.errors import DeniedError, NoDataError
from helpers.collectors import FIXTURES

_EXPECTED = Path(__file__).parents[1] / "fixtures/degradation"
_PARTS = """
    arp buddyinfo cgroups containers conntrack cpu cpufreq diskstats edac entropy
    filefd hwmon kernel_hung loadavg mdadm meminfo netclass netdev netstat
    nvme os powersupplyclass pressure process processes schedstat sockstat softnet
    stat thermal_zone udp_queues vmstat watchdog
""".split()  # noqa: SIM905  a list that long is a column of words


class Seen(NamedTuple):
    """What a run gave."""

    families: set[str]
    reasons: dict[str, str]


def machine_in(folder: Path) -> Path:
    """Lay out a small machine, of the collectors' own fixtures."""
    for part in _PARTS:
        shutil.copytree(FIXTURES / part, folder, dirs_exist_ok=True, symlinks=True)
    return folder


def collect(paths: Paths) -> Seen:
    families: set[str] = set()
    reasons: dict[str, str] = {}
    for scheduled in build_collectors(CollectorsConfig(), paths, SystemClock()):
        collector = scheduled.collector
        if collector.name in ("filesystem", "time", "timex", "uname"):
            continue  # of the running kernel, whatever the tree
        try:
            families |= {family.name for family in collector.collect(1000).schema.families}
        except NoDataError as error:
            reasons[collector.name] = ("denied: " if isinstance(error, DeniedError) else "absent: ") + str(error)
        finally:
            collector.close()
    return Seen(families, reasons)


def paths_of(folder: Path) -> Paths:
    return Paths(procfs=folder / "proc", sysfs=folder / "sys", rootfs=folder, udev_data=folder / "udev/data")


def expected(case: str) -> set[str]:
    return set((_EXPECTED / f"{case}.txt").read_text().split())


def without_pressure(folder: Path) -> None:
    shutil.rmtree(folder / "proc/pressure")


def without_sys(folder: Path) -> None:
    shutil.rmtree(folder / "sys")


def vanishing(folder: Path) -> None:
    """Processes and devices that are listed and gone when they are opened."""
    for name in (
        "proc/4242",
        "proc/4243",
        "sys/class/net/gone0",
        "sys/class/hwmon/hwmon9",
        "sys/class/thermal/thermal_zone9",
    ):
        (folder / name).mkdir(parents=True)
    (folder / "proc/4243/stat").symlink_to("nothing")
    (folder / "sys/class/net/gone1").symlink_to("../../devices/nothing")


def version_1(folder: Path) -> None:
    """A host whose control groups are of version 1."""
    shutil.rmtree(folder / "sys/fs/cgroup")
    for name, content in {
        "cpuacct/db.service/cpuacct.usage": "3000000000",
        "cpuacct/db.service/cpuacct.stat": "user 200\nsystem 100",
        "cpu/db.service/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 5",
        "memory/db.service/memory.usage_in_bytes": "500",
        "memory/db.service/memory.stat": "total_cache 10\ntotal_rss 20",
        "pids/db.service/pids.current": "3",
    }.items():
        path = folder / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def whole(folder: Path) -> None:
    del folder


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("whole", whole),
        ("no-pressure", without_pressure),
        ("no-sys", without_sys),
        ("cgroup-v1", version_1),
        ("vanishing", vanishing),
    ],
)
def test_families_over_a_tree(tmp_path: Path, case: str, change: Callable[[Path], None]) -> None:
    change(machine_in(tmp_path))
    seen = collect(paths_of(tmp_path))
    if os.environ.get("BAROGRAPH_WRITE_EXPECTED"):
        (_EXPECTED / f"{case}.txt").write_text("\n".join(sorted(seen.families)) + "\n")
    assert seen.families == expected(case)
    gone = expected("whole") - expected(case)
    if case == "no-pressure":
        assert {family.rpartition("_pressure_")[0] for family in gone} == {"node"}
        assert seen.reasons["pressure"].startswith("absent: ")
    if case == "cgroup-v1":
        assert all(family.startswith("container_") for family in gone)
        assert "container_cpu_usage_seconds_total" in seen.families
    if case == "vanishing":
        assert not gone
    assert all("\n" not in reason for reason in seen.reasons.values())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_as_user_65534(tmp_path: Path) -> None:
    """Over this machine's own files: all families but those that only root may read."""
    root = collect(Paths())
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover  coverage ends with the fork
        status = 1
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            seen = collect(Paths())
            text = "\n".join([*seen.families, "--", *(f"{name} {reason}" for name, reason in seen.reasons.items())])
            os.write(write_end, text.encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        families, _, reasons = answer.read().partition("\n--\n")
    _, status = os.waitpid(child, 0)
    assert status == 0
    denied = {line.split()[0] for line in reasons.split("\n") if " denied: " in line}
    missing = root.families - set(families.split())
    owners = {collector for collector in denied if collector not in root.reasons}
    # whatever is missing belongs to a collector that says that it was denied
    assert all(any(owner.replace("process", "namedprocess") in family for owner in owners) for family in missing), (
        missing,
        denied,
    )
    assert "namedprocess_namegroup_num_procs" in families
    assert "node_cpu_seconds_total" in families
