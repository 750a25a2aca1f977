import os
from pathlib import Path

import pytest

from barograph.collectors.process.files import DENIED, NOT_KEPT, PidFiles
from barograph.collectors.process.users import Users
from barograph.model.processes import UNKNOWN


def test_only_numbers_are_processes(tmp_path: Path) -> None:
    for name in ("1", "self", "12", "3x", "acpi"):
        (tmp_path / name).mkdir()
    assert sorted(PidFiles(tmp_path).pids()) == ["1", "12"]


def test_descriptors_are_kept_while_there_is_room(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "1/stat").write_text("x" * 5000)
    files = PidFiles(tmp_path, lambda: 3)
    files.pids()
    kept = files.open("1", "stat")
    assert kept >= 0
    assert files.open("1", "stat") == NOT_KEPT
    assert files.read("1", "stat") == b"x" * 5000
    files.close(kept)
    files.close(NOT_KEPT)
    again = files.open("1", "stat")
    assert again >= 0
    files.close(again)
    assert files.read_or_none("2", "stat") == b""


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    files = PidFiles(tmp_path)
    files.pids()
    monkeypatch.setattr(os, "open", refuse)
    assert files.open("1", "io") == DENIED


def test_open_files_are_counted(tmp_path: Path) -> None:
    own = str(os.getpid())
    listed = len(list(Path("/proc/self/fd").iterdir()))
    # listing opens one more
    assert abs((PidFiles(Path("/proc")).count_open(own) or 0) - listed) <= 1
    assert PidFiles(tmp_path).count_open("1") is None


def test_users(tmp_path: Path) -> None:
    users = Users(tmp_path)
    assert not users.refresh()
    assert users.name(5) == "5"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("me:x:5:5::/:/bin/sh\nalso:x:5:5\nbad:x:y\n")
    assert users.refresh()
    assert not users.refresh()
    assert (users.name(5), users.name(6), users.name(UNKNOWN)) == ("me", "6", "")
    (tmp_path / "etc/passwd").unlink()
    assert users.refresh()
    assert users.name(5) == "5"
