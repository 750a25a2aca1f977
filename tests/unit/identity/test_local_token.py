import stat
from pathlib import Path

import pytest

from barograph.identity.local_token import FILE, read_or_create_token, write_private
from barograph.model.errors import AccessError

GOOD = "Az09_-" * 8


def test_a_first_start_makes_one_that_only_its_owner_reads(tmp_path: Path) -> None:
    token = read_or_create_token(tmp_path)
    path = tmp_path / FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == token.reveal() + "\n"
    assert len(token.reveal()) >= 43
    assert token.reveal() not in repr(token)


def test_later_starts_read_the_same(tmp_path: Path) -> None:
    assert read_or_create_token(tmp_path) == read_or_create_token(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_an_open_mode_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / FILE
    path.write_text(GOOD)
    path.chmod(mode)
    with pytest.raises(AccessError) as refused:
        read_or_create_token(tmp_path)
    assert f"mode {mode:04o}" in str(refused.value)
    assert f"chmod 600 {path}" in str(refused.value)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_mode_is_fine(tmp_path: Path, mode: int) -> None:
    path = tmp_path / FILE
    path.write_text(GOOD + "\n")
    path.chmod(mode)
    assert read_or_create_token(tmp_path).reveal() == GOOD


@pytest.mark.parametrize("content", ["", "short", "with a space in the middle, and long enough", "é" * 40, "\x00" * 40])
def test_what_is_no_token_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / FILE
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(AccessError, match=r"which are no token.*remove it"):
        read_or_create_token(tmp_path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("before")
    (tmp_path / "file.new").mkdir()
    with pytest.raises(OSError, match="file"):
        write_private(target, "after")
    assert target.read_text() == "before"


def test_nothing_is_left_where_it_cannot_be_put_in_place(tmp_path: Path) -> None:
    target = tmp_path / "file"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="file"):
        write_private(target, "text")
    assert not (tmp_path / "file.new").exists()
