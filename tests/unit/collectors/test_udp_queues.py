from pathlib import Path

import pytest

from barograph.collectors.udp_queues import UdpQueuesCollector, UdpQueuesConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in

_IPV4 = {'node_udp_queues{ip="v4", queue="tx"}': 17, 'node_udp_queues{ip="v4", queue="rx"}': 527}
_IPV6 = {'node_udp_queues{ip="v6", queue="tx"}': 0, 'node_udp_queues{ip="v6", queue="rx"}': 0}


def test_sums_over_the_sockets(tmp_path: Path) -> None:
    host = host_in(tmp_path, "udp_queues")
    collector = UdpQueuesCollector(host, UdpQueuesConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == _IPV4 | _IPV6
    assert collector.collect(2).schema is batch.schema
    collector.close()
    (tmp_path / "proc/net/udp6").unlink()
    assert as_dict(collector.collect(3)) == _IPV4
    collector.close()
    (tmp_path / "proc/net/udp").unlink()
    with pytest.raises(NoDataError, match="no UDP"):
        collector.collect(4)


@pytest.mark.parametrize("line", ["1: 2 3\n", " 1: 0:0 0:0 07 00000001-00000002 00:0 0 0 0 0\n"])
def test_what_is_no_socket_is_refused(tmp_path: Path, line: str) -> None:
    host = host_in(tmp_path, "udp_queues")
    (tmp_path / "proc/net/udp").write_text("heading\n" + line)
    with pytest.raises(CollectError, match="udp: "):
        UdpQueuesCollector(host, UdpQueuesConfig()).collect(1)
