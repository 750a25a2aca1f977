"""What the tests of commands share: no setting of this machine's user reaches them."""

from pathlib import Path

import pytest

from unit.cli.commands import Commands


@pytest.fixture(autouse=True)
def a_user_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("BAROGRAPH_URL", "BAROGRAPH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("os.geteuid", lambda: 1000)


@pytest.fixture
def barograph(capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(capsys)
