"""What a child may do: in processes of its own, since a privilege that is gone does not come back."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.link import children
from barograph.link.capabilities import DAC_OVERRIDE, DAC_READ_SEARCH, bequeath_none, held, use
from barograph.link.privileges import needed

NOBODY = 65532
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="giving up privileges needs some first")
STATUS = "print(open('/proc/self/status').read())"


def capabilities(status: str) -> dict[str, int]:
    lines = (line.split(":\t") for line in status.splitlines() if line.startswith("Cap"))
    return {name: int(bits, 16) for name, bits in lines}


async def status_of_child(folder: Path | None, module: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(module)}
    pipe = asyncio.subprocess.PIPE
    process = await children.start("look", "an argument", folder=folder, stdout=pipe, env=environment)
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


@pytest.fixture
def look(tmp_path: Path) -> Path:
    """A module that shows the status of its process, and that of one that it starts."""
    words = "import subprocess, sys; assert sys.argv[1:] == ['an argument']; assert __name__ == '__main__'"
    (tmp_path / "look.py").write_text(f"{words}; {STATUS}; subprocess.run(['cat', '/proc/self/status'])\n")
    return tmp_path


@only_root
def test_a_child_has_no_capability_and_gets_none_by_exec(look: Path, tmp_path: Path) -> None:
    status = asyncio.run(status_of_child(tmp_path, look))
    assert status.count("NoNewPrivs:\t1") == 2
    for each in status.split("Name:")[1:]:
        assert set(capabilities(each).values()) == {0}


@only_root
@pytest.mark.parametrize(
    ("belongs", "kept"),
    [
        ((0, 0o700), set()),
        ((NOBODY, 0o700), {DAC_OVERRIDE, DAC_READ_SEARCH}),
        ((NOBODY, 0o755), {DAC_OVERRIDE, DAC_READ_SEARCH}),
        ((NOBODY, 0o707), set()),
    ],
)
def test_a_folder_that_is_another_users_is_worked_in_all_the_same(
    look: Path, tmp_path: Path, belongs: tuple[int, int], kept: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(belongs[1])
    os.chown(folder, belongs[0], belongs[0])
    effective = capabilities(asyncio.run(status_of_child(folder, look)))["CapEff"]
    assert effective == sum(1 << number for number in kept)
    assert (str(folder) in caplog.text and "the front keeps CAP_DAC_OVERRIDE and" in caplog.text) is bool(kept)


@only_root
def test_what_is_only_read_is_only_read(tmp_path: Path) -> None:
    closed, folder = tmp_path / "closed", tmp_path / "closed" / "data"
    folder.mkdir(parents=True)
    (folder / "live.db").touch()
    for each, mode in ((folder / "live.db", 0o600), (closed, 0o700)):
        each.chmod(mode)
        os.chown(each, NOBODY, NOBODY)
    assert needed(folder).capabilities == {DAC_READ_SEARCH}
    assert needed(folder).why.startswith(f"{folder} is closed to the user that serves")
    assert held() >= {DAC_OVERRIDE, DAC_READ_SEARCH}


@only_root
def test_modules_that_only_root_may_read_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    os.chown(tmp_path, NOBODY, NOBODY)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path), "/nowhere/at/all.zip"])
    assert needed(None).capabilities == {DAC_READ_SEARCH}


def test_who_has_no_capability_needs_none() -> None:
    code = (
        "from barograph.link import capabilities as c, privileges as p; from pathlib import Path; c.drop(frozenset())"
    )
    code += "; c.drop(frozenset()); assert p.needed(Path('/nowhere')) == p.Needed(), p.needed(None)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_system_without_capabilities_has_none_to_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _: object())
    bequeath_none()
    use(frozenset(), frozenset())
    assert held() == frozenset()
