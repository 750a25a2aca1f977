"""The example package, installed as its README says, runs in a real server when the configuration names it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.server import eventually, serving

pytestmark = pytest.mark.e2e

_EXAMPLE = Path(__file__).parents[2] / "examples/barograph-example"
_FILES = 'folder_files{job="node"}'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example installed in it; nothing is fetched."""
    source, target = tmp_path_factory.mktemp("source") / "package", tmp_path_factory.mktemp("installed")
    shutil.copytree(_EXAMPLE, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "--target", target, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def _environment(installed: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}


def _config(folder: Path, watched: Path) -> Path:
    path = folder / "barograph.yml"
    path.write_text(f"collectors:\n  third_party:\n    - name: folder\n      options: {{path: {watched}}}\n")
    return path


def test_it_runs_when_it_is_named_and_is_reloaded(installed: Path, tmp_path: Path) -> None:
    watched, other = tmp_path / "watched", tmp_path / "other"
    for folder, count in ((watched, 2), (other, 5)):
        folder.mkdir()
        for number in range(count):
            (folder / str(number)).write_text("x")
    config = _config(tmp_path, watched)
    arguments = ("--config", str(config))
    with serving(tmp_path / "data", *arguments, environment=_environment(installed)) as server:
        eventually(lambda: server.value(_FILES) == 2, what="two files being counted")
        _config(tmp_path, other)
        headers = {"Authorization": f"Bearer {server.token}"}
        assert server.request("/-/reload", method="POST", headers=headers).status == 200
        eventually(lambda: server.value(f'folder_files{{path="{other}"}}') == 5, what="the other folder")
        # it fails, ours go on, and it is back when its folder is
        other.rename(tmp_path / "away")
        success = 'barograph_collector_success{collector="folder"}'
        eventually(lambda: server.value(success) == 0, what="its failure being told")
        eventually(lambda: server.value('barograph_collector_success{collector="cpu"}') == 1, what="ours going on")
        (tmp_path / "away").rename(other)
        eventually(lambda: server.value(success) == 1, what="its return")


def test_what_is_only_installed_does_not_run(installed: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "data", environment=_environment(installed)) as server:
        eventually(lambda: server.value("node_load1") is not None, what="a sample")
        assert server.value(_FILES) is None


def test_what_is_named_and_not_installed_is_said(tmp_path: Path) -> None:
    config = _config(tmp_path, tmp_path)
    command = [sys.executable, "-m", "barograph", "serve", "--config", str(config), "--data", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "collectors.third_party[0].name" in done.stderr
    assert "no installed package has a collector 'folder'" in done.stderr
