"""`barograph who`: what is asked, and how the table reads."""

import json
from pathlib import Path

import pytest

from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogWriter
from helpers.processes import T0_MS, sample
from unit.cli.commands import Commands
from unit.tsdb.stores import Kit, schema_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = Kit(tmp_path / "data")
    kit.tick(schema_of("x"), 0, [1.5])
    kit.store.close()
    log = ProcessLogWriter(kit.folder, ProcessLogConfig())
    log.write(sample(T0_MS - 1000, 1, 2))
    log.write(sample(T0_MS, 2, 1, 3, started=(3,), ended=tuple(range(10, 40))))
    log.close()
    return kit.folder


def test_a_table(barograph: Commands, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    said = barograph("who", "--at", str(T0_MS / 1000), "--data", str(folder), "--limit", "2")
    lines = said.out.splitlines()
    assert said.status == 0
    assert lines[0] == "2026-11-23 12:00:00 UTC, over 1 s"
    titles = "pid cpu memory read/s write/s faults/s user unit name command"
    assert lines[1].split() == titles.split(" ")
    assert [line.split()[0] for line in lines[2:4]] == ["3", "2"]
    assert lines[4] == "started: worker (3)"
    assert lines[5].endswith("worker (29) and 10 more")
    assert said.err == f"barograph: no server answers for {folder}: reading the folder itself\n"


def test_what_changed(barograph: Commands, folder: Path) -> None:
    at, before = str(T0_MS / 1000), str(T0_MS / 1000 - 1)
    said = barograph("who", "--at", at, "--against", before, "--by", "io", "--group", "name", "--data", str(folder))
    lines = said.out.splitlines()
    assert ", against 2026-11-23" in lines[0]
    assert lines[1].split()[:2] == ["count", "change"]
    assert lines[2].split()[0] == "3"


def test_json(barograph: Commands, folder: Path) -> None:
    said = barograph("who", "--at", str(T0_MS / 1000), "--data", str(folder), "--format", "json")
    found = json.loads(said.out)
    assert found["sampled"] == T0_MS / 1000
    assert {row["pid"] for row in found["rows"]} == {1, 2, 3}
    assert found["units"][0]["name"] == "cron.service"


def test_an_instant_of_which_nothing_is_kept(barograph: Commands, folder: Path) -> None:
    said = barograph("who", "--at", "2020-01-01T00:00:00Z", "--data", str(folder))
    assert (said.status, said.out) == (1, "")
    assert "has nothing of 2020-01-01 00:00:00 UTC" in said.err
    said = barograph("who", "--at", str(T0_MS / 1000), "--against", "2020-01-01T00:00:00Z", "--data", str(folder))
    assert (said.status, said.out) == (1, "")


@pytest.mark.parametrize(
    "arguments", [["--by", "size"], ["--group", "x"], ["--format", "csv"], ["--at", "soon"], ["--limit", "-1"]]
)
def test_wrong_use(barograph: Commands, arguments: list[str]) -> None:
    assert barograph("who", *arguments).status == 2
