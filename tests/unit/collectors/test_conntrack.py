from pathlib import Path

import pytest

from barograph.collectors.conntrack import ConntrackCollector, ConntrackConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in

_TABLE = {"node_nf_conntrack_entries": 311, "node_nf_conntrack_entries_limit": 262144}


def test_statistics_are_sums_over_the_cpus(tmp_path: Path) -> None:
    collector = ConntrackCollector(host_in(tmp_path, "conntrack"), ConntrackConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == _TABLE | {
        "node_nf_conntrack_stat_found": 2,
        "node_nf_conntrack_stat_invalid": 4,
        "node_nf_conntrack_stat_ignore": 5,
        "node_nf_conntrack_stat_insert": 8,
        "node_nf_conntrack_stat_insert_failed": 10,
        "node_nf_conntrack_stat_drop": 10,
        "node_nf_conntrack_stat_early_drop": 11,
        "node_nf_conntrack_stat_search_restart": 256,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_kernels_without_the_statistics_or_with_fewer(tmp_path: Path) -> None:
    host = host_in(tmp_path, "conntrack")
    path = tmp_path / "proc/net/stat/nf_conntrack"
    path.write_text("heading\n" + " ".join(["1"] * 16) + "\n")
    found = as_dict(ConntrackCollector(host, ConntrackConfig()).collect(1))
    assert found["node_nf_conntrack_stat_drop"] == 1
    assert found["node_nf_conntrack_stat_search_restart"] == 0
    path.unlink()
    assert as_dict(ConntrackCollector(host, ConntrackConfig()).collect(1)) == _TABLE
    (tmp_path / "proc/sys/net/netfilter/nf_conntrack_max").unlink()
    found = as_dict(ConntrackCollector(host, ConntrackConfig()).collect(1))
    assert found == {"node_nf_conntrack_entries": 311}
    (tmp_path / "proc/sys/net/netfilter/nf_conntrack_count").unlink()
    with pytest.raises(NoDataError):
        ConntrackCollector(host, ConntrackConfig()).collect(1)


def test_what_can_be_read_counts(tmp_path: Path) -> None:
    host = host_in(tmp_path, "conntrack")
    path = tmp_path / "proc/net/stat/nf_conntrack"
    for odd in ("heading\n1 2 3\n", "heading\n" + " ".join(["x"] * 17) + "\n"):
        path.write_text(odd)
        assert as_dict(ConntrackCollector(host, ConntrackConfig()).collect(1)) == _TABLE
    settings = tmp_path / "proc/sys/net/netfilter"
    (settings / "nf_conntrack_max").write_text("many")
    assert as_dict(ConntrackCollector(host, ConntrackConfig()).collect(1)) == {"node_nf_conntrack_entries": 311}
    (settings / "nf_conntrack_count").write_text("-1")
    with pytest.raises(CollectError, match="nf_conntrack_count is not a number"):
        ConntrackCollector(host, ConntrackConfig()).collect(1)
