"""Silences: what people do not want to be told, until when, and in which recurring windows. Pure.

A silence touches messages only: the alerts go on, and are shown as silenced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from barograph.alerts.intervals import Interval, any_contains
from barograph.model.errors import AlertError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, matches_all


class SilenceState(StrEnum):
    """Where in its life a silence is."""

    WAITING = "waiting"
    """Before its start, or between two windows."""
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """See the module. Made by `make_silence`, which refuses what makes no sense."""

    id: str
    matchers: tuple[Matcher, ...]
    author: str
    reason: str
    starts_ms: int
    ends_ms: int = 0
    """0: until nothing it matches fires any more (`until_resolved`), or for ever where it has windows."""
    windows: tuple[Interval, ...] = ()
    """The recurring times at which it counts; at all times where there are none."""

    @property
    def until_resolved(self) -> bool:
        """Whether it ends with the alerts that it matches."""
        return not self.ends_ms and not self.windows

    def state(self, now_ms: int) -> SilenceState:
        """Return where in its life it is."""
        if self.ends_ms and now_ms >= self.ends_ms:
            return SilenceState.EXPIRED
        if now_ms < self.starts_ms or (self.windows and not any_contains(self.windows, now_ms)):
            return SilenceState.WAITING
        return SilenceState.ACTIVE

    def silences(self, labels: Labels, now_ms: int) -> bool:
        """Tell whether an alert of these labels is not told now."""
        return self.state(now_ms) is SilenceState.ACTIVE and matches_all(self.matchers, labels)


def make_silence(silence: Silence) -> Silence:
    """Return a silence that makes sense.

    Raises:
        AlertError: Author, reason or matchers are missing, it would match everything, or it ends before it begins.
    """
    if not silence.author.strip():
        raise AlertError("a silence needs an author")
    if not silence.reason.strip():
        raise AlertError("a silence needs a reason: whoever finds it later wants to know why")
    if all(matcher.matches_empty for matcher in silence.matchers):
        raise AlertError("a silence needs a matcher that does not match the empty value: else it hides every alert")
    if silence.ends_ms and silence.ends_ms <= silence.starts_ms:
        raise AlertError("the silence ends before it begins")
    return silence


def silenced_by(silences: Iterable[Silence], labels: Labels, now_ms: int) -> tuple[str, ...]:
    """Return the ids of the silences that keep an alert quiet now, in order."""
    return tuple(sorted(silence.id for silence in silences if silence.silences(labels, now_ms)))


def ended_with_alerts(
    silences: Iterable[Silence], ended: Sequence[tuple[Labels, int]], firing: Sequence[Labels]
) -> list[Silence]:
    """Return the silences until resolved of which something matched has ended and nothing fires any more.

    Args:
        silences: All that may be meant. One that began only after an alert had ended does not end with it.
        ended: What has ended, and when.
        firing: What still fires.
    """
    return [
        silence
        for silence in silences
        if silence.until_resolved
        and any(silence.starts_ms <= at_ms and matches_all(silence.matchers, labels) for labels, at_ms in ended)
        and not any(matches_all(silence.matchers, labels) for labels in firing)
    ]
