import errno
import os
import shutil
from pathlib import Path

import pytest

from barograph.collectors.pressure import PressureCollector, PressureConfig
from barograph.model.errors import CollectError, NoDataError
from helpers.collectors import as_dict, host_in


def test_the_time_lost(tmp_path: Path) -> None:
    collector = PressureCollector(host_in(tmp_path, "pressure"), PressureConfig())
    batch = collector.collect(1)
    assert as_dict(batch) == {
        "node_pressure_cpu_waiting_seconds_total": 14155034 / 1000 / 1000,
        "node_pressure_io_waiting_seconds_total": 2.998571,
        "node_pressure_io_stalled_seconds_total": 2.742201,
        "node_pressure_memory_waiting_seconds_total": 12e-6,
        "node_pressure_memory_stalled_seconds_total": 7e-6,
        "node_pressure_irq_stalled_seconds_total": 0.008494,
    }
    assert collector.collect(2).schema is batch.schema
    collector.close()


def test_an_older_kernel_has_none_of_interrupts(tmp_path: Path) -> None:
    host = host_in(tmp_path, "pressure")
    (tmp_path / "proc/pressure/irq").unlink()
    found = as_dict(PressureCollector(host, PressureConfig()).collect(1))
    assert len(found) == 5
    assert "node_pressure_irq_stalled_seconds_total" not in found


def test_a_kernel_without_pressure_says_so(tmp_path: Path) -> None:
    host = host_in(tmp_path, "pressure")
    shutil.rmtree(tmp_path / "proc/pressure")
    collector = PressureCollector(host, PressureConfig())
    with pytest.raises(NoDataError, match=r"kernel from 4\.20 on with CONFIG_PSI"):
        collector.collect(1)
    host_in(tmp_path, "pressure")
    assert len(collector.collect(2).schema) == 6


def test_pressure_that_is_switched_off_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(fd: int, size: int, offset: int) -> bytes:
        raise OSError(errno.EOPNOTSUPP, "switched off")

    monkeypatch.setattr(os, "pread", refuse)
    with pytest.raises(NoDataError, match="switched off in this kernel"):
        PressureCollector(host_in(tmp_path, "pressure"), PressureConfig()).collect(1)


def test_lines_that_change_are_learnt_again(tmp_path: Path) -> None:
    collector = PressureCollector(host_in(tmp_path, "pressure"), PressureConfig())
    schema = collector.collect(1).schema
    path = tmp_path / "proc/pressure/io"
    path.write_text(path.read_text().replace("full", "most"))
    batch = collector.collect(2)
    assert batch.schema is not schema
    assert "node_pressure_io_stalled_seconds_total" not in as_dict(batch)
    path.write_text("some avg10=0 avg60=0 avg300=0 total=odd\n")
    with pytest.raises(CollectError, match="not as expected"):
        collector.collect(3)
