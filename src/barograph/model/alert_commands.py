"""Commands about alerts, silences and deliveries, answered by `model/alert_replies.py`. Part of `model/commands.py`.

Who does something is never part of a command: the keeper takes it from who asks.
"""

import msgspec


class ListAlerts(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="list_alerts"):
    """Ask for live alerts: who needs someone first, then the worst, then the newest.

    Attributes:
        parts: Only of these parts of the page: `needs`, `acknowledged`, `silenced`, `pending`; all where empty.
        matchers: Only those whose labels satisfy all of them, as Alertmanager writes matchers.
        assignee: Only those of somebody; "" for everybody's.
        offset: How many are left out at the beginning.
        limit: How many at most.
    """

    parts: tuple[str, ...] = ()
    matchers: tuple[str, ...] = ()
    assignee: str = ""
    offset: int = 0
    limit: int = 100


class ShowAlert(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="show_alert"):
    """Ask for all that is known of an alert, ended or not."""

    number: int


class AcknowledgeAlerts(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="acknowledge_alerts"):
    """Have alerts, all or none. One that is held just so already stays as it is.

    Attributes:
        numbers: Which.
        reason: Why; needed where it lasts longer than 2 hours.
        until_ms: Until when; 0 until they are resolved.
        is_sticky: Not broken by a rise in severity.
    """

    numbers: tuple[int, ...]
    reason: str = ""
    until_ms: int = 0
    is_sticky: bool = False


class WithdrawAcknowledgments(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="withdraw_acknowledgments"
):
    """Take acknowledgments back; of an alert that nobody has there is nothing to take."""

    numbers: tuple[int, ...]


class AssignAlert(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="assign_alert"):
    """Give an alert to somebody, or to nobody ("")."""

    number: int
    assignee: str


class CommentAlert(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="comment_alert"):
    """Write something beside an alert; the same words of the same instant and person count once."""

    number: int
    text: str
    at_ms: int


class ReadAlertHistory(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="read_alert_history"):
    """Ask for transitions, the newest first, with counts of the whole span.

    Attributes:
        alert: Of one alert; 0 for all.
        kinds: Only of these kinds; all where empty.
        start_ms: Not before.
        end_ms: Before that instant; 0 for no end.
        before: Only those before this number; 0 from the newest on.
        limit: How many at most.
        counts: Whether they are counted too.
    """

    alert: int = 0
    kinds: tuple[str, ...] = ()
    start_ms: int = 0
    end_ms: int = 0
    before: int = 0
    limit: int = 100
    counts: bool = True


class ListSilences(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="list_silences"):
    """Ask for silences, the newest first; ended ones where `ended` says so."""

    ended: bool = False
    limit: int = 100


class AddSilence(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="add_silence"):
    """Keep alerts quiet. Adding what is there already, under the same id, changes nothing.

    Attributes:
        id: Chosen by who asks, so that a repeated command makes no second one.
        matchers: Which alerts; all must be satisfied.
        reason: Why.
        starts_ms: From when on.
        ends_ms: Until when; 0 until what it matches is resolved, or for ever where it has windows.
        windows: Recurring times as JSON, with the keys of a time interval; "" for none.
    """

    id: str
    matchers: tuple[str, ...]
    reason: str
    starts_ms: int
    ends_ms: int = 0
    windows: str = ""


class PreviewSilence(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="preview_silence"):
    """Ask which live alerts matchers match."""

    matchers: tuple[str, ...]


class ExpireSilence(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="expire_silence"):
    """End a silence; one that has ended stays as it is."""

    id: str


class ReadDeliveries(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="read_deliveries"):
    """Ask for attempts to deliver, the newest first.

    Attributes:
        alert: Of messages about one alert; 0 for all.
        receiver: To one receiver; "" for all.
        before: Only those before this number; 0 from the newest on.
        limit: How many at most.
    """

    alert: int = 0
    receiver: str = ""
    before: int = 0
    limit: int = 100


class ListReceivers(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="list_receivers"):
    """Ask who is told, and how that goes."""


class TestReceiver(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="test_receiver"):
    """Send a test message to a receiver now, past the queue."""

    __test__ = False
    name: str


AlertCommand = (
    ListAlerts
    | ShowAlert
    | AcknowledgeAlerts
    | WithdrawAcknowledgments
    | AssignAlert
    | CommentAlert
    | ReadAlertHistory
    | ListSilences
    | AddSilence
    | PreviewSilence
    | ExpireSilence
    | ReadDeliveries
    | ListReceivers
    | TestReceiver
)
ASKING = (ListAlerts, ShowAlert, ReadAlertHistory, ListSilences, PreviewSilence, ReadDeliveries, ListReceivers)
"""Those that change nothing."""
