"""Who is asking, and what a role may do."""

from dataclasses import dataclass
from enum import IntEnum


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who was let in. `session_id` is empty for tokens."""

    name: str
    role: Role
    session_id: str = ""


LOCAL_ADMIN = "local administrator"
