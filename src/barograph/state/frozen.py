"""Process tables that were frozen when alerts fired, in state.db: one for all alerts of an instant."""

from barograph.state.sqlite import SqliteState

KEEP = "INSERT INTO alert_processes (at_ms, document) VALUES (?, ?) ON CONFLICT (at_ms) DO NOTHING"
"""Executed with messages, in their transaction."""


class FrozenTables:
    """Reads them, on the connection of a `SqliteState`. What is frozen never changes."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def find(self, at_ms: int) -> bytes:
        """Return what was kept of an instant, b"" where nothing was.

        Raises:
            StoreError: It could not be read.
        """
        rows = self._state.rows("SELECT document FROM alert_processes WHERE at_ms = ?", at_ms)
        document = rows[0][0] if rows else b""
        assert isinstance(document, bytes)
        return document
