"""The store's open files: the folder's lock, live.db and the block files being written.

One thread, the store's, uses it. After an error from the disk a handle is never used again (a failed sync says nothing
about later ones): it is closed, and opened anew by the next try. A file that is no database any more is moved aside,
never removed.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

import apsw

from barograph.model.errors import FolderError, ReadOnlyError
from barograph.tsdb import blocks, filenames, sqlite
from barograph.tsdb.blocks import BlockWriter, Newest
from barograph.tsdb.classes import Classes, RetentionClass
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.folder import FolderLock, is_disk_full
from barograph.tsdb.log import Log
from barograph.tsdb.space import Space
from barograph.tsdb.tombstones import Tombstone, read_tombstones


class StoreFiles:
    """What is open for writing in a data folder."""

    def __init__(
        self, folder: Path, config: StoreConfig, vfs: str | None = None, classes: Sequence[RetentionClass] = ()
    ) -> None:
        self.folder = folder
        self.log: Log | None = None
        self.notices: list[str] = []
        """What was found wrong and worked around, in words, for the log."""
        self.tombstones: list[Tombstone] = []
        """What was deleted and is not rewritten yet; see `read_tombstones`."""
        self.vfs = vfs
        self.classes = Classes(tuple(classes))
        self.space = Space(folder)
        self._config = config
        self._lock: FolderLock | None = None
        self._blocks: dict[BlockName, BlockWriter] = {}

    def connect(self) -> Log:
        """Open live.db, after the folder's lock is taken.

        Raises:
            ReadOnlyError: The disk cannot take it now.
            FolderError, VersionError: It can never work like this; at start that ends the program.
        """
        if self.log is not None:
            return self.log
        try:
            if self._lock is None:
                self._lock = FolderLock.acquire(self.folder)
            self._roll_back()
            self.read_tombstones()
            self.log = self._open_log()
        except (OSError, apsw.Error) as error:
            raise self.explain(error) from error
        return self.log

    def read_tombstones(self) -> None:
        """Read anew what was deleted.

        Raises:
            VersionError: A newer program wrote it.
            apsw.Error: It cannot be read now.
        """
        try:
            self.tombstones, damaged = read_tombstones(self.folder)
        except sqlite.DAMAGE_ERRORS as error:
            self._move_aside(self.folder / filenames.TOMBSTONES, error)
            self.tombstones, damaged = [], 0
        if damaged:
            self.notices.append(
                f"{damaged} tombstones of {filenames.TOMBSTONES} are damaged: delete again what is back"
            )

    def set_aside_log(self, error: Exception) -> None:
        """Close live.db and move it aside: it is no sound database any more. The next `connect` makes a new one."""
        self.disconnect()
        self._move_aside(self.folder / filenames.LIVE, error)

    def set_aside_block(self, name: BlockName, error: Exception) -> None:
        """See `fold.BlockFiles`."""
        self.close_block(name)
        self._move_aside(self.folder / name.file_name, error)

    def newest(self) -> dict[str, Newest]:
        """Return for each source the newest that is in any block file; a file that cannot be read is left out."""
        newest: dict[str, Newest] = {}
        for name in filenames.block_names(self.folder):
            try:
                connection = sqlite.open_reading(self.folder / name.file_name)
            except apsw.Error:
                continue
            try:
                for source, found in blocks.read_newest(connection).items():
                    known = newest.get(source, found)
                    newest[source] = Newest(*map(max, known, found))
            except (apsw.Error, *sqlite.UNREADABLE) as error:
                self.notices.append(f"{connection.filename} cannot be read ({error}); its samples are a gap")
            finally:
                connection.close(True)
        return newest

    def block(self, name: BlockName) -> BlockWriter:
        """Return the writer of a block file, opened if need be.

        Raises:
            apsw.Error: The disk cannot take it now.
        """
        writer = self._blocks.get(name)
        if writer is None:
            path = self.folder / name.file_name
            try:
                writer = BlockWriter(path, self.vfs)
            except sqlite.DAMAGE_ERRORS as error:
                self._move_aside(path, error)
                writer = BlockWriter(path, self.vfs)
            self._blocks[name] = writer
        return writer

    @property
    def open_blocks(self) -> list[BlockName]:
        """The block files that are open for writing, oldest first."""
        return sorted(self._blocks, key=lambda name: (name.start_ms, name))

    def close_block(self, name: BlockName) -> None:
        """Close a block file if it is open."""
        writer = self._blocks.pop(name, None)
        if writer is not None:
            writer.close()

    def disconnect(self) -> None:
        """Close every database, keeping the folder's lock."""
        for name in self.open_blocks:
            self.close_block(name)
        if self.log is not None:
            self.log.close()
            self.log = None

    def close(self) -> None:
        """Close everything."""
        self.disconnect()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def explain(self, error: Exception) -> ReadOnlyError | FolderError:
        """Say in words why nothing can be stored now, and what helps."""
        if self._says_full(error):
            return ReadOnlyError(
                f"the disk is full ({self._free_text()}): samples are kept in memory only, the newest "
                f"{self._config.ring_slots} ticks; free some space and storing goes on by itself"
            )
        return ReadOnlyError(
            f"{self.folder} takes no writes ({type(error).__name__}: {error}): samples are kept in memory only, the "
            f"newest {self._config.ring_slots} ticks; storing is tried again every second"
        )

    def _says_full(self, error: Exception) -> bool:
        if isinstance(error, apsw.IOError | apsw.CantOpenError):
            # SQLite says so too where its shared memory finds no space
            with contextlib.suppress(OSError):
                return os.statvfs(self.folder).f_bavail == 0
        return isinstance(error, apsw.FullError) or (isinstance(error, OSError) and is_disk_full(error))

    def _free_text(self) -> str:
        try:
            disk = os.statvfs(self.folder)
        except OSError:
            return str(self.folder)
        return f"{self.folder} has {disk.f_bavail * disk.f_frsize:,} bytes free"

    def _roll_back(self) -> None:
        """Undo the making of a database that a crash has ended halfway: readers may not, and would report a gap."""
        for journal in self.folder.glob("*.db-journal"):
            database = journal.with_name(journal.name.removesuffix("-journal"))
            if database.exists():
                with contextlib.suppress(*sqlite.DAMAGE_ERRORS):
                    sqlite.open_writing(database, self.vfs).close()

    def _open_log(self) -> Log:
        path = self.folder / filenames.LIVE
        try:
            return self._log_at(path)
        except (*sqlite.DAMAGE_ERRORS, *sqlite.UNREADABLE, KeyError) as error:
            self._move_aside(path, error)
            return self._log_at(path)

    def _log_at(self, path: Path) -> Log:
        # a new live.db goes on after the ticks that block files know, so that these never hide newer ones
        first_tick = 1 if path.exists() else max((each.tick for each in self.newest().values()), default=0) + 1
        return Log(path, self._config.ring_slots, first_tick, self.vfs)

    def _move_aside(self, path: Path, error: Exception) -> None:
        for each in filenames.with_companions(path):
            if each.exists():
                each.rename(filenames.damaged(each))
        self.notices.append(f"{path} is damaged ({error}); it was moved aside and a new one begun")
