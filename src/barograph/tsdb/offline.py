"""The head of a folder whose keeper does not give it: made of the ring of its live.db. Used by `StoreReader`."""

from pathlib import Path
from typing import NamedTuple

import apsw

from barograph.model.errors import FolderError
from barograph.tsdb import filenames, log, sqlite
from barograph.tsdb.head import Head
from barograph.tsdb.replay import replay
from barograph.tsdb.segment import MemorySegments


class Ring(NamedTuple):
    """What a ring held.

    Attributes:
        head: A head segment of our own; None where it held nothing.
        warnings: What of it is damaged.
    """

    head: memoryview | None = None
    warnings: tuple[str, ...] = ()


def require_store(folder: Path) -> None:
    """See that a folder holds a store.

    Raises:
        FolderError: It does not.
    """
    sqlite.check_sqlite_version()
    if not (folder / filenames.LIVE).exists() and not filenames.block_names(folder):
        raise FolderError(f"{folder} holds no Barograph store: name the data folder of a `barograph serve`")


def read_ring(folder: Path) -> Ring:
    """Replay the ring of a folder's live.db, where it has one.

    Raises:
        FolderError: It cannot be read.
        VersionError: It was written by a newer program.
    """
    path = folder / filenames.LIVE
    if not path.exists():
        return Ring()
    segments = MemorySegments()
    try:
        connection = sqlite.open_reading(path)
        try:
            if sqlite.check_format(connection, path, log.FORMAT) == 0:
                return Ring()
            with connection:
                meta = log.read_meta(connection)
                damaged = replay(connection, Head(segments, meta["slots"]), meta["folded_tick"], {})
        finally:
            connection.close(True)
    except (*sqlite.DAMAGE_ERRORS, KeyError) as error:
        return Ring(warnings=(f"{path} is damaged ({error}): the newest samples are shown as a gap",))
    except apsw.Error as error:
        raise FolderError(f"{path} cannot be read ({error}): is it a Barograph store, and yours to read?") from error
    warnings = (f"{damaged} damaged records of {path} are shown as gaps",) if damaged else ()
    return Ring(segments.current.buffer if segments.current is not None else None, warnings)
