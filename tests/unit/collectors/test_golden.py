"""tools/golden.py, and what it says of the collectors that exist."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from barograph.formats.exposition import parse_exposition
from helpers.collectors import FIXTURES

_TOOL = Path(__file__).parent.parent.parent.parent / "tools/golden.py"


@pytest.fixture(scope="module")
def golden() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden", _TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["golden"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_families_are_compared_as_numbers_with_types(golden: ModuleType) -> None:
    ours = parse_exposition(
        b"# TYPE a counter\na 125000000.0\n# TYPE b gauge\nb 1\n# TYPE c gauge\nc 2\n# TYPE d gauge\nd NaN\nsurplus 1\n"
    )
    theirs = parse_exposition(
        b'# TYPE a counter\na 1.25e+08\n# TYPE b counter\nb 1\n# TYPE c gauge\nc 3\nc{x="y"} 1\n# TYPE d gauge\nd NaN\n'
        b"missing 1\n# TYPE process_x gauge\nprocess_x 1\nnode_time_seconds 3\n"
    )
    found = golden.compare(ours, theirs)
    assert found.identical == ["a", "d"]
    assert found.differing["b"] == ["type gauge instead of counter"]
    assert found.differing["c"] == ["c is 2.0 instead of 3.0", 'missing c{x="y"}']
    assert found.missing == ["missing"]
    assert found.surplus == ["surplus"]
    assert golden.report(found).split("\n")[-1] == "identical 2, differing 2, missing 1, surplus 1"


def test_a_summary_is_one_family(golden: ModuleType) -> None:
    text = b"# TYPE s summary\ns_sum 1\ns_count 2\n"
    assert golden.compare(parse_exposition(text), parse_exposition(text)).identical == ["s"]


def test_a_tree_expected_and_options_can_be_given(
    golden: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, options = tmp_path / "expected", tmp_path / "options"
    expected.write_text("# TYPE node_load1 gauge\nnode_load1 0.08\n# TYPE node_nonesuch_x gauge\nnode_nonesuch_x 1\n")
    options.write_text("--collector.disable-defaults\n--collector.loadavg --collector.nonesuch.chip-include .*\n")
    arguments = ["--tree", str(FIXTURES / "loadavg"), "--expected", str(expected), "--options", str(options)]
    assert golden.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "not built: nonesuch"
    assert "identical node_load1" in lines
    assert lines[-1] == "identical 1, differing 0, missing 1, surplus 2"
    options.write_text("--collector.loadavg.odd=1\n")
    assert golden.main(arguments) == 1
    assert "unknown flag" in capsys.readouterr().err


if (_TOOL.parent.parent.parent / "shared/conformance/node_exporter-golden/fixtures.tar.gz").exists():
    # only where the conformance archives lie beside the checkout

    def test_no_family_of_a_collector_we_have_differs(golden: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        assert golden.main([]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert not [line for line in lines if line.startswith(("differing", "surplus"))]
        ours = (
            "node_arp_",
            "node_hwmon_",
            "node_cooling_",
            "node_thermal_",
            "node_softirqs_",
            "node_schedstat_",
            "node_processes_",
            "node_os_",
            "node_filefd_",
            "node_entropy_",
            "node_buddyinfo_",
            "node_bonding_",
            "node_disk_",
            "node_fibrechannel_",
            "node_infiniband_",
            "node_ipvs_",
            "node_lnstat_",
            "node_load",
            "node_mountstats_",
            "node_netstat_",
            "node_nf_",
            "node_nfs_",
            "node_nfsd_",
            "node_pressure_",
            "node_procs_",
            "node_qdisc_",
            "node_sockstat_",
            "node_softnet_",
            "node_time_",
            "node_udp_",
            "node_vmstat_",
            "node_wifi_",
            "node_xfrm_",
        )
        assert not [line for line in lines if line.startswith(tuple(f"missing {name}" for name in ours))]
        assert sum(line.startswith("identical node_") for line in lines) >= 473
