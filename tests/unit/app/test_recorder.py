import logging
from pathlib import Path

import pytest

from barograph.app.recorder import ProcessRecorder
from barograph.model.batch import Batch
from barograph.model.processes import ProcessSample
from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogWriter
from barograph.tsdb.process_reader import ProcessLogReader
from helpers.collectors import as_dict
from helpers.processes import T0_MS, sample


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes longer to write what waits."""
    monkeypatch.setattr("barograph.app.recorder._STOP_S", 60.0)


def _metrics(telemetry: Telemetry) -> dict[str, float]:
    schema, values = telemetry.snapshot()
    return as_dict(Batch("test", schema, 0, values))


def test_samples_are_written_beside(tmp_path: Path) -> None:
    telemetry = Telemetry()
    recorder = ProcessRecorder(tmp_path, ProcessLogConfig(), telemetry)
    assert _metrics(telemetry)["barograph_process_log_samples_total"] == 0
    for number in range(5):
        recorder.take(sample(T0_MS + 1000 * number, 1))
    recorder.close()
    assert len(ProcessLogReader(tmp_path).between(0, 2 * T0_MS)) == 5
    found = _metrics(telemetry)
    assert found["barograph_process_log_samples_total"] == 5
    assert found["barograph_process_log_bytes"] > 0


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    telemetry = Telemetry()
    recorder = ProcessRecorder(tmp_path, ProcessLogConfig(enabled=False), telemetry)
    recorder.take(sample(T0_MS, 1))
    recorder.close()
    assert not _metrics(telemetry)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "processes").write_text("in the way")
    recorder = ProcessRecorder(tmp_path, ProcessLogConfig(), Telemetry())
    recorder.take(sample(T0_MS, 1))
    recorder.close()
    assert "the process log cannot be opened" in caplog.text
    (tmp_path / "processes").unlink()
    recorder = ProcessRecorder(tmp_path, ProcessLogConfig(), Telemetry())
    recorder.take(sample(T0_MS, 1))
    recorder.close()
    assert ProcessLogReader(tmp_path).at(T0_MS) is not None


def test_a_failure_costs_one_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    write = ProcessLogWriter.write

    def failing(self: ProcessLogWriter, taken: ProcessSample) -> None:
        if taken.at_ms == T0_MS:
            raise ValueError("odd")
        write(self, taken)

    monkeypatch.setattr(ProcessLogWriter, "write", failing)
    recorder = ProcessRecorder(tmp_path, ProcessLogConfig(), Telemetry())
    recorder.take(sample(T0_MS, 1))
    recorder.take(sample(T0_MS + 1000, 1))
    recorder.close()
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == [T0_MS + 1000]
    assert "failed on a sample" in caplog.text
