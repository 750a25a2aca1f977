import os
from pathlib import Path

import pytest

from barograph.tsdb.space import BALLAST, Space


def test_a_reserve_is_kept_and_given_up(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.look()
    assert space.free_bytes > 0
    assert 0 < space.free_share <= 1
    space.reserve(1 << 40)
    held = (tmp_path / BALLAST).stat()
    assert held.st_size == held.st_blocks * 512 > 4000, "the space is really taken"
    space.reserve(1 << 40)
    assert space.release()
    assert not (tmp_path / BALLAST).exists()
    assert not space.release()


def test_where_little_is_left_nothing_is_reserved(tmp_path: Path) -> None:
    space = Space(tmp_path)
    space.free_bytes = 10_000
    space.reserve(1 << 40)
    assert not (tmp_path / BALLAST).exists()


def test_a_disk_that_refuses_goes_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    space = Space(tmp_path)
    space.look()
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    space.reserve(1 << 40)
    assert not (tmp_path / BALLAST).exists()
    with pytest.raises(FileNotFoundError):
        Space(tmp_path / "nowhere").look()
    Space(tmp_path / "nowhere").reserve(1 << 40)
