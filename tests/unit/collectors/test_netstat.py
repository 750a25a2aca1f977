from pathlib import Path

import pytest

from barograph.collectors.netstat import NetstatCollector, NetstatConfig
from barograph.model.batch import MetricType
from barograph.model.errors import CollectError, ConfigError, NoDataError
from helpers.collectors import as_dict, families_of, host_in


def test_the_fields_that_the_default_pattern_keeps(tmp_path: Path) -> None:
    collector = NetstatCollector(host_in(tmp_path, "netstat"), NetstatConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_netstat_TcpExt_SyncookiesSent": 1,
        "node_netstat_TcpExt_ListenOverflows": 2,
        "node_netstat_TcpExt_ListenDrops": 3,
        "node_netstat_TcpExt_TCPTimeouts": 4,
        "node_netstat_TcpExt_TCPOFOQueue": 5,
        "node_netstat_IpExt_InOctets": 7e9,
        "node_netstat_IpExt_OutOctets": 8,
        "node_netstat_Ip_Forwarding": 2,
        "node_netstat_Tcp_ActiveOpens": 10,
        "node_netstat_Tcp_CurrEstab": 11,
        "node_netstat_Tcp_InErrs": 12,
        "node_netstat_UdpLite_InErrors": 13,
        "node_netstat_Ip6_InOctets": 14,
        "node_netstat_Icmp6_InMsgs": 15,
        "node_netstat_Udp6_NoPorts": 16,
    }
    family = families_of(batch)["node_netstat_Tcp_InErrs"]
    assert (family.type, family.help) == (MetricType.UNTYPED, "Statistic TcpInErrs.")
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_a_kernel_without_ipv6_keeps_its_schema(tmp_path: Path) -> None:
    host = host_in(tmp_path, "netstat")
    (tmp_path / "proc/net/snmp6").unlink()
    collector = NetstatCollector(host, NetstatConfig())
    batch = collector.collect(1)
    assert len(batch.schema) == 12
    layouts = [table.layout for table in collector._tables]
    assert collector.collect(2).schema is batch.schema
    assert [table.layout for table in collector._tables] == layouts, "nothing was learnt again"
    collector.close()


def test_a_pattern_of_ones_own_and_fields_that_come(tmp_path: Path) -> None:
    collector = NetstatCollector(host_in(tmp_path, "netstat"), NetstatConfig(fields="^Tcp_|^Udp6_"))
    assert as_dict(collector.collect(1))["node_netstat_Tcp_MaxConn"] == -1
    path = tmp_path / "proc/net/snmp6"
    path.write_text("Udp6NoPorts 18\nalone\n\nNone 1\nUdp6InErrors 19\n")
    assert as_dict(collector.collect(2))["node_netstat_Udp6_InErrors"] == 19
    collector.close()


def test_the_later_file_counts_where_two_have_a_protocol(tmp_path: Path) -> None:
    host = host_in(tmp_path, "netstat")
    path = tmp_path / "proc/net/netstat"
    path.write_text(path.read_text() + "Tcp: InErrs Odd\nTcp: 99 98\n")
    found = as_dict(NetstatCollector(host, NetstatConfig(fields="^Tcp_")).collect(1))
    assert found["node_netstat_Tcp_InErrs"] == 12
    assert "node_netstat_Tcp_Odd" not in found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ip: A B\nIp: 1\n", "2 values stands under 3 names"),
        ("Ip: A B\n", "0 values stands under 3 names"),
        ("Ip: Forwarding\nIp: odd\n", "a counter is not a number"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    host = host_in(tmp_path, "netstat")
    (tmp_path / "proc/net/snmp").write_text(text)
    with pytest.raises(CollectError, match=message):
        NetstatCollector(host, NetstatConfig()).collect(1)


def test_no_network_and_no_pattern(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="netstat does not exist"):
        NetstatCollector(host_in(tmp_path), NetstatConfig()).collect(1)
    with pytest.raises(ConfigError, match="fields"):
        NetstatCollector(host_in(tmp_path), NetstatConfig(fields="("))
