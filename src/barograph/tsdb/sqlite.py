"""How the store talks to SQLite: one way to open a file, the version gate, and what an error means.

Only apsw is used, and never the standard library's module beside it: two copies of SQLite in one process break each
other's locks.
"""

import contextlib
import struct
import zlib
from pathlib import Path

import apsw

from barograph.model.errors import CorruptError, VersionError

MINIMUM_SQLITE = (3, 51, 3)
"""Older ones have the WAL-reset bug: two connections at the same moment can lose commits or damage the file."""

DAMAGE_ERRORS = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError, apsw.MismatchError)
"""The file is not what it should be."""

UNREADABLE = (
    CorruptError,
    apsw.CorruptError,
    zlib.error,
    struct.error,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    IndexError,
)
"""What reading a damaged row may raise: a flipped bit can change a column's type and length as well as its bytes."""

BUSY_TIMEOUT_MS = 2000


def check_sqlite_version(version: str = "") -> None:
    """Refuse an SQLite library that cannot be trusted with a write-ahead log.

    Raises:
        VersionError: It is too old.
    """
    found = version or apsw.sqlite_lib_version()
    if tuple(int(part) for part in found.split(".")) < MINIMUM_SQLITE:
        needed = ".".join(map(str, MINIMUM_SQLITE))
        raise VersionError(
            f"SQLite {found} can lose commits (its WAL-reset bug); {needed} or newer is needed: "
            "install a newer `apsw`, which carries its own"
        )


def open_writing(path: Path, vfs: str | None = None) -> apsw.Connection:
    """Open (or make) a database for the one writing connection: WAL, every commit synced, checkpoints only by us.

    Args:
        path: The database.
        vfs: Another SQLite virtual file system. One made in Python has no shared memory, so the file is then locked
            against every other connection.

    Raises:
        apsw.Error: SQLite could not.
    """
    connection = apsw.Connection(str(path), vfs=vfs)
    try:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        if vfs is not None:
            connection.pragma("locking_mode", "exclusive")
        if connection.pragma("page_count") == 0:
            connection.pragma("page_size", 4096)
            # set on a file that has pages this writes one of them each time
            connection.pragma("auto_vacuum", "incremental")
        if connection.pragma("journal_mode", "wal") != "wal":
            raise apsw.IOError(f"{path}: SQLite would not switch to a write-ahead log here")
        connection.pragma("synchronous", "FULL")
        connection.pragma("fullfsync", True)
        connection.pragma("wal_autocheckpoint", 0)
        connection.pragma("cache_size", -256)
        _renew_log(connection)
    except apsw.Error:
        connection.close()
        raise
    return connection


def _renew_log(connection: apsw.Connection) -> None:
    """Copy what an earlier connection left in the write-ahead log into the database, and begin the log anew.

    After a failed sync frames can be read, from memory, that are not on the disk and will not be: whatever is appended
    behind them would be lost with them.
    """
    connection.set_busy_timeout(0)
    # where there is no space the log stays; in it there is space for nothing either
    with contextlib.suppress(apsw.FullError):
        checkpoint(connection, truncate=True)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)


def open_reading(path: Path) -> apsw.Connection:
    """Open a database that another process may be writing, for reading only.

    Raises:
        apsw.Error: SQLite could not.
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("cache_size", -128)
    return connection


def checkpoint(connection: apsw.Connection, truncate: bool = False) -> None:
    """Copy the write-ahead log into the database, as far as readers let us; never wait for them."""
    mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if truncate else apsw.SQLITE_CHECKPOINT_PASSIVE
    try:
        connection.wal_checkpoint(mode=mode)
    except apsw.BusyError:
        # a reader holds the log's tail: the next checkpoint takes it
        return


def check_format(connection: apsw.Connection, path: Path, newest: int) -> int:
    """Return a file's format version; 0 where it has no tables yet, as its writer was ended just after making it.

    Raises:
        VersionError: It was written by a newer program.
    """
    found = int(connection.pragma("user_version"))
    if found > newest:
        raise VersionError(
            f"{path} has format {found}, this Barograph reads up to {newest}: "
            f"use the version of Barograph that wrote it, or a newer one (format {found} needs it), or another folder"
        )
    return found
