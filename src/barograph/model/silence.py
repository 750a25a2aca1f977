"""A silence at rest, and the protocol of where silences are kept. Made by room alerts, kept by room state."""

from typing import Protocol

import msgspec


class StoredSilence(msgspec.Struct, frozen=True, kw_only=True):
    """See `alerts.silences.Silence`.

    Attributes:
        id: Its name.
        matchers: As text.
        author: Who made it.
        reason: Why.
        starts_ms: From when it counts.
        ends_ms: Until when; 0 for none.
        windows: Recurring times as JSON, with the keys of a time interval; "" for none.
        ended_by: Who ended it before its time, or "".
    """

    id: str
    matchers: tuple[str, ...]
    author: str
    reason: str
    starts_ms: int
    ends_ms: int = 0
    windows: str = ""
    ended_by: str = ""


class SilenceStore(Protocol):
    """Durable when a method returns, else `StoreError`. Safe to call from any thread."""

    def keep(self, silence: StoredSilence, *, lasting: bool = False) -> None:
        """Put a silence in place of what has its id; `lasting`: see `AlertStore.keep`."""
        ...

    def silences(self) -> list[StoredSilence]:
        """Return all silences, ended ones too, by start and id."""
        ...
