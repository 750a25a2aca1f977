import os
from pathlib import Path

import pytest

from barograph.collectors.sockstat import SockstatCollector, SockstatConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, families_of, host_in

_PAGE = os.sysconf("SC_PAGESIZE")
_IPV4 = {
    "node_sockstat_sockets_used": 290,
    "node_sockstat_TCP_inuse": 5,
    "node_sockstat_TCP_orphan": 1,
    "node_sockstat_TCP_tw": 40,
    "node_sockstat_TCP_alloc": 9,
    "node_sockstat_TCP_mem": 3,
    "node_sockstat_TCP_mem_bytes": 3 * _PAGE,
    "node_sockstat_UDP_inuse": 4,
    "node_sockstat_UDP_mem": 2,
    "node_sockstat_UDP_mem_bytes": 2 * _PAGE,
    "node_sockstat_RAW_inuse": 0,
    "node_sockstat_FRAG_inuse": 0,
    "node_sockstat_FRAG_memory": 6,
}
_IPV6 = {"node_sockstat_TCP6_inuse": 7, "node_sockstat_FRAG6_inuse": 0, "node_sockstat_FRAG6_memory": 8}


def test_both_versions_of_ip(tmp_path: Path) -> None:
    collector = SockstatCollector(host_in(tmp_path, "sockstat"), SockstatConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == _IPV4 | _IPV6
    assert families_of(batch)["node_sockstat_TCP_tw"].help == "Number of TCP sockets in state tw."
    path = tmp_path / "proc/net/sockstat"
    path.write_text(path.read_text().replace("inuse 5", "inuse 6"))
    again = collector.collect(2)
    assert again.schema is batch.schema
    assert as_dict(again)["node_sockstat_TCP_inuse"] == 6
    collector.close()


def test_one_version_of_ip(tmp_path: Path) -> None:
    host = host_in(tmp_path, "sockstat")
    (tmp_path / "proc/net/sockstat6").unlink()
    collector = SockstatCollector(host, SockstatConfig())
    assert as_dict(collector.collect(1)) == _IPV4
    layouts = list(collector._layouts)
    collector.collect(2)
    assert collector._layouts == layouts, "nothing was learnt again"
    (tmp_path / "proc/net/sockstat").unlink()
    (tmp_path / "proc/net/sockstat6").write_text("sockets: used 3\nTCP6: inuse 7\nFRAG6: inuse 0 memory 8\n")
    assert as_dict(SockstatCollector(host, SockstatConfig()).collect(1)) == _IPV6
    (tmp_path / "proc/net/sockstat6").unlink()
    with pytest.raises(NoDataError, match="no network"):
        SockstatCollector(host, SockstatConfig()).collect(1)


def test_a_protocol_that_does_not_say_how_many_are_in_use(tmp_path: Path) -> None:
    host = host_in(tmp_path, "sockstat")
    (tmp_path / "proc/net/sockstat").write_text("sockets: other 1\nTCP: tw 3 new 5\n")
    found = as_dict(SockstatCollector(host, SockstatConfig()).collect(1))
    assert found == {"node_sockstat_TCP_inuse": 0, "node_sockstat_TCP_tw": 3} | _IPV6


@pytest.mark.parametrize("text", ["TCP: inuse\n", "TCP: inuse 1 tw\n", "TCP: inuse many\n"])
def test_what_is_no_sockstat_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "sockstat")
    (tmp_path / "proc/net/sockstat").write_text(text)
    with pytest.raises(CollectError, match=r"sockstat: a (line|value) is not"):
        SockstatCollector(host, SockstatConfig()).collect(1)
