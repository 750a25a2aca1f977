"""What the collectors' tests share: hosts that lie in a folder, and batches as dictionaries."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from barograph.collectors.base import Host
from barograph.collectors.cgroup.tree import CgroupTree
from barograph.collectors.process.table import ProcessTable
from barograph.collectors.procfs import KeptFile, Paths, SharedFile
from barograph.model.batch import Batch, Family
from barograph.model.sample import is_absent
from helpers.clock import FakeClock

FIXTURES = Path(__file__).parent.parent / "fixtures/collectors"


def host_in(folder: Path, fixture: str = "") -> Host:
    """Return the host that lies in a folder, with a fixture's tree copied there first."""
    if fixture:
        shutil.copytree(FIXTURES / fixture, folder, dirs_exist_ok=True)
    # a tree with an etc/ stands for the whole root; others leave the real one in its place
    root = folder if (folder / "etc").is_dir() else Path("/")
    paths = Paths(procfs=folder / "proc", sysfs=folder / "sys", rootfs=root, udev_data=folder / "udev/data")
    return host_of(paths)


def host_of(paths: Paths) -> Host:
    """Return the host whose files have these roots: `Paths()` is this machine."""
    clock = FakeClock()
    processes = ProcessTable(paths.procfs, paths.rootfs, clock)
    return Host(
        paths=paths,
        clock=clock,
        stat=SharedFile(KeptFile(paths.procfs / "stat")),
        processes=processes,
        cgroups=CgroupTree(paths.sysfs),
    )


def as_dict(batch: Batch) -> dict[str, float]:
    """Return the samples by the text of their series, without absent ones."""
    absent = is_absent(batch.values)
    return {
        str(series): float(value)
        for series, value, gone in zip(batch.schema.series, batch.values, absent, strict=True)
        if not gone
    }


def families_of(batch: Batch) -> dict[str, Family]:
    """Return the families by name."""
    return {family.name: family for family in batch.schema.families}


def lay_out(folder: Path, tree: Mapping[str, str]) -> None:
    """Write files, by their paths below a folder."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
