"""Snapshots: a consistent, verified copy of a data folder that a server may be writing, and its way back.

The copy is made through readers, so the writer is not asked and no tick waits. What makes it consistent is the order of
its files: docs/formats/snapshot.md.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import msgspec

from barograph.model.errors import CorruptError, FolderError
from barograph.tsdb import filenames, log, sqlite
from barograph.tsdb.verify import STATE, Checked, verify

MANIFEST = "manifest.json"
FORMAT = 1
_PAGES = 2048
"""8 MiB a step of a copy."""
_READ_BYTES = 1 << 20
_ATTEMPTS = 3

Progress = Callable[[str, int, int], None]
"""Told of a file's name, how much of all bytes is done, and how many there are."""


class CopiedFile(msgspec.Struct, frozen=True):
    """A file of a snapshot: its name, size and SHA-256 in hexadecimal."""

    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot holds. It is written last: a folder without it is no snapshot.

    Attributes:
        format: 1.
        version: The program's version that made it.
        created_ms: When.
        last_tick: The newest tick of the ring, which has every tick acknowledged before; 0 without a ring.
        files: Every file.
    """

    format: int
    version: str
    created_ms: int
    last_tick: int
    files: tuple[CopiedFile, ...]


def take_snapshot(folder: Path, target: Path, made: tuple[str, int], progress: Progress) -> Manifest:
    """Copy a data folder. Whatever fails, nothing of the copy is left.

    Args:
        folder: The data folder; its server may run.
        target: Where to; must not be there, or be empty.
        made: The program's version, and now in ms.
        progress: Told what goes on.

    Raises:
        FolderError: There is no store, or the target is in use or cannot be written.
        CorruptError: The copy does not verify: the store is damaged, or the target's disk.
    """
    if not (folder / filenames.LIVE).exists() and not filenames.block_names(folder):
        raise FolderError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")
    _require_free(target)
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        last_tick = _copy_all(folder, target, progress)
        _require_sound(verify(target), target)
        _drop_companions(target)
        files = tuple(_described(path) for path in sorted(target.iterdir()))
        manifest = Manifest(FORMAT, made[0], made[1], last_tick, files)
        _write_synced(target / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        _sync_folder(target)
        _sync_folder(target.parent)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise FolderError(f"{target} cannot be written ({error.strerror}): name a folder with space") from error
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return manifest


def restore_snapshot(snapshot: Path, target: Path, progress: Progress) -> Manifest:
    """Make a data folder of a snapshot. Whatever fails, the target is not there, or as empty as it was.

    Args:
        snapshot: The snapshot's folder.
        target: The data folder to be; must not be there, or be empty.
        progress: Told what goes on.

    Raises:
        FolderError: The target is in use or cannot be written.
        CorruptError: The snapshot is none, or not what its manifest says.
    """
    manifest = read_manifest(snapshot)
    _require_free(target)
    making = target.with_name(f"{target.name}.restoring-{os.getpid()}")
    try:
        making.mkdir(mode=0o700, parents=True)
        total = sum(file.size_bytes for file in manifest.files)
        done = 0
        for file in manifest.files:
            progress(file.name, done, total)
            _copy_checked(snapshot / file.name, making / file.name, file)
            done += file.size_bytes
        progress("", total, total)
        _require_sound(verify(making), snapshot)
        _drop_companions(making)
        _sync_folder(making)
        if target.exists():
            target.rmdir()
        making.rename(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise FolderError(f"{target} could not be restored ({error.strerror}: {error.filename})") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return manifest


def read_manifest(snapshot: Path) -> Manifest:
    """Return what a snapshot says of itself.

    Raises:
        CorruptError: It is no snapshot, or one of a newer program.
    """
    path = snapshot / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise CorruptError(
            f"{snapshot} is no finished snapshot: {path} cannot be read ({error.strerror}); make it anew"
        ) from error
    except msgspec.MsgspecError as error:
        raise CorruptError(f"{path} is damaged: {error}") from error
    if manifest.format != FORMAT:
        raise CorruptError(f"{path} has format {manifest.format}, this Barograph reads {FORMAT}: use a newer one")
    if strange := [file.name for file in manifest.files if not _is_ours(file.name)]:
        raise CorruptError(f"{path} names {strange[0]!r}, which is no file of a store")
    return manifest


def _copy_all(folder: Path, target: Path, progress: Progress) -> int:
    """Copy every database, the ring first: what is folded from then on is in the block files, which come after.

    Returns:
        The newest tick of the ring.
    """
    for _ in range(_ATTEMPTS):
        progress(filenames.LIVE, 0, 1)
        live = target / filenames.LIVE
        last_tick = _last_tick(live) if _copy_database(folder / filenames.LIVE, live) else 0
        names = _names_in_order(folder)
        sizes = {name: _size(folder / name) for name in names}
        total, done = sum(sizes.values()), 0
        copied: set[str] = set()
        for name in names:
            progress(name, done, total)
            if _copy_database(folder / name, target / name):
                copied.add(name)
            done += sizes[name]
        if not _has_moved(folder, names, copied):
            progress("", total, total)
            return last_tick
        for path in list(target.iterdir()):
            path.unlink()
    raise FolderError(f"{folder}: files come and go faster than they can be copied; try again later")


def _names_in_order(folder: Path) -> list[str]:
    """Return what is copied after the ring.

    Tombstones come before the files that they are about: what was deleted before must not come back with a file that
    was copied before it was rewritten. Tiers come before the days they are made of: a tier that is older than its day
    is known to be so, one that is newer is not. Days come in the opposite of the order in which a fold commits them:
    its last file alone says that its ticks are in all of them.
    """
    names = sorted(filenames.block_names(folder), key=lambda name: (name.tier != "", name), reverse=True)
    return [filenames.TOMBSTONES, *(name.file_name for name in names), STATE]


def _has_moved(folder: Path, names: list[str], copied: set[str]) -> bool:
    """Tell whether days came or went that the copy leans on: it is then begun anew.

    Retention may have taken a day whose tier was copied before it was made. A fold may have made a file after the
    others were named; harmless if it is the last of them, since what it holds is in the ring's copy too.
    """
    days = [name for text in names if (name := filenames.BlockName.parse(text)) is not None and not name.tier]
    if any(name.file_name not in copied for name in days):
        return True
    fresh = [name for name in filenames.block_names(folder) if not name.tier and name not in days]
    return bool(days) and any(name < max(days) for name in fresh)


def _copy_database(source: Path, target: Path) -> bool:
    """Copy a database as it is at one moment, its write-ahead log included; False where it is gone meanwhile."""
    if not source.exists():
        return False
    try:
        reading = sqlite.open_reading(source)
    except apsw.Error as error:
        if not source.exists():
            return False
        raise CorruptError(f"{source} cannot be opened: {error}") from error
    try:
        # in one transaction: a copy in steps would begin anew with each commit
        with reading, apsw.Connection(str(target)) as writing:
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            with writing.backup("main", reading, "main") as backup:
                while not backup.done:
                    backup.step(_PAGES)
        writing.close(True)
    except apsw.Error as error:
        raise CorruptError(f"{source} cannot be copied: {error}") from error
    finally:
        reading.close(True)
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def _last_tick(path: Path) -> int:
    connection = sqlite.open_reading(path)
    try:
        if sqlite.check_format(connection, path, log.FORMAT) == 0:
            return 0
        folded = log.read_meta(connection)["folded_tick"]
        newest = [found.tick for found in log.read_ticks(connection, folded) if not isinstance(found, CorruptError)]
        return max(newest, default=folded)
    finally:
        connection.close(True)


def _require_sound(checked: Iterator[Checked], place: Path) -> None:
    for each in checked:
        if each.findings:
            first = each.findings[0]
            raise CorruptError(
                f"{place}: {first.file} is damaged ({first.place}: {first.lost}), {len(each.findings)} findings; "
                "`barograph store verify` lists them"
            )


def _drop_companions(folder: Path) -> None:
    """Remove what readers leave beside a copy: nobody writes it, so there is nothing in them."""
    for path in list(folder.iterdir()):
        if path.name.endswith(("-wal", "-shm")):
            path.unlink()


def _require_free(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FolderError(f"{target} is there already and not empty: name a new folder")


def _described(path: Path) -> CopiedFile:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            digest.update(part)
    return CopiedFile(path.name, path.stat().st_size, digest.hexdigest())


def _copy_checked(source: Path, target: Path, told: CopiedFile) -> None:
    digest = hashlib.sha256()
    try:
        with source.open("rb") as reading, target.open("xb") as writing:
            while part := reading.read(_READ_BYTES):
                digest.update(part)
                writing.write(part)
            writing.flush()
            os.fsync(writing.fileno())
    except FileNotFoundError as error:
        raise CorruptError(f"{source} is missing: the snapshot is not whole") from error
    if digest.hexdigest() != told.sha256:
        raise CorruptError(f"{source} is not what {MANIFEST} says (SHA-256 {digest.hexdigest()}): it is damaged")


def _is_ours(name: str) -> bool:
    fixed = (filenames.LIVE, filenames.TOMBSTONES, STATE)
    return name in fixed or filenames.BlockName.parse(name) is not None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
