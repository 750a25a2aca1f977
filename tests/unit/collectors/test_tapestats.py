from pathlib import Path

import pytest

from barograph.collectors.tapestats import TapestatsCollector, TapestatsConfig
from barograph.model.errors import NoDataError
from helpers.collectors import as_dict, host_in


def test_what_is_there(tmp_path: Path) -> None:
    collector = TapestatsCollector(host_in(tmp_path, "tapestats"), TapestatsConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        'node_tape_io_now{device="st0"}': 0,
        'node_tape_io_time_seconds_total{device="st0"}': 1,
        'node_tape_io_others_total{device="st0"}': 2000000000,
        'node_tape_read_bytes_total{device="st0"}': 3000000000,
        'node_tape_reads_completed_total{device="st0"}': 4000000000,
        'node_tape_read_time_seconds_total{device="st0"}': 5,
        'node_tape_residual_total{device="st0"}': 6000000000,
        'node_tape_written_bytes_total{device="st0"}': 7000000000,
        'node_tape_writes_completed_total{device="st0"}': 8000000000,
        'node_tape_write_time_seconds_total{device="st0"}': 9,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()
    assert collector.collect(3).schema is batch.schema
    collector.close()


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="scsi_tape does not exist"):
        TapestatsCollector(host_in(tmp_path), TapestatsConfig()).collect(1)

    (tmp_path / "sys/class/scsi_tape/nst1").mkdir(parents=True)
    with pytest.raises(NoDataError):
        TapestatsCollector(host_in(tmp_path), TapestatsConfig()).collect(1)
