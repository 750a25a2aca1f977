"""Wheel and sdist carry the built page; the wheel, installed into an empty environment, starts and shows it."""

import os
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

from helpers.server import eventually

ROOT = Path(__file__).parents[2]
# packages are fetched anew
pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]


def run(*command: str | Path, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> str:
    answer = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both archives; the wheel is built from the sdist, so the sdist is shown to need no Node."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


def test_both_archives_carry_the_page_and_no_sources_of_others(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert "barograph/web/static/index.html" in names
    assert any(name.startswith("barograph/web/static/assets/") and name.endswith(".js") for name in names)
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        members = sdist.getnames()
    assert any(name.endswith("src/barograph/web/static/index.html") for name in members)
    assert not any("node_modules" in name for name in members)


def test_the_wheel_starts_in_an_empty_environment(dist: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    run(sys.executable, "-m", "venv", environment)
    pip: list[str | Path] = [environment / "bin" / "python", "-m", "pip", "install", "--quiet"]
    run(*pip, "--no-deps", "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt")
    run(*pip, "--no-deps", next(dist.glob("*.whl")))
    program = environment / "bin" / "barograph"
    assert "0.1.0" in run(program, "version", cwd=tmp_path)
    data = tmp_path / "data"
    process = subprocess.Popen(
        [program, "serve", "--data", data, "--listen", "127.0.0.1:0"], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        token = eventually(lambda: (data / "url").exists() and (data / "token").read_text().strip(), 120, "the start")
        page = f"{(data / 'url').read_text().strip()}/"
        request = urllib.request.Request(page, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert b"/assets/" in answer.read()
    finally:
        process.terminate()
        assert process.wait(60) == 0
