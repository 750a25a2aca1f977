"""Tokens for programs: made, found, listed and revoked in the keeper, over a `PeopleStore`. Kept as hashes only."""

from barograph.identity.principal import LEAST_ROLE, LOCAL_ADMIN, Role, Scope
from barograph.identity.secrets import RandomText, hash_secret, random_text
from barograph.identity.sessions import may_touch
from barograph.model.acting import Actor
from barograph.model.clock import Clock
from barograph.model.commands import Done, Refused
from barograph.model.people import CreateToken, TokenCreated, TokenFound, TokenShown, TokensListed
from barograph.model.state import PeopleStore, StoredToken

PREFIX = "bgt_"
_SHOWN_CHARS = 12
_ID_LENGTH = 16
_MOST = 50
_MOST_OF_LOCAL = 1000
"""Of those that are good. The local administrator's are those of whole fleets."""
_MOST_EXPIRED = 50
_EXPIRED_SHOWN_MS = 30 * 86_400_000
_MOST_PER_MINUTE = 1_000_000
_NOTED_MS = 60_000
"""A use is noted at most once a minute: a busy token must not wear the disk."""


class Tokens:
    """Carries out the commands about tokens. What it raises (`StoreError`) changed nothing."""

    def __init__(self, store: PeopleStore, clock: Clock, random: RandomText = random_text) -> None:
        self._store = store
        self._clock = clock
        self._random = random

    def create(self, command: CreateToken, actor: Actor) -> TokenCreated | Refused:
        """Make a token of whoever asks, good for no more than their role."""
        refused = _refuse(command, actor)
        now_ms = self._clock.now_ms()
        mine = [token for token in self._store.tokens() if token.user == actor.name]
        expired = [token for token in mine if 0 < token.expires_ms <= now_ms]
        most = _MOST_OF_LOCAL if actor.name == LOCAL_ADMIN else _MOST
        if not refused and len(mine) - len(expired) >= most:
            refused = f"you have {most} tokens already: revoke some"
        if refused:
            return Refused(kind="bad_request", message=refused)
        self._forget(expired, now_ms)
        text = PREFIX + self._random()
        token = StoredToken(
            id=hash_secret(self._random())[:_ID_LENGTH],
            token_hash=hash_secret(text),
            prefix=text[:_SHOWN_CHARS],
            name=command.name,
            user=actor.name,
            scopes=tuple(sorted(set(command.scopes))),
            created_ms=now_ms,
            expires_ms=now_ms + command.lifetime_ms if command.lifetime_ms else 0,
            per_minute=command.per_minute,
        )
        self._store.add_token(token)
        return TokenCreated(id=token.id, token=text, expires_ms=token.expires_ms)

    def find(self, token_hash: str) -> TokenFound | Refused:
        """Tell whose a token is; notes its use."""
        now_ms = self._clock.now_ms()
        token = self._store.find_token(token_hash)
        role = self._role_of(token.user) if token is not None else None
        if token is None or role is None or 0 < token.expires_ms <= now_ms:
            return Refused(kind="access", message="there is no such token, or it has ended")
        if abs(now_ms - token.last_used_ms) >= _NOTED_MS:
            self._store.token_used(token.id, now_ms)
        return TokenFound(
            id=token.id,
            prefix=token.prefix,
            user=token.user,
            role=role.word,
            scopes=token.scopes,
            per_minute=token.per_minute,
            expires_ms=token.expires_ms,
        )

    def listed(self, actor: Actor) -> TokensListed:
        """Return the tokens that somebody may see: one's own, and for an administrator all."""
        return TokensListed(
            tokens=tuple(_shown(token) for token in self._store.tokens() if may_touch(actor, token.user))
        )

    def revoke(self, token_id: str, actor: Actor) -> Done | Refused:
        """End a token: one's own, or as an administrator anybody's."""
        mine = any(token.id == token_id and may_touch(actor, token.user) for token in self._store.tokens())
        if not mine or not self._store.remove_token(token_id):
            return Refused(kind="not_found", message=f"there is no token {token_id!r} of yours")
        return Done()

    def _forget(self, expired: list[StoredToken], now_ms: int) -> None:
        """Forget those that expired long ago, or of which there are many newer ones."""
        for place, token in enumerate(expired):
            if place >= _MOST_EXPIRED or token.expires_ms + _EXPIRED_SHOWN_MS <= now_ms:
                self._store.remove_token(token.id)

    def _role_of(self, user: str) -> Role | None:
        if user == LOCAL_ADMIN:
            return Role.ADMIN
        found = self._store.find_user(user)
        return Role[found.role.upper()] if found is not None else None


def _refuse(command: CreateToken, actor: Actor) -> str:
    """Return why a token is not made, or ""."""
    if not 0 < len(command.name) <= 100 or not command.name.isprintable():
        return "a token needs a name of at most 100 characters that says what it is for"
    if not command.scopes:
        return f"a token needs a scope: {', '.join(Scope)}"
    if command.lifetime_ms < 0 or not 0 < command.per_minute <= _MOST_PER_MINUTE:
        return f"a token is good for 1 to {_MOST_PER_MINUTE} requests a minute, and not for a time in the past"
    for word in command.scopes:
        if word not in set(Scope):
            return f"{word!r} is no scope: one of {', '.join(Scope)}"
        least = LEAST_ROLE[Scope(word)]
        if Role[actor.role.upper()] < least:
            return f"your role, {actor.role}, may have no token of scope {word}: it takes {least.word}"
    return ""


def _shown(token: StoredToken) -> TokenShown:
    return TokenShown(
        id=token.id,
        prefix=token.prefix,
        name=token.name,
        user=token.user,
        scopes=token.scopes,
        created_ms=token.created_ms,
        expires_ms=token.expires_ms,
        last_used_ms=token.last_used_ms,
        per_minute=token.per_minute,
    )
