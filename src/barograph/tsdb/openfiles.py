"""One block file as a reader knows it, and the few connections that are kept open.

`DayFiles` owns an `OpenFiles`, and `DayChunks` reads through it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import numpy as np

from barograph.model.batch import Family
from barograph.tsdb import blocks, sqlite
from barograph.tsdb.blocks import Span
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.index import SeriesIds

_OPEN_FILES = 4
"""Connections kept open: a query of a month opens the others for as long as it reads them."""


class MovedError(Exception):
    """A block is gone: it was merged since `refresh`, or its file removed. Refresh, and read again."""


@dataclass(slots=True, eq=False)
class DayFile:
    """What is known of one block file."""

    name: BlockName
    identity: int
    number: int
    start_ms: int
    end_ms: int
    version: int = -1
    signature: tuple[int, ...] = ()
    spans: list[Span] = field(default_factory=list)
    """In order of writing."""
    series: SeriesIds = field(default_factory=lambda: np.zeros(0, np.int64))
    families: dict[str, Family] = field(default_factory=dict)
    sequence: int = 0
    """Rises with every change; what is made of the file says of which one."""
    missing: int = 0
    """How many spans are damaged or lost."""
    warnings: list[str] = field(default_factory=list)
    """What was found damaged when it was read: as long as it stays so, whoever looks is told."""
    tiers: dict[int, dict[str, dict[int, Span]]] = field(default_factory=dict)
    """In a tier's file: where each day begins, to source, to column, to the span."""


class OpenFiles:
    """Connections to block files of a folder, opened as they are needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[BlockName, apsw.Connection] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def connection(self, file: DayFile) -> apsw.Connection:
        """Return the connection to a file.

        Raises:
            apsw.Error: It cannot be opened.
            MovedError: It is gone, or another one of its name is there.
        """
        connection = self._open.get(file.name)
        if connection is None:
            self._require_there(file)
            try:
                connection = sqlite.open_reading(self._folder / file.name.file_name)
            except apsw.CantOpenError:
                self._require_there(file)
                raise
            self._open[file.name] = connection
            # what another connection saw says nothing about this one
            file.version = -1
            if len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)[1].close(True)
        self._open.move_to_end(file.name)
        return connection

    def _require_there(self, file: DayFile) -> None:
        try:
            identity = (self._folder / file.name.file_name).stat().st_ino
        except FileNotFoundError:
            raise MovedError from None
        if identity != file.identity:
            raise MovedError

    def require_unmoved(self, file: DayFile) -> None:
        """Return where a file is as it was at `refresh`: what is missing in it is damage.

        Raises:
            MovedError: It was written since then.
        """
        if blocks.sequence(self.connection(file)) != file.sequence:
            file.signature, file.version = (), -1
            raise MovedError

    def forget(self, name: BlockName) -> None:
        """Close a file, where it is open."""
        connection = self._open.pop(name, None)
        if connection is not None:
            connection.close(True)

    def close(self) -> None:
        """Close all files."""
        while self._open:
            self._open.popitem()[1].close(True)
