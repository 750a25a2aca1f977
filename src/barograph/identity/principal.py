"""Who is asking, and what a role may do."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from barograph.model.matcher import Matcher


class Role(IntEnum):
    """Roles in rising order; each may do what those below it may."""

    VIEWER = 1
    OPERATOR = 2
    EDITOR = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The role's name as people read it."""
        return self.name.lower()


class Scope(StrEnum):
    """What a token is good for, within its owner's role. `admin` is all of it."""

    READ = "read"
    WRITE = "write"
    ACKNOWLEDGE = "acknowledge"
    ADMIN = "admin"


LEAST_ROLE = {
    Scope.READ: Role.VIEWER,
    Scope.WRITE: Role.ADMIN,
    Scope.ACKNOWLEDGE: Role.OPERATOR,
    Scope.ADMIN: Role.VIEWER,
}
"""Who may have a token of a scope. One of `admin` may do what its owner may."""

_STANDS_FOR = {
    Scope.READ: Role.VIEWER,
    Scope.WRITE: Role.VIEWER,
    Scope.ACKNOWLEDGE: Role.OPERATOR,
    Scope.ADMIN: Role.ADMIN,
}
"""Whose manners and limits a token of a scope has, whoever its owner is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who was let in.

    Attributes:
        name: The user.
        role: The user's role now.
        session_id: The session; "" for tokens.
        scopes: What the token is good for; None where everything that the role may.
        token_prefix: The token's beginning, for people; "" for sessions and the local administrator's token.
        label_scope: What a series must satisfy to be seen by them (model/label_scope.py); empty: every series is.
    """

    name: str
    role: Role
    session_id: str = ""
    scopes: frozenset[Scope] | None = None
    token_prefix: str = ""
    label_scope: tuple[Matcher, ...] = ()

    def has_scope(self, scope: Scope) -> bool:
        """Tell whether what was brought is good for this."""
        return self.scopes is None or scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def effective_role(self) -> Role:
        """What they are treated as beyond what a route asks for: a token that only reads is nobody's administrator."""
        if self.scopes is None:
            return self.role
        return min(self.role, max((_STANDS_FOR[scope] for scope in self.scopes), default=Role.VIEWER))

    @property
    def via(self) -> str:
        """How this somebody came in, for the audit log."""
        if self.session_id:
            return f"session {self.session_id}"
        return f"token {self.token_prefix}" if self.token_prefix else "local token"


LOCAL_ADMIN = "local administrator"
"""A name that no user can have, for it holds a space."""
LOCAL_PRINCIPAL = Principal(name=LOCAL_ADMIN, role=Role.ADMIN)
