"""Who acts: set by the web's guard for each request, sent along with each command, written into the audit log.

A context variable, so that no route can forget to pass it on.
"""

from contextvars import ContextVar

import msgspec


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who asks for a command.

    Attributes:
        name: The user; "" where nobody has logged in.
        role: The user's role, or what a token of theirs is good for where that is less.
        via: How they came in: `session ID`, `token PREFIX`, `local token`, `signal` or "".
        source: The address they ask from.
    """

    name: str = ""
    role: str = ""
    via: str = ""
    source: str = ""


NOBODY = Actor()
ACTOR: ContextVar[Actor] = ContextVar("barograph_actor", default=NOBODY)
