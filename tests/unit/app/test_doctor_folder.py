from pathlib import Path

import pytest

from barograph.app import doctor_folder
from barograph.app.doctor_folder import examine_audit, examine_folder, holder_of, is_there
from barograph.app.finding import Level
from barograph.model.errors import StoreError
from barograph.tsdb.folder import FolderLock


def levels(folder: Path) -> dict[str, Level]:
    return {finding.topic: finding.level for finding in examine_folder(folder)}


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    assert levels(tmp_path / "none") == {"data folder": Level.FACT}
    assert not is_there(tmp_path)


def test_a_folder_that_others_may_read_is_named_with_the_remedy(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o640)
    found = [finding for finding in examine_folder(tmp_path) if finding.level == Level.PROBLEM]
    assert [finding.remedy for finding in found] == [f"chmod 700 {tmp_path}", f"chmod 600 {token}"]
    tmp_path.chmod(0o700)
    token.chmod(0o600)
    assert not [finding for finding in examine_folder(tmp_path) if finding.level == Level.PROBLEM]


@pytest.mark.parametrize(
    ("kind", "level"), [("nfs4", Level.PROBLEM), ("tmpfs", Level.ADVICE), ("ext4", Level.GOOD), ("", Level.GOOD)]
)
def test_where_a_folder_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, level: Level) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(doctor_folder, "file_system_of", lambda _: ("/mnt", kind))
    assert examine_folder(tmp_path)[0].level == level


@pytest.mark.parametrize(("share", "level"), [(0.5, Level.GOOD), (0.04, Level.ADVICE), (0.01, Level.PROBLEM)])
def test_how_much_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, level: Level) -> None:
    monkeypatch.setattr("barograph.app.doctor_folder.Space.look", lambda space: setattr(space, "free_share", share))
    assert levels(tmp_path)["disk"] == level


def test_who_holds_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert holder_of(tmp_path) == ""
    lock = FolderLock.acquire(tmp_path)
    try:
        assert holder_of(tmp_path).isdigit()
        monkeypatch.setattr(doctor_folder, "LOCK", "no such file")
        assert holder_of(tmp_path) == "unknown"
    finally:
        lock.close()


def test_a_chain_that_does_not_hold_is_broken() -> None:
    assert examine_audit((3, "f" * 64)).level == Level.GOOD
    found = examine_audit(StoreError("audit line 2 is not what was written: it was changed"))
    assert found.level == Level.PROBLEM
    assert "line 2" in found.words
