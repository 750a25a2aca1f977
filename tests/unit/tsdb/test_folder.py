import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.model.errors import FolderError
from barograph.tsdb.folder import FolderLock, file_system_of, is_disk_full


def mounts_of(tmp_path: Path, kind: str) -> Path:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\nshort\nserver:/x {tmp_path}/net\\040work {kind} rw 0 0\n")
    return mounts


def test_the_folder_is_made_private_and_names_its_holder(tmp_path: Path) -> None:
    lock = FolderLock.acquire(tmp_path / "a" / "data")
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700
    assert (tmp_path / "a" / "data" / "lock").read_text() == f"{os.getpid()}\n"
    with pytest.raises(FolderError, match=f"held by another Barograph, pid {os.getpid()}"):
        FolderLock.acquire(tmp_path / "a" / "data")
    lock.close()
    lock.close()
    FolderLock.acquire(tmp_path / "a" / "data").close()


def test_another_process_holds_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from barograph.tsdb.folder import FolderLock;"
        "lock = FolderLock.acquire(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", script, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(FolderError, match=f"pid {holder.pid}"):
            FolderLock.acquire(tmp_path)
        holder.kill()
        holder.wait()
    FolderLock.acquire(tmp_path).close()


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "net work" / "data"
    with pytest.raises(FolderError, match=rf"network file system \({kind}, mounted at .*net work\).*--data"):
        FolderLock.acquire(folder, mounts_of(tmp_path, kind))


def test_a_local_file_system_is_fine(tmp_path: Path) -> None:
    assert file_system_of(tmp_path / "net work" / "x", mounts_of(tmp_path, "xfs")) == (f"{tmp_path}/net work", "xfs")
    assert file_system_of(tmp_path / "x", mounts_of(tmp_path, "xfs")) == ("/", "ext4")
    assert file_system_of(tmp_path, tmp_path / "nothing") == ("", "")


def test_a_later_mount_hides_an_earlier_one(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"a {tmp_path} ext4 rw\nb {tmp_path} nfs rw\n")
    assert file_system_of(tmp_path, mounts)[1] == "nfs"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(FolderError, match="is not a folder"):
        FolderLock.acquire(tmp_path / "data")


@pytest.mark.parametrize("call", ["mkdir", "open"])
def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path if call == "mkdir" else os, call, refuse)
    with pytest.raises(FolderError, match=r"cannot be written by user id \d+ \(Permission denied\).*--data"):
        FolderLock.acquire(tmp_path / "data")


@pytest.mark.parametrize("call", ["mkdir", "open"])
def test_a_full_disk_is_no_folder_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path if call == "mkdir" else os, call, refuse)
    with pytest.raises(OSError, match="No space") as raised:
        FolderLock.acquire(tmp_path / "data")
    assert is_disk_full(raised.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_pid_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pwrite", refuse)
    if number == errno.ENOSPC:
        FolderLock.acquire(tmp_path).close()
        return
    with pytest.raises(FolderError, match="Input/output error"):
        FolderLock.acquire(tmp_path)
