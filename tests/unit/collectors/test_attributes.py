import errno
import os
import resource
from pathlib import Path

import pytest

from barograph.collectors.attributes import Attributes, counter_of, names_in, number_of


def test_files_are_kept_open_and_those_that_are_missing_are_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(" 1 \n")
    attributes = Attributes(tmp_path, ("a", "b"))
    assert attributes.read() == [b"1", None]
    (tmp_path / "a").write_text("2\n")
    (tmp_path / "b").write_text("3\n")
    assert attributes.read() == [b"2", b"3"]
    (tmp_path / "a").unlink()
    assert attributes.read() == [b"2", b"3"], "a descriptor stays what it was"
    attributes.close()
    assert attributes.read() == [None, b"3"]
    attributes.close()


def test_a_folder_instead_of_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    attributes = Attributes(tmp_path, ("a",))
    assert attributes.read() == [None]
    assert attributes.read() == [None]
    attributes.close()


def test_a_device_that_came_again_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("1\n")
    attributes = Attributes(tmp_path, ("a",))
    attributes.read()
    real, gone = os.pread, [errno.ENODEV]

    def pread(fd: int, size: int, offset: int) -> bytes:
        if gone:
            raise OSError(gone.pop(), "gone")
        return real(fd, size, offset)

    monkeypatch.setattr(os, "pread", pread)
    assert attributes.read() == [b"1"]
    gone.append(errno.EINVAL)
    assert attributes.read() == [None], "a link that is down has no speed"
    assert attributes.read() == [b"1"]
    attributes.close()


def test_numbers() -> None:
    assert [number_of(text) for text in (b"12", b"-1", b"0x1003")] == [12, -1, 0x1003]
    with pytest.raises(ValueError, match="invalid literal"):
        number_of(b"unknown")


def test_counters_have_64_bits_and_no_sign() -> None:
    assert counter_of(b"0xffffffffffffffff") == 2**64 - 1
    for text in (b"-1", b"18446744073709551616", b""):
        with pytest.raises(ValueError, match=r"counter of 64 bits|invalid literal"):
            counter_of(text)


def test_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a").touch()
    assert names_in(tmp_path) == ["a", "b"]
    assert names_in(tmp_path / "none") == []


def test_where_few_files_may_be_open_none_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("1\n")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2, 2))
    attributes = Attributes(tmp_path, ("a",))
    before = set(Path("/proc/self/fd").iterdir())
    assert attributes.read() == [b"1"]
    assert set(Path("/proc/self/fd").iterdir()) <= before, "other threads may have closed some"
    (tmp_path / "a").write_text("2\n")
    assert attributes.read() == [b"2"]
