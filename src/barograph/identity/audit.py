"""The audit log: who did what to what, from where, with what outcome.

Lines are only added, each with the hash of the one before it, so that one that was changed, removed or put in between
shows. The keeper notes every command that is not in a short list of those that only ask: one that nobody thought of is
noted.
"""

import hashlib
import logging
from collections.abc import Iterable

import msgspec

from barograph.model.acting import Actor
from barograph.model.alert_commands import ASKING as ASKING_OF_ALERTS
from barograph.model.clock import Clock
from barograph.model.commands import AnyCommand, AnyReply, FindSession, ImportSamples, Refused
from barograph.model.errors import StoreError
from barograph.model.people import (
    AuditEntry,
    AuditRead,
    FindToken,
    ListSessions,
    ListTokens,
    ListUsers,
    LogIn,
    ReadAudit,
)
from barograph.model.rule_commands import ShowRuleAlerts, ShowRules
from barograph.model.state import AuditStore

_log = logging.getLogger(__name__)
_OF_RULES = (ShowRules, ShowRuleAlerts)
_ASKING = (FindSession, FindToken, ListSessions, ListTokens, ListUsers, ReadAudit, *ASKING_OF_ALERTS, *_OF_RULES)
_DATA = (ImportSamples,)
"""Samples that come in are data, as many as a sender likes: the store has them, this log has not."""
_MOST_CHARS = 500
_MOST_READ = 1000
_FAILURES_A_MINUTE = 60
BEGINNING = "0" * 64


class AuditLog:
    """Appends and reads. Used on the keeper's event loop."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last = store.last()
        self._minute = 0
        self._failures = 0

    def note(self, command: AnyCommand, actor: Actor, reply: AnyReply) -> None:
        """Append a line for a command that was asked for, unless it is one that only asks."""
        if isinstance(command, _ASKING + _DATA):
            return
        if isinstance(reply, Refused) and not actor.name and not self._may_fail():
            return
        outcome = f"refused: {reply.message}" if isinstance(reply, Refused) else "done"
        name = command.user if isinstance(command, LogIn) else actor.name
        source = getattr(command, "remote", "") or actor.source
        action = str(command.__struct_config__.tag)
        self.append(Actor(name=name, via=actor.via, source=source), action, repr(command), outcome)

    def append(self, actor: Actor, action: str, target: str, outcome: str) -> None:
        """Append a line; where the store takes none, the process's log has it at least."""
        last = self._last
        entry = AuditEntry(
            number=last.number + 1 if last else 1,
            at_ms=self._clock.now_ms(),
            actor=_cut(actor.name),
            via=_cut(actor.via),
            source=_cut(actor.source),
            action=action,
            target=_cut(target),
            outcome=_cut(outcome),
            previous=last.hash if last else BEGINNING,
            hash="",
        )
        entry = msgspec.structs.replace(entry, hash=hash_of(entry))
        words = (entry.number, entry.actor, entry.via, entry.source, entry.target, entry.outcome, entry.hash)
        try:
            self._store.append(entry)
        except StoreError as error:
            _log.error("audit line %d %r %s %s %s %s %s is not stored: %s", *words, error)
            return
        self._last = entry
        # a second copy, where whoever can change state.db may have no hand in
        _log.info("audit line %d %r %s %s %s %s %s", *words)

    def read(self, before: int, limit: int) -> AuditRead | Refused:
        """Return entries, the newest first."""
        try:
            entries = self._store.read(max(0, before), max(1, min(limit, _MOST_READ)))
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return AuditRead(entries=tuple(entries))

    def _may_fail(self) -> bool:
        """Tell whether one more failure of a stranger is noted: nobody fills the disk with them."""
        minute = self._clock.now_ms() // 60_000
        if minute != self._minute:
            self._minute, self._failures = minute, 0
        self._failures += 1
        return self._failures <= _FAILURES_A_MINUTE


def hash_of(entry: AuditEntry) -> str:
    """Return the SHA-256, in hex, of an entry with everything but its own hash."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(entry, hash=""))).hexdigest()


def verify_chain(entries: Iterable[AuditEntry]) -> tuple[int, str]:
    """Return how many entries there are and the hash of the last; the oldest comes first.

    Raises:
        StoreError: The chain does not hold; says at which line.
    """
    number, previous = 0, BEGINNING
    for entry in entries:
        number += 1
        if entry.number != number:
            raise StoreError(f"the audit log has line {entry.number} where line {number} should be: lines are missing")
        if entry.previous != previous:
            raise StoreError(f"audit line {number} does not follow the one before it: a line was changed or put in")
        if hash_of(entry) != entry.hash:
            raise StoreError(f"audit line {number} is not what was written: it was changed")
        previous = entry.hash
    return number, previous


def _cut(text: str) -> str:
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return shown if len(shown) <= _MOST_CHARS else shown[: _MOST_CHARS - 1] + "…"
