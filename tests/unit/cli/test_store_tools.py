"""`barograph store inspect|verify|snapshot|restore`: what they print, and what they exit with."""

import json
from pathlib import Path

import apsw
import pytest

from barograph.cli.store_tools import size_text
from unit.cli.commands import Commands
from unit.tsdb.stores import Kit, schema_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = Kit(tmp_path / "data")
    for second in range(25):
        kit.tick(schema_of("x", "[red]y[/red]"), second, [second * 1.5, -second])
        kit.store.maintain(1e9)
    kit.store.close()
    return kit.folder


def test_inspect_shows_what_is_there(barograph: Commands, folder: Path) -> None:
    said = barograph("store", "inspect", "--data", str(folder))
    assert (said.status, said.err) == (0, "")
    assert "blocks-20231114.db" in said.out
    assert "for 50 samples, " in said.out
    assert "i=[red]y[/red]" in said.out, "a label is no markup"


def test_inspect_as_json(barograph: Commands, folder: Path) -> None:
    report = json.loads(barograph("store", "inspect", "--data", str(folder), "--format", "json").out)
    assert report["samples"] == 50
    assert report["files"][0]["series"] == 2
    assert report["bytes_per_sample"] == report["size_bytes"] / 50


def test_inspect_says_what_it_could_not_read(barograph: Commands, folder: Path) -> None:
    (folder / "blocks-20231114.db").write_bytes(b"x" * 8192)
    said = barograph("store", "inspect", "--data", str(folder))
    assert said.status == 0
    assert said.err.startswith("barograph: blocks-20231114.db: ")


def test_verify_of_a_sound_folder(barograph: Commands, folder: Path) -> None:
    said = barograph("store", "verify", "--data", str(folder))
    assert said.status == 0
    assert said.out.startswith("2 files, ")
    assert said.out.endswith("checks: nothing damaged\n")


def test_verify_names_each_finding_and_fails(barograph: Commands, folder: Path) -> None:
    connection = apsw.Connection(str(folder / "blocks-20231114.db"))
    connection.execute("UPDATE blocks SET payload = zeroblob(length(payload))")
    connection.close()
    said = barograph("store", "verify", "--data", str(folder))
    assert said.status == 1
    assert said.out.startswith("blocks-20231114.db: span ")
    assert "findings in " in said.err
    checked = json.loads(barograph("store", "verify", "--data", str(folder), "--format", "json").out)
    assert checked[1]["findings"][0]["file"] == "blocks-20231114.db"


def test_a_snapshot_and_its_way_back(barograph: Commands, folder: Path, tmp_path: Path) -> None:
    copy, back = tmp_path / "copy", tmp_path / "back"
    said = barograph("store", "snapshot", str(copy), "--data", str(folder))
    assert (said.status, said.err) == (0, "")
    assert said.out.startswith(f"{copy}: 2 files, ")
    said = barograph("store", "restore", str(copy), "--data", str(back))
    assert said.status == 0
    assert f"`barograph serve --data {back}` goes on" in said.out
    assert barograph("store", "restore", str(copy), "--data", str(back)).status == 1


@pytest.mark.parametrize("command", [("inspect",), ("verify",), ("snapshot", "there")])
def test_a_folder_without_a_store_is_refused(barograph: Commands, command: tuple[str, ...], tmp_path: Path) -> None:
    said = barograph("store", *command, "--data", str(tmp_path))
    assert said.status == 1
    assert "holds no Barograph store" in said.err


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_another_format_is_wrong_use(barograph: Commands, command: str) -> None:
    assert barograph("store", command, "--format", "xml").status == 2


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1.5e6, "1.5 MB"), (2e12, "2000.0 GB")]
)
def test_sizes_as_people_read_them(size: float, text: str) -> None:
    assert size_text(size) == text
