"""Commands about people: users, sessions, tokens, the audit log; and their answers. Part of `model/commands.py`.

What holds a secret hides it in its `repr`, since that is what the audit log and error messages show.
"""

import msgspec


class LogIn(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="log_in"):
    """Exchange a name and a password for a session."""

    user: str
    password: str
    remote: str

    def __repr__(self) -> str:
        return f"LogIn(user={self.user!r})"


class AddUser(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="add_user"):
    """Add a user; without a password one comes in by log-in links alone."""

    name: str
    role: str
    password: str = ""

    def __repr__(self) -> str:
        return f"AddUser(name={self.name!r}, role={self.role!r})"


class ChangeUser(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="change_user"):
    """Give a user another role, another password, or both; "" leaves one as it is."""

    name: str
    role: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"ChangeUser(name={self.name!r}, role={self.role!r}, changes_password={bool(self.password)})"


class ChangePassword(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="change_password"):
    """Give oneself another password; `keep_session` is the one session that goes on."""

    old_password: str
    password: str
    keep_session: str

    def __repr__(self) -> str:
        return "ChangePassword()"


class RemoveUser(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="remove_user"):
    """Remove a user with all sessions and tokens."""

    name: str


class ListUsers(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="list_users"):
    """Ask for all users."""


class MakeLoginLink(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="make_login_link"):
    """Make a code that opens one session of a user; of the local administrator where `user` is ""."""

    user: str


class ListSessions(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="list_sessions"):
    """Ask for sessions: one's own, and for administrators everybody's."""


class CreateToken(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="create_token"):
    """Make a token of one's own.

    Attributes:
        name: What it is for.
        scopes: Of `read`, `write`, `acknowledge`, `admin`.
        lifetime_ms: How long it lasts; 0 for ever.
        per_minute: How many requests a minute it is good for.
    """

    name: str
    scopes: tuple[str, ...]
    lifetime_ms: int
    per_minute: int


class ListTokens(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="list_tokens"):
    """Ask for tokens: one's own, and for administrators everybody's."""


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="revoke_token"):
    """End a token."""

    token_id: str


class FindToken(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="find_token"):
    """Ask whose token this is, by its hash."""

    token_hash: str


class ReadAudit(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="read_audit"):
    """Ask for the newest entries of the audit log before a number (0: the newest of all)."""

    before: int
    limit: int


PeopleCommand = (
    LogIn
    | AddUser
    | ChangeUser
    | ChangePassword
    | RemoveUser
    | ListUsers
    | MakeLoginLink
    | ListSessions
    | CreateToken
    | ListTokens
    | RevokeToken
    | FindToken
    | ReadAudit
)


class UserShown(msgspec.Struct, frozen=True, kw_only=True):
    """A user as administrators see one."""

    name: str
    role: str
    has_password: bool
    created_ms: int


class UsersListed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="users_listed"):
    """All users, by name."""

    users: tuple[UserShown, ...]


class LoginLinkMade(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="login_link_made"):
    """A code for `/login?code=`; it works once."""

    code: str
    expires_ms: int

    def __repr__(self) -> str:
        return f"LoginLinkMade(expires_ms={self.expires_ms})"


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A session as its owner sees it."""

    id: str
    user: str
    role: str
    remote: str
    created_ms: int
    expires_ms: int


class SessionsListed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="sessions_listed"):
    """Sessions, the newest first."""

    sessions: tuple[SessionShown, ...]


class TokenCreated(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="token_created"):
    """A token exists; `token` is shown this once and stored nowhere in the clear."""

    id: str
    token: str
    expires_ms: int

    def __repr__(self) -> str:
        return f"TokenCreated(id={self.id!r})"


class TokenShown(msgspec.Struct, frozen=True, kw_only=True):
    """A token as its owner sees it. `expires_ms` and `last_used_ms` are 0 for never."""

    id: str
    prefix: str
    name: str
    user: str
    scopes: tuple[str, ...]
    created_ms: int
    expires_ms: int
    last_used_ms: int
    per_minute: int


class TokensListed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="tokens_listed"):
    """Tokens, the newest first."""

    tokens: tuple[TokenShown, ...]


class TokenFound(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="token_found"):
    """A token that is good; `role` is its owner's role now."""

    id: str
    prefix: str
    user: str
    role: str
    scopes: tuple[str, ...]
    per_minute: int
    expires_ms: int


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit log. `hash` covers all other fields, `previous` the line before."""

    number: int
    at_ms: int
    actor: str
    via: str
    source: str
    action: str
    target: str
    outcome: str
    previous: str
    hash: str


class AuditRead(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="audit_read"):
    """Entries, the newest first."""

    entries: tuple[AuditEntry, ...]


PeopleReply = UsersListed | LoginLinkMade | SessionsListed | TokenCreated | TokensListed | TokenFound | AuditRead
