import errno
import os
from pathlib import Path

import pytest

from barograph.collectors.procfs import KeptFile, Paths, SharedFile, read_attribute, read_error
from barograph.model.errors import CollectError, DeniedError, NoDataError


def test_paths_are_the_machines_own_by_default() -> None:
    paths = Paths()
    assert (str(paths.procfs), str(paths.sysfs), str(paths.rootfs)) == ("/proc", "/sys", "/")
    assert str(paths.udev_data) == "/run/udev/data"


def test_a_file_is_read_from_its_start_each_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    file = KeptFile(path)
    assert file.read() == b"one"
    path.write_bytes(b"three")
    assert file.read() == b"three"
    file.close()
    assert file.read() == b"three"
    file.close()
    file.close()


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 100_000])
def test_the_whole_of_any_size_is_read(tmp_path: Path, size: int, *, single: bool) -> None:
    path = tmp_path / "file"
    data = bytes(i % 251 for i in range(size))
    path.write_bytes(data)
    file = KeptFile(path, single=single)
    assert file.read() == data
    assert file.read() == data
    file.close()


def test_a_file_that_comes_in_pieces_is_read_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abcdefgh")
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, offset: pread(fd, min(size, 3), offset))
    file = KeptFile(path, single=False)
    assert file.read() == b"abcdefgh"
    file.close()


def test_the_kernels_own_files_are_read_whole() -> None:
    for name in ("stat", "vmstat", "self/mountinfo"):
        file = KeptFile(Path("/proc") / name, single=name == "stat")
        differences = []
        for _ in range(5):  # somebody else may mount something between the two
            data = file.read()
            assert data.endswith(b"\n")
            differences.append(abs(len(data) - len((Path("/proc") / name).read_bytes())))
        assert min(differences) < 200
        file.close()


def test_a_replaced_file_is_opened_again(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"old")
    file = KeptFile(path)
    assert file.read() == b"old"
    other.write_bytes(b"new")
    other.replace(path)
    assert file.read() == b"new"
    path.unlink()
    with pytest.raises(NoDataError, match="does not exist"):
        file.read()


def test_a_missing_file_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match=r"gone does not exist"):
        KeptFile(tmp_path / "gone").read()


@pytest.mark.parametrize("code", [errno.ESRCH, errno.ENODEV, errno.EIO])
def test_a_descriptor_that_went_bad_is_opened_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"data")
    file = KeptFile(path)
    file.read()
    pread, left = os.pread, [code]

    def failing(fd: int, size: int, offset: int) -> bytes:
        if left:
            raise OSError(left.pop(), "went bad")
        return pread(fd, size, offset)

    monkeypatch.setattr(os, "pread", failing)
    assert file.read() == b"data"
    left.extend([code, code])
    with pytest.raises(CollectError):
        file.read()
    assert file.read() == b"data"
    left.append(errno.EINVAL)
    with pytest.raises(CollectError, match="Invalid argument"):
        file.read()
    file.close()


def test_errors_say_what_to_do() -> None:
    path = Path("/proc/x")
    denied = read_error(path, PermissionError(errno.EACCES, "x"))
    assert type(denied) is DeniedError
    assert "run as root" in str(denied)
    assert isinstance(read_error(path, OSError(errno.EOPNOTSUPP, "x")), NoDataError)
    assert isinstance(read_error(path, OSError(errno.ENOENT, "x")), NoDataError)
    assert "odd" in str(read_error(path, OSError("odd")))


def test_a_shared_file_is_read_once_an_instant(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    file = SharedFile(KeptFile(path))
    assert file.path == path
    assert file.read_at(1) == b"one"
    path.write_bytes(b"two")
    assert file.read_at(1) == b"one"
    assert file.read_at(2) == b"two"
    path.write_bytes(b"six")
    file.close()
    assert file.read_at(2) == b"six"
    file.close()


def test_an_attribute_is_stripped_text_or_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b" x\xff \n")
    assert read_attribute(tmp_path / "a") == "x�"
    assert read_attribute(tmp_path / "b") is None
