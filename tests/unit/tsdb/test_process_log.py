import errno
import logging
import os
from pathlib import Path

import pytest

from barograph.model.units import Duration, Size
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogWriter
from barograph.tsdb.process_reader import ProcessLogReader
from helpers.processes import T0_MS, plain, sample

_DAY_MS = 86_400_000


def write(folder: Path, *times_ms: int, config: ProcessLogConfig | None = None) -> ProcessLogWriter:
    log = ProcessLogWriter(folder, config or ProcessLogConfig())
    for at_ms in times_ms:
        log.write(sample(at_ms, 1, 2, started=(3,)))
    return log


def seconds(count: int, start_ms: int = T0_MS) -> list[int]:
    return [start_ms + 1000 * number for number in range(count)]


def test_every_sample_can_be_read_at_once(tmp_path: Path) -> None:
    reader = ProcessLogReader(tmp_path)
    assert reader.at(T0_MS) is None
    assert reader.span_ms() is None
    log = write(tmp_path, T0_MS)
    assert plain(reader.at(T0_MS)) == plain(sample(T0_MS, 1, 2, started=(3,)))
    log.write(sample(T0_MS + 1000, 5))
    assert plain(reader.at(T0_MS + 1999)) == plain(sample(T0_MS + 1000, 5))
    assert reader.at(T0_MS - 1) is None
    assert reader.at(T0_MS + 61_001) is None
    assert reader.span_ms() == (T0_MS, T0_MS + 1000)
    log.close()


def test_head_and_days_are_one(tmp_path: Path) -> None:
    reader = ProcessLogReader(tmp_path)
    times = seconds(750)
    log = write(tmp_path, *times)
    assert (tmp_path / "processes/2026-11-23.plog").exists()
    assert [found.at_ms for found in reader.between(0, 2 * T0_MS)] == times
    assert [found.at_ms for found in reader.between(times[298], times[302])] == times[298:303]
    for number in (0, 299, 300, 599, 600, 749):
        assert plain(reader.at(times[number])) == plain(sample(times[number], 1, 2, started=(3,)))
    assert log.stats.samples == 750
    assert log.stats.files_bytes == sum(path.stat().st_size for path in (tmp_path / "processes").iterdir())
    log.close()


def test_a_restart_goes_on_where_the_head_ended(tmp_path: Path) -> None:
    times = seconds(650)
    write(tmp_path, *times[:320]).close()
    log = write(tmp_path, *times[320:])
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == times
    log.close()


def test_a_stop_before_the_head_was_cleared_repeats_nothing(tmp_path: Path) -> None:
    times = seconds(301)
    log = write(tmp_path, *times[:300])
    head = (tmp_path / "processes/head.plog").read_bytes()
    log.write(sample(times[300], 1))
    log.close()
    (tmp_path / "processes/head.plog").write_bytes(head)
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == times[:300]
    log = write(tmp_path, times[300])
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == times
    log.close()


@pytest.mark.parametrize("cut", [1, 20, 40])
def test_a_torn_tail_is_written_over(tmp_path: Path, cut: int) -> None:
    times = seconds(902)
    write(tmp_path, *times[:601]).close()
    for name in ("head.plog", "2026-11-23.plog"):
        path = tmp_path / "processes" / name
        path.write_bytes(path.read_bytes()[:-cut])
    log = write(tmp_path, *times[601:])
    found = [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)]
    assert found == times[:300] + times[601:]
    log.close()


def test_a_damaged_block_is_a_gap(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    times = seconds(901)
    write(tmp_path, *times).close()
    path = tmp_path / "processes/2026-11-23.plog"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    reader = ProcessLogReader(tmp_path)
    assert [found.at_ms for found in reader.between(0, 2 * T0_MS)] == times[:300] + times[600:]
    assert "does not hold its checksum" in caplog.text
    assert reader.at(times[450]) is None


def test_a_damaged_head_is_read_up_to_there(tmp_path: Path) -> None:
    times = seconds(3)
    write(tmp_path, *times).close()
    path = tmp_path / "processes/head.plog"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == times[:2]
    log = write(tmp_path, times[2])
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == times
    log.close()


def test_days_are_files_and_go_whole(tmp_path: Path) -> None:
    config = ProcessLogConfig(retention=Duration.parse("2d"))
    log = ProcessLogWriter(tmp_path, config)
    for day in range(6):
        for at_ms in seconds(2, T0_MS + day * _DAY_MS):
            log.write(sample(at_ms, 1))
    names = sorted(path.name for path in (tmp_path / "processes").iterdir())
    assert names == ["2026-11-25.plog", "2026-11-26.plog", "2026-11-27.plog", "head.plog"]
    log.close()


def test_a_size_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = ProcessLogConfig(max_size=Size.parse("20KiB"))
    log = ProcessLogWriter(tmp_path, config)
    for day in range(12):
        for at_ms in seconds(602, T0_MS + day * _DAY_MS):
            log.write(sample(at_ms, *range(20)))
        assert sum(path.stat().st_size for path in (tmp_path / "processes").glob("????-*")) <= 20 * 1024
    kept = sorted(path.name for path in (tmp_path / "processes").glob("????-*"))
    assert kept[-1] == "2026-12-04.plog"
    assert "2026-11-23.plog" not in kept
    assert not caplog.records
    log.close()


def test_a_day_that_is_larger_than_the_size(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = write(tmp_path, *seconds(2000), config=ProcessLogConfig(max_size=Size.parse("1KiB")))
    assert caplog.messages == [
        "the process log's day cannot be written: [Errno 27] a day takes all of store.process_log.max_size (1KiB); "
        "up to 1200 samples are held"
    ]
    # two blocks fit, 1,200 samples are held, and of those that came then the oldest went
    assert log.stats.dropped == 300
    kept = [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)]
    assert kept == seconds(2000)[:600] + seconds(2000)[900:]
    log.close()


def test_a_clock_that_is_set_back(tmp_path: Path) -> None:
    log = write(tmp_path, *seconds(50), *seconds(60, T0_MS - 20_000))
    reader = ProcessLogReader(tmp_path)
    assert len(reader.between(0, 2 * T0_MS)) == 70
    found = reader.at(T0_MS - 20_000)
    assert found is not None
    assert found.at_ms == T0_MS - 20_000
    log.close()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    times = seconds(700)
    log = write(tmp_path, *times[:10])
    real = os.pwrite

    def short(fd: int, data: bytes, offset: int) -> int:
        return real(fd, data[: len(data) // 2], offset)

    def full(fd: int, data: bytes, offset: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for broken, span in ((short, slice(10, 305)), (full, slice(305, 690))):
        monkeypatch.setattr(os, "pwrite", broken)
        for at_ms in times[span]:
            log.write(sample(at_ms, 1, 2, started=(3,)))
    monkeypatch.setattr(os, "pwrite", real)
    for at_ms in times[690:]:
        log.write(sample(at_ms, 1, 2, started=(3,)))
    assert [found.at_ms for found in ProcessLogReader(tmp_path).between(0, 2 * T0_MS)] == times
    said = [(record.levelname, str(record.args)[2:6]) for record in caplog.records]
    assert said == [("ERROR", "head"), ("ERROR", "day'"), ("INFO", "day'"), ("INFO", "head")]
    log.close()


def test_files_are_the_owners_alone(tmp_path: Path) -> None:
    write(tmp_path, *seconds(301)).close()
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "processes").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "processes").stat().st_mode & 0o777 == 0o700
