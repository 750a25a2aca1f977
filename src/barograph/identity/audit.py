"""The audit log: who did what to what, from where, with what outcome.

Lines are only added, each with the hash of the one before it, so that one that was changed, removed or put in between
shows. The keeper notes every command that is not in a short list of those that only ask: one that nobody thought of is
noted. What can never be removed must not grow at anybody's will: below an administrator there is a rate of changes, and
of refused commands a few a minute are noted.
"""

import hashlib
import logging
from collections.abc import Iterable

import msgspec

from barograph.identity.principal import Role
from barograph.identity.ratelimit import TokenRate
from barograph.model.acting import Actor
from barograph.model.alert_commands import ASKING as ASKING_OF_ALERTS
from barograph.model.clock import Clock
from barograph.model.commands import AnyCommand, AnyReply, FindSession, ImportSamples, Refused, SessionOpened
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
_STRANGERS_FAILURES_A_MINUTE = 60
_FAILURES_A_MINUTE = 20
_CHANGES_A_MINUTE = 600
_EVERY_LINE = {"every_line": True}
"""The process's log leaves none of these out (telemetry/logs.py): it is the only other witness."""
BEGINNING = "0" * 64


class AuditLog:
    """Appends and reads. Used on the keeper's event loop."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._last = store.last()
        self._minute = 0
        self._failures: dict[str, int] = {}
        self._changes = TokenRate(clock)

    def admit(self, command: AnyCommand, actor: Actor) -> Refused | None:
        """Return why a change is not even tried, or None: somebody asks for more than this log should have to keep."""
        if isinstance(command, _ASKING + _DATA) or not actor.name or actor.role == Role.ADMIN.word:
            return None
        wait_s = self._changes.wait_s(actor.name, _CHANGES_A_MINUTE)
        if wait_s <= 0:
            return None
        words = f"more than {_CHANGES_A_MINUTE} changes a minute take an administrator: try again in {wait_s:.1f} s"
        return Refused(kind="too_often", message=words)

    def note(self, command: AnyCommand, actor: Actor, reply: AnyReply) -> None:
        """Append a line for a command that was asked for, unless it is one that only asks."""
        if isinstance(command, _ASKING + _DATA):
            return
        if isinstance(reply, Refused) and not self._may_fail(actor):
            return
        outcome = f"refused: {reply.message}" if isinstance(reply, Refused) else "done"
        name = command.user if isinstance(command, LogIn) else actor.name
        via = actor.via
        if isinstance(reply, SessionOpened):
            # whom a link lets in stands in no command; what they do next is told as of this session
            name, via = reply.user, f"session {reply.session_id}"
        source = getattr(command, "remote", "") or actor.source
        action = str(command.__struct_config__.tag)
        self.append(Actor(name=name, via=via, source=source), action, repr(command), outcome)

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
            _log.error("audit line %d %r %s %s %s %s %s is not stored: %s", *words, error, extra=_EVERY_LINE)
            return
        self._last = entry
        # a second copy, where whoever can change state.db may have no hand in
        _log.info("audit line %d %r %s %s %s %s %s", *words, extra=_EVERY_LINE)

    def read(self, before: int, limit: int) -> AuditRead | Refused:
        """Return entries, the newest first."""
        try:
            entries = self._store.read(max(0, before), max(1, min(limit, _MOST_READ)))
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return AuditRead(entries=tuple(entries))

    def _may_fail(self, actor: Actor) -> bool:
        """Tell whether one more refused command is noted; of the first that is not, a line says that more are not.

        Strangers have one share together.
        """
        minute = self._clock.now_ms() // 60_000
        if minute != self._minute:
            self._minute, self._failures = minute, {}
        most = _FAILURES_A_MINUTE if actor.name else _STRANGERS_FAILURES_A_MINUTE
        count = self._failures[actor.name] = self._failures.get(actor.name, 0) + 1
        if count == most + 1:
            words = f"more than {most} refused in this minute: further ones are not noted"
            self.append(Actor(name=actor.name, via=actor.via, source=actor.source), "left_out", "", words)
        return count <= most


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
