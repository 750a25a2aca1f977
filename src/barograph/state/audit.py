"""`AuditStore` on state.db. The file itself refuses to change or delete a line; the chain of hashes shows who did."""

from collections.abc import Iterator
from pathlib import Path

import apsw

from barograph.model.errors import StoreError
from barograph.model.people import AuditEntry
from barograph.state.sqlite import FILE, Row, SqliteState

_ENTRIES = "SELECT number, at_ms, actor, via, source, action, target, outcome, previous, hash FROM audit"


class SqliteAudit:
    """Implements `AuditStore` on the connection of a `SqliteState`."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def last(self) -> AuditEntry | None:
        """See `AuditStore`."""
        return next(iter(self.read(0, 1)), None)

    def append(self, entry: AuditEntry) -> None:
        """See `AuditStore`."""
        texts = (entry.actor, entry.via, entry.source, entry.action, entry.target, entry.outcome)
        statement = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        values = (entry.number, entry.at_ms, *texts, entry.previous, entry.hash)
        # where the disk takes nothing, a line in memory is better than none
        self._state.write(lambda: self._state.run(statement, *values))

    def read(self, before: int, limit: int) -> list[AuditEntry]:
        """See `AuditStore`."""
        rows = self._state.rows(
            _ENTRIES + " WHERE ? = 0 OR number < ? ORDER BY number DESC LIMIT ?", before, before, limit
        )
        return [_entry(row) for row in rows]


def read_audit(folder: Path) -> Iterator[AuditEntry]:
    """Yield all entries of a folder's state.db, the oldest first; reads only, whoever else writes.

    Raises:
        StoreError: There is no such file, or it cannot be read.
    """
    path = folder / FILE
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    try:
        for row in connection.execute(_ENTRIES + " ORDER BY number"):
            yield _entry(row)
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error
    finally:
        connection.close()


def _entry(row: Row) -> AuditEntry:
    number, at_ms = row[:2]
    assert isinstance(number, int)
    assert isinstance(at_ms, int)
    actor, via, source, action, target, outcome, previous, digest = (str(value) for value in row[2:])
    return AuditEntry(
        number=number,
        at_ms=at_ms,
        actor=actor,
        via=via,
        source=source,
        action=action,
        target=target,
        outcome=outcome,
        previous=previous,
        hash=digest,
    )
