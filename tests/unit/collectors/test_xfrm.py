from pathlib import Path

import pytest

from barograph.collectors.xfrm import XfrmCollector, XfrmConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_counters_by_cause(tmp_path: Path) -> None:
    collector = XfrmCollector(host_in(tmp_path, "xfrm"), XfrmConfig())
    found = as_dict(collector.collect(1))
    assert len(found) == 28
    assert found["node_xfrm_in_error_packets_total"] == 1
    assert found["node_xfrm_in_no_states_packets_total"] == 4
    assert found["node_xfrm_acquire_error_packets_total"] == 28
    (tmp_path / "proc/net/xfrm_stat").write_text("XfrmInError 2\n")
    found = as_dict(collector.collect(2))
    assert found["node_xfrm_in_error_packets_total"] == 2
    assert found["node_xfrm_acquire_error_packets_total"] == 0
    collector.close()


@pytest.mark.parametrize("text", ["XfrmInError\n", "XfrmInError many\n"])
def test_what_is_no_counter_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "xfrm")
    (tmp_path / "proc/net/xfrm_stat").write_text(text)
    with pytest.raises(CollectError, match="xfrm_stat is not as the kernel writes it"):
        XfrmCollector(host, XfrmConfig()).collect(1)


def test_a_kernel_without_ipsec(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        XfrmCollector(host_in(tmp_path), XfrmConfig()).collect(1)
