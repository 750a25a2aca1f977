from pathlib import Path

import pytest

from barograph.collectors.fibrechannel import FibrechannelCollector, FibrechannelConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_ports_with_many_and_with_few_attributes(tmp_path: Path) -> None:
    collector = FibrechannelCollector(host_in(tmp_path, "fibrechannel"), FibrechannelConfig())
    batch = collector.collect(1)
    found = as_dict(batch)
    assert found['node_fibrechannel_tx_words_total{fc_host="host5"}'] == 14
    assert found['node_fibrechannel_tx_words_total{fc_host="host6"}'] == 0
    assert 'node_fibrechannel_tx_frames_total{fc_host="host6"}' not in found, "the adapter does not count them"
    info = {str(labels.get("fc_host")): labels for labels in batch.schema.series if labels.name.endswith("_info")}
    assert info["host5"].get("port_name") == "21000024ff7b2c01"
    assert info["host5"].get("symbolic_name") == "QLE2742 FW:v9.08"
    assert info["host6"].get("port_state") == "Linkdown"
    assert collector.collect(2).schema is batch.schema
    folder = tmp_path / "sys/class/fc_host"
    (folder / "host6/port_state").write_text("Online\n")
    assert 'node_fibrechannel_info{fc_host="host6", port_state="Online"}' in as_dict(collector.collect(3))
    (folder / "host7").mkdir()
    assert 'node_fibrechannel_info{fc_host="host7"}' in as_dict(collector.collect(4))
    collector.close()


def test_no_adapter_and_an_odd_counter(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="fc_host does not exist"):
        FibrechannelCollector(host_in(tmp_path), FibrechannelConfig()).collect(1)
    host = host_in(tmp_path, "fibrechannel")
    (tmp_path / "sys/class/fc_host/host5/statistics/rx_words").write_text("odd")
    with pytest.raises(CollectError, match="statistics: a counter is not a number"):
        FibrechannelCollector(host, FibrechannelConfig()).collect(1)
