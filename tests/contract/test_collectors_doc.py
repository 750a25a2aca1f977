"""docs/collectors.md says what the registry says, and the registry what the collectors give."""

import importlib.util
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from barograph.collectors.bcache import BcacheConfig
from barograph.collectors.cpu import CpuConfig
from barograph.collectors.netdev import NetdevConfig
from barograph.collectors.qdisc import QdiscConfig
from barograph.collectors.registry import COLLECTORS
from barograph.collectors.stat import StatConfig
from barograph.collectors.sysctl import SysctlConfig
from barograph.collectors.textfile import TextfileConfig
from barograph.collectors.wifi import WifiConfig
from helpers.collectors import FIXTURES, host_in
from helpers.ethtool import FakeDrivers

_ROOT = Path(__file__).parent.parent.parent
_EVERYTHING = {
    "bcache": BcacheConfig(priority_stats=True),
    "cpu": CpuConfig(info_flags_include=".", info_bugs_include="."),
    "netdev": NetdevConfig(address_info=True),
    "qdisc": QdiscConfig(fixtures=str(FIXTURES / "qdisc")),
    "stat": StatConfig(softirq=True),
    "sysctl": SysctlConfig(include=("fs.file-nr",), include_info=("kernel.ostype",)),
    "textfile": TextfileConfig(directory=(str(FIXTURES / "textfile"),)),
    "wifi": WifiConfig(fixtures=str(FIXTURES / "wifi")),
}


def test_the_page_is_the_one_the_registry_makes() -> None:
    spec = importlib.util.spec_from_file_location("gen_collectors_doc", _ROOT / "tools/gen_collectors_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (_ROOT / "docs/collectors.md").read_text()
    assert written == module.page(), "docs/collectors.md is not up to date: run `make docs`"


# programs and buses answer beside: their own tests wait for them, and look at families
@pytest.mark.parametrize("name", [name for name in COLLECTORS if name not in ("exec", "systemd")])
def test_the_registry_has_every_family_that_a_collector_gives(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeDrivers().install(monkeypatch)
    entry = COLLECTORS[name]
    host = host_in(tmp_path, name if (FIXTURES / name).is_dir() else "")
    collector = entry.factory(host, _EVERYTHING.get(name, entry.section()))
    given = {(family.name, family.type) for family in collector.collect(1).schema.families}
    collector.close()
    listed = {(family.name, family.type) for family in entry.families}
    unlisted = [
        (family, kind)
        for family, kind in given
        if not any(kind is of and fnmatchcase(family, pattern) for pattern, of in listed)
    ]
    assert not unlisted
    unseen = [pattern for pattern, _ in listed if not any(fnmatchcase(family, pattern) for family, _ in given)]
    assert not unseen, f"no fixture in {FIXTURES / name} shows these"
