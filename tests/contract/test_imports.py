"""The import contracts hold, and each can fail: a forbidden import is planted in a copy of the tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "Imports go down only": ("model/planted.py", "import barograph.telemetry\n"),
    "No cycles between siblings": ("model/labels.py", "import barograph.model.matcher\n"),
    "Only app, client and offline commands know the stores": ("web/planted.py", "import barograph.tsdb\n"),
    "The keeper's side imports neither web nor an HTTP framework": ("ingest/planted.py", "import httpx\n"),
    "Pure rooms do no I/O": ("formats/planted.py", "import socket\n"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    ignored = shutil.ignore_patterns("static", "__pycache__")
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=ignored)
    return tmp_path


def test_all_contracts_hold(tree: Path) -> None:
    answer = lint(tree)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize("contract", PLANTED)
def test_each_contract_can_fail(tree: Path, contract: str) -> None:
    place, code = PLANTED[contract]
    file = tree / "src" / "barograph" / place
    file.write_text(code + (file.read_text() if file.exists() else ""))
    answer = lint(tree)
    assert answer.returncode == 1
    assert f"{contract} BROKEN" in answer.stdout


def test_a_new_room_must_be_placed(tree: Path) -> None:
    room = tree / "src" / "barograph" / "helpers"
    room.mkdir()
    (room / "__init__.py").write_text('"""A room that nobody placed."""\n')
    answer = lint(tree)
    assert answer.returncode == 1
    assert "helpers" in answer.stdout
