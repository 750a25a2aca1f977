from pathlib import Path

import pytest

from barograph.collectors.ipvs import IpvsCollector, IpvsConfig
from barograph.model.errors import CollectError, ConfigError, NoDataError
from helpers.collectors import as_dict, host_in

_TOTALS = {
    "node_ipvs_connections_total": 31,
    "node_ipvs_incoming_packets_total": 42,
    "node_ipvs_outgoing_packets_total": 11,
    "node_ipvs_incoming_bytes_total": 65536,
    "node_ipvs_outgoing_bytes_total": 12,
}


def _key(local: str, remote: str, proto: str = "TCP", of: str = "connections_active") -> str:
    address, _, port = local.rpartition(":")
    place = f'local_address="{address}"' if address != "mark" else f'local_mark="{port}"'
    port = port if address != "mark" else "0"
    remote_address, _, remote_port = remote.rpartition(":")
    labels = f'local_port="{port}", proto="{proto}", remote_address="{remote_address}", remote_port="{remote_port}"'
    return f"node_ipvs_backend_{of}{{{place}, {labels}}}"


def test_totals_and_backends(tmp_path: Path) -> None:
    collector = IpvsCollector(host_in(tmp_path, "ipvs"), IpvsConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert found.items() >= _TOTALS.items()
    assert len(found) == 5 + 3 * 5
    assert found[_key("10.0.0.1:80", "10.0.1.2:8080")] == 5
    assert found[_key("10.0.0.1:80", "10.0.1.3:8080", of="connections_inactive")] == 8
    assert found[_key("10.0.0.1:53", "10.0.1.4:53", "UDP", "weight")] == 1
    assert found[_key("2001:db8::1:443", "2001:db8::2:443")] == 1
    assert found[_key("mark:00000BEE", "10.0.1.5:0", "FWM")] == 3
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_what_fewer_labels_do_not_tell_apart_is_summed(tmp_path: Path) -> None:
    found = as_dict(IpvsCollector(host_in(tmp_path, "ipvs"), IpvsConfig(backend_labels="proto, local_port")).collect(1))
    assert found['node_ipvs_backend_connections_active{local_port="80", proto="TCP"}'] == 12
    found = as_dict(IpvsCollector(host_in(tmp_path, "ipvs"), IpvsConfig(backend_labels="")).collect(1))
    assert found["node_ipvs_backend_weight"] == 11
    with pytest.raises(ConfigError, match="there is no label 'port'"):
        IpvsCollector(host_in(tmp_path), IpvsConfig(backend_labels="proto,port"))


@pytest.mark.parametrize("text", ["too short", "a\nb\n1 2 3\n\n", "a\nb\n1 2 3 4 x\n\n"])
def test_what_are_no_totals_is_refused(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "ipvs")
    (tmp_path / "proc/net/ip_vs_stats").write_text(text)
    with pytest.raises(CollectError, match="ip_vs_stats: "):
        IpvsCollector(host, IpvsConfig()).collect(1)


@pytest.mark.parametrize("text", ["TCP 0A0000:0050\n", "TCP\n", "  -> 0A000102:1F90 Masq 1 odd 6\n"])
def test_without_a_table_of_backends_the_totals_remain(tmp_path: Path, text: str) -> None:
    host = host_in(tmp_path, "ipvs")
    (tmp_path / "proc/net/ip_vs").write_text(text)
    assert as_dict(IpvsCollector(host, IpvsConfig()).collect(1)) == _TOTALS


def test_lines_that_are_cut_short_and_no_balancer(tmp_path: Path) -> None:
    host = host_in(tmp_path, "ipvs")
    (tmp_path / "proc/net/ip_vs").write_text("\nTCP 0A000001:0050 rr\n  -> 0A000102:1F90 Masq 1\n")
    assert as_dict(IpvsCollector(host, IpvsConfig()).collect(1)) == _TOTALS
    (tmp_path / "proc/net/ip_vs").unlink()
    assert as_dict(IpvsCollector(host, IpvsConfig()).collect(1)) == _TOTALS
    with pytest.raises(NoDataError):
        IpvsCollector(host_in(tmp_path / "none"), IpvsConfig()).collect(1)
