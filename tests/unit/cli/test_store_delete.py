"""`barograph store delete` in a folder: what is asked, what goes."""

import sys
from pathlib import Path

import pytest

from barograph.tsdb.folder import is_held
from barograph.tsdb.reader import StoreReader
from unit.cli.commands import Commands
from unit.tsdb.stores import SMALL, T0, Kit, samples_of, schema_of

FROM, TO = f"{T0 / 1000 + 2:.3f}", f"{T0 / 1000 + 4:.3f}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = Kit(tmp_path / "data")
    for second in range(6):
        kit.tick(schema_of("x", "y"), second, [second, -second])
    kit.store.close()
    return kit.folder


def seconds_of(folder: Path) -> list[int]:
    reader = StoreReader.open_offline(folder, SMALL)
    found = samples_of(reader.select([], 0, 1 << 60))
    reader.close()
    assert len(found['m{i="y"}']) == 6
    return sorted(found['m{i="x"}'])


def test_samples_are_deleted(barograph: Commands, folder: Path) -> None:
    said = barograph(
        "store", "delete", "--match", 'm{i="x"}', "--start", FROM, "--end", TO, "--data", str(folder), "--yes"
    )
    assert (said.status, said.out) == (0, "1 series: their samples of that time are deleted\n")
    assert seconds_of(folder) == [0, 1, 5]


def test_where_nobody_can_be_asked_it_refuses(barograph: Commands, folder: Path) -> None:
    said = barograph("store", "delete", "--match", 'm{i="x"}', "--data", str(folder))
    assert said.status == 2
    assert "1 series would lose samples: say --yes" in said.err
    assert len(seconds_of(folder)) == 6


@pytest.mark.parametrize(("answer", "left"), [(True, []), (False, [0, 1, 2, 3, 4, 5])])
def test_a_person_is_asked(
    barograph: Commands, folder: Path, monkeypatch: pytest.MonkeyPatch, answer: bool, left: list[int]
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda text, *, err: answer)
    said = barograph("store", "delete", "--match", 'm{i=~"x|z"}', "--data", str(folder))
    assert said.status == (0 if answer else 1)
    assert '1 series lose samples for good: m{i="x"}' in said.err
    reader = StoreReader.open_offline(folder, SMALL)
    found = samples_of(reader.select([], 0, 1 << 60))
    reader.close()
    assert sorted(found.get('m{i="x"}', {})) == left


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--match", "1+1"), 2, "is no series selector"),
        (("--match", "m{"), 2, "unexpected end"),
        (("--match", "m", "--start", TO, "--end", FROM), 2, "--end lies 2 s before --start"),
        (("--match", "m", "--data", "/nowhere"), 1, "holds no Barograph store"),
        (("--match", "m", "--url", "http://127.0.0.1:1"), 1, "does not answer"),
        ((), 2, "--match"),
    ],
)
def test_what_is_wrong_is_said(
    barograph: Commands, folder: Path, arguments: tuple[str, ...], status: int, words: str
) -> None:
    where = () if "--data" in arguments or "--url" in arguments else ("--data", str(folder))
    said = barograph("store", "delete", "--yes", *arguments, *where)
    assert said.status == status
    assert words in said.err


def test_a_folder_is_held_while_its_store_is_open(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    kit = Kit(tmp_path)
    assert is_held(tmp_path)
    kit.store.close()
    assert not is_held(tmp_path)
