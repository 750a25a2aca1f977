"""`barograph serve` up to the moment at which it becomes the keeper."""

import os
import sys
from pathlib import Path

import msgspec
import pytest

from barograph.app.config import ServeOptions
from unit.cli.commands import Commands


class ReplacedError(Exception):
    """The process became another: nothing after it runs."""


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], ServeOptions]]:
    """What was executed instead of this process, and with which options."""
    seen: list[tuple[list[str], ServeOptions]] = []

    def execve(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        assert program == sys.executable
        options = msgspec.json.decode(environment["BAROGRAPH_SERVE_OPTIONS"], type=_Strict)
        assert environment["PATH"] == os.environ["PATH"]
        seen.append((arguments, msgspec.convert(msgspec.structs.asdict(options), ServeOptions)))
        raise ReplacedError

    monkeypatch.setattr(os, "execve", execve)
    return seen


class _Strict(ServeOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options, without room for a key that the keeper would not see."""


def test_flags_become_the_keepers_options(
    barograph: Commands, keeper: list[tuple[list[str], ServeOptions]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReplacedError):
        barograph(
            *("serve", "--config", "b.yml", "--data", "d", "--listen", "127.0.0.1:1", "--listen", "[::1]:2"),
            *("--interval", "5s", "--path.procfs", "/p", "--path.sysfs", "/s", "--path.rootfs", "/r"),
            *("--path.udev.data", "/u", "--log.format", "json", "--log.level", "debug"),
        )
    ((arguments, options),) = keeper
    assert arguments == [sys.executable, "-P", "-m", "barograph.app.keeper"]
    assert options == ServeOptions(
        data=str(tmp_path / "d"),
        config=str(tmp_path / "b.yml"),
        listen=("127.0.0.1:1", "[::1]:2"),
        interval="5s",
        procfs="/p",
        sysfs="/s",
        rootfs="/r",
        udev_data="/u",
        log_format="json",
        log_level="debug",
    )


def test_without_flags_the_folder_is_the_users_and_nothing_else_is_given(
    barograph: Commands, keeper: list[tuple[list[str], ServeOptions]], tmp_path: Path
) -> None:
    with pytest.raises(ReplacedError):
        barograph("serve")
    assert keeper[0][1] == ServeOptions(data=str(tmp_path / "state" / "barograph"))
