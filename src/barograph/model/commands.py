"""What the front asks of the keeper, what the keeper answers, and the snapshot of what only the keeper knows.

Every change goes as a command and is answered after the keeper's commit. Commands are idempotent, so a front may
repeat one whose answer was lost.
"""

from typing import Protocol

import msgspec

from barograph.model.alert_commands import AlertCommand
from barograph.model.alert_replies import AlertReply
from barograph.model.people import PeopleCommand, PeopleReply
from barograph.model.rule_commands import RuleCommand, RuleReply


class RedeemLogin(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="redeem_login"):
    """Exchange a log-in code (once, within its ten minutes) for a session."""

    code: str
    remote: str

    def __repr__(self) -> str:
        return f"RedeemLogin(remote={self.remote!r})"  # the code is a secret


class EndSession(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="end_session"):
    """End a session; ending one that is gone is fine."""

    session_id: str


class Reload(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="reload"):
    """Read the configuration again, all or nothing."""


class FindSession(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="find_session"):
    """Ask who a session belongs to, by the hash of its token."""

    token_hash: str


class DeleteSamples(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="delete_samples"):
    """Delete the samples of series, of those instants and no later ones.

    Attributes:
        selectors: Series that satisfy all matchers (name, operator, value) of one of them.
        start_ms: The first instant.
        end_ms: The last instant.
    """

    selectors: tuple[tuple[tuple[str, str, str], ...], ...]
    start_ms: int
    end_ms: int


class CleanTombstones(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="clean_tombstones"):
    """Rewrite the files that hold what was deleted."""


class TakeSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="take_snapshot"):
    """Copy the data folder as it is now."""


class ImportSamples(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="import_samples"):
    """Store the samples of a body that lies in the data folder, `incoming/NAME.body`.

    Attributes:
        name: 32 hexadecimal digits.
        format: `openmetrics`, `csv` or `jsonl`.
        encoding: `identity`, `gzip`, `zstd` or `snappy`.
        csv_format: What the columns of a CSV are; "" where it has a header.
        skip_bad: Leave out lines that are refused.
        default_ms: The timestamp of samples without one; 0 for now.
        most_bytes: The longest text, decompressed.
    """

    name: str
    format: str
    encoding: str
    csv_format: str
    skip_bad: bool
    default_ms: int
    most_bytes: int


AnyCommand = (
    ImportSamples
    | RedeemLogin
    | FindSession
    | EndSession
    | Reload
    | DeleteSamples
    | CleanTombstones
    | TakeSnapshot
    | PeopleCommand
    | AlertCommand
    | RuleCommand
)


class Done(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="done"):
    """The command is carried out and committed."""


class SessionOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="session_opened"):
    """A session exists; `token` is what the cookie carries and is stored nowhere in the clear.

    `user` and `session_id` tell the audit log whose it is, and by which name later lines call it.
    """

    token: str
    expires_ms: int
    user: str = ""
    session_id: str = ""

    def __repr__(self) -> str:
        return f"SessionOpened(expires_ms={self.expires_ms})"  # the token is a secret


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="refused"):
    """The command was not carried out; nothing changed.

    Attributes:
        kind: `access`, `config`, `store`, `bad_request` or `too_often`; `too_large` of an answer that nothing can
            carry.
        message: Why, in words.
    """

    kind: str
    message: str


class SessionFound(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="session_found"):
    """A session that is valid until `expires_ms`."""

    session_id: str
    user: str
    role: str
    expires_ms: int


class SnapshotTaken(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="snapshot_taken"):
    """A verified snapshot is in the data folder, under `snapshots/`."""

    name: str


class SamplesImported(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="samples_imported"):
    """Everything of a body is stored but the lines that were refused, of which the first are in `notes`."""

    samples: int
    skipped: int
    notes: tuple[str, ...]


AnyReply = (
    SamplesImported
    | Done
    | SessionOpened
    | SessionFound
    | SnapshotTaken
    | Refused
    | PeopleReply
    | AlertReply
    | RuleReply
)


class CollectorHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a collector is doing. `state`: `ok`, `no_data`, `failing`, `hung`; the last two are tried ever less often."""

    name: str
    state: str
    reason: str
    interval_ms: int


class KeeperStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A versioned snapshot; the keeper pushes it when it changes."""

    version: int
    instance: str
    started_ms: int
    interval_ms: int
    store_read_only: bool
    store_reason: str
    collectors: tuple[CollectorHealth, ...]
    state_reason: str = ""
    """Why alerts, sessions and the like are kept in memory for now."""


class Commands(Protocol):
    """The way from the front to the keeper."""

    async def execute(self, command: AnyCommand) -> AnyReply:
        """Carry out a command; the answer comes after the keeper's commit.

        Raises:
            LinkError: The keeper is gone; whether the command was carried out is unknown.
        """
        ...
