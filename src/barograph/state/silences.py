"""`SilenceStore` on state.db. An ended silence stays: it explains why nobody was told."""

import msgspec

from barograph.model.silence import StoredSilence
from barograph.state.sqlite import SqliteState

_KEEP = (
    "INSERT INTO silence (id, starts_ms, document) VALUES (?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET starts_ms = excluded.starts_ms, document = excluded.document"
)


class SqliteSilences:
    """Implements `SilenceStore` on the connection of a `SqliteState`."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def keep(self, silence: StoredSilence, *, lasting: bool = False) -> None:
        """See `SilenceStore`."""
        row = (silence.id, silence.starts_ms, msgspec.msgpack.encode(silence))
        self._state.write(lambda: self._state.run_many(_KEEP, [row]), lasting=lasting)

    def silences(self) -> list[StoredSilence]:
        """See `SilenceStore`."""
        rows = self._state.rows("SELECT document FROM silence ORDER BY starts_ms, id")
        return [_silence(row[0]) for row in rows]


def _silence(document: object) -> StoredSilence:
    assert isinstance(document, bytes)
    return msgspec.msgpack.decode(document, type=StoredSilence)
