"""The silences that are kept: made, ended, and asked whether they keep an alert quiet. Commands and delivery call it.

Kept before they count, so that none is forgotten by a restart; never removed, so that one can ask later.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from barograph.alerts.config import IntervalConfig
from barograph.alerts.intervals import make_interval
from barograph.alerts.matchers import parse_all
from barograph.alerts.silences import Silence, SilenceState, ended_with_alerts, make_silence, silenced_by
from barograph.model.errors import AlertError
from barograph.model.labels import Labels
from barograph.model.silence import SilenceStore, StoredSilence


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A silence with what is stored of it."""

    silence: Silence
    stored: StoredSilence


class SilenceBook:
    """Any thread may use it: one at a time is let in."""

    def __init__(self, store: SilenceStore) -> None:
        self._store = store
        self._one_at_a_time = threading.Lock()
        self._kept = {stored.id: Kept(silence=silence_of(stored), stored=stored) for stored in store.silences()}
        self._version = 0

    @property
    def version(self) -> int:
        """Rises with every silence that is made or ended."""
        return self._version

    def add(self, stored: StoredSilence) -> Silence:
        """Keep a new silence.

        Raises:
            AlertError: It makes no sense, or there is another one of its id.
            StoreError: It could not be kept.
        """
        silence = make_silence(silence_of(stored))
        with self._one_at_a_time:
            kept = self._kept.get(silence.id)
            # one that was asked for twice may have begun later, or ended, meanwhile
            if kept is not None and _words(kept.stored) != _words(stored):
                raise AlertError(f"there is a silence {silence.id} already")
            if kept is None:
                self._keep(stored, lasting=True)
        return silence

    def expire(self, silence_id: str, actor: str, now_ms: int) -> None:
        """End a silence now; one that has ended stays as it is.

        Raises:
            AlertError: There is none of that id.
            StoreError: It could not be kept.
        """
        with self._one_at_a_time:
            kept = self._kept.get(silence_id)
            if kept is None:
                raise AlertError(f"there is no silence {silence_id}; `barograph silence list` shows all")
            if kept.silence.state(now_ms) is not SilenceState.EXPIRED:
                self._end(kept, actor, now_ms, lasting=True)

    def silences(self) -> list[Kept]:
        """Return all silences, ended ones too."""
        with self._one_at_a_time:
            return list(self._kept.values())

    def silenced_by(self, labels: Labels, now_ms: int) -> tuple[str, ...]:
        """Return the ids of the silences that keep an alert quiet now."""
        return silenced_by((kept.silence for kept in self.silences()), labels, now_ms)

    def alerts_ended(self, ended: Sequence[tuple[Labels, int]], firing: Sequence[Labels], now_ms: int) -> None:
        """End the silences until resolved that go with alerts which have ended: see `ended_with_alerts`.

        Raises:
            StoreError: It could not be kept.
        """
        with self._one_at_a_time:
            for silence in ended_with_alerts((kept.silence for kept in self._kept.values()), ended, firing):
                self._end(self._kept[silence.id], "", now_ms)

    def _end(self, kept: Kept, actor: str, now_ms: int, *, lasting: bool = False) -> None:
        # one that has not begun begins and ends at once
        starts_ms = min(kept.stored.starts_ms, now_ms)
        ended = msgspec.structs.replace(kept.stored, starts_ms=starts_ms, ends_ms=now_ms, ended_by=actor)
        self._keep(ended, lasting=lasting)

    def _keep(self, stored: StoredSilence, *, lasting: bool) -> None:
        silence = silence_of(stored)
        self._store.keep(stored, lasting=lasting)
        self._version += 1
        self._kept[stored.id] = Kept(silence=silence, stored=stored)


def _words(stored: StoredSilence) -> tuple[tuple[str, ...], str, str]:
    return stored.matchers, stored.author, stored.reason


def silence_of(stored: StoredSilence) -> Silence:
    """Return what decides, of what is stored.

    Raises:
        AlertError: A matcher or a window is none.
    """
    try:
        windows = msgspec.json.decode(stored.windows, type=tuple[IntervalConfig, ...]) if stored.windows else ()
    except (msgspec.DecodeError, UnicodeEncodeError) as error:  # the latter of half a character
        raise AlertError(f"the windows of silence {stored.id} cannot be read: {error}") from error
    return Silence(
        id=stored.id,
        matchers=parse_all(stored.matchers),
        author=stored.author,
        reason=stored.reason,
        starts_ms=stored.starts_ms,
        ends_ms=stored.ends_ms,
        windows=tuple(make_interval(each) for each in windows),
    )
