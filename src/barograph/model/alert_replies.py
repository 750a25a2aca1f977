"""What the keeper answers to commands about alerts, silences and deliveries. Part of `model/commands.py`.

It has the shape of the JSON that the API answers with: times are Unix seconds, None where there is none.
"""

import msgspec


class RuleShown(msgspec.Struct, frozen=True, kw_only=True):
    """The rule that an alert comes of. What is not known is 0, "" or None.

    Attributes:
        file: Its file, or `stock`.
        group: Its group.
        name: Its name.
        line: Its line in the file.
        expression: What it asks.
        limit: The number that the expression compares with, where it does so last.
        is_above: Whether it fires above the limit; else below.
    """

    file: str
    group: str
    name: str
    line: int = 0
    expression: str = ""
    limit: float | None = None
    is_above: bool = True


class AcknowledgmentShown(msgspec.Struct, frozen=True, kw_only=True):
    """Who has an alert. `until` is None until it is resolved."""

    by: str
    at: float
    reason: str
    until: float | None
    sticky: bool


class ToldShown(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver that was told of an alert, what of it, and when."""

    receiver: str
    what: str
    at: float


class AlertShown(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with everything that a row needs.

    Attributes:
        id: Its number.
        name: The label `alertname`.
        title: Its summary, or the name where it has none.
        description: Its description, or "".
        runbook: The address of its runbook, or "".
        severity: Of the worst rule that fires; before any does, of the worst that is pending.
        state: `pending`, `firing`, `acknowledged`, `resolved` or `dropped`.
        part: Where it stands on the page: `needs`, `acknowledged`, `silenced`, `pending` or `ended`.
        host: The label `instance`, or "".
        since: Since when it is in that state, but for an acknowledged one, which fires since then.
        began: Since when it was pending.
        fired: Since when it fires.
        ended: When it was resolved or dropped.
        value: Of the rule's expression when it last said something new.
        rule: Which rule says so; the worst one of several.
        labels: All of them, the severity too.
        annotations: Rendered.
        assignee: Who is to look after it, or "".
        acknowledgment: Who has it.
        silenced_by: Ids of silences that keep it quiet now.
        inhibited_by: The alert that keeps it quiet now.
        told: Who was told.
    """

    id: int
    name: str
    title: str
    description: str
    runbook: str
    severity: str
    state: str
    part: str
    host: str
    since: float
    began: float
    fired: float | None
    ended: float | None
    value: float | None
    rule: RuleShown
    labels: dict[str, str]
    annotations: dict[str, str]
    assignee: str
    acknowledgment: AcknowledgmentShown | None
    silenced_by: tuple[str, ...] = ()
    inhibited_by: int | None = None
    told: tuple[ToldShown, ...] = ()


class AlertCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many live alerts stand in each part of the page; silenced ones are quiet for whatever reason."""

    needs: int = 0
    acknowledged: int = 0
    silenced: int = 0
    pending: int = 0
    worst: str = ""
    """The gravest severity among those that need someone."""


class AlertsNow(msgspec.Struct, frozen=True, kw_only=True):
    """Pushed to every front when something about alerts has changed; `version` rises each time."""

    version: int
    counts: AlertCounts


class AlertsListed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="alerts_listed"):
    """Live alerts. `total` counts those that match; `nobody_told` says that no receiver is configured."""

    alerts: tuple[AlertShown, ...]
    total: int
    counts: AlertCounts
    version: int
    nobody_told: bool


class TransitionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to an alert."""

    number: int
    alert: int
    title: str
    at: float
    kind: str
    severity: str
    actor: str
    text: str


class DeliveryShown(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to deliver a message.

    Attributes:
        number: The attempt's.
        receiver: To whom.
        kind: Why: `firing`, `repeat`, `worse`, `acknowledged` or `resolved`.
        title: The message's first line.
        group: The group's name.
        alerts: Numbers of the alerts it is about, the first 20.
        alert_count: How many alerts it is about.
        at: When.
        state: `waiting` (it is tried again), `delivered` or `failed`.
        attempts: The how many-th attempt it was.
        next: When it is tried again.
        answer: What the receiver said.
        key: The idempotency key of the message.
    """

    number: int
    receiver: str
    kind: str
    title: str
    group: str
    alerts: tuple[int, ...]
    alert_count: int
    at: float
    state: str
    attempts: int
    next: float | None
    answer: str
    key: str


class FiringShown(msgspec.Struct, frozen=True, kw_only=True):
    """One time that an alert fired. `end` is None while it does."""

    id: int
    start: float
    end: float | None
    severity: str


class AlertDetail(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="alert_detail"):
    """All that is known of an alert.

    Attributes:
        alert: The alert.
        timeline: What happened to it, the newest first; the newest 500.
        deliveries: Attempts to tell of it, the newest first; the newest 100.
        processes: Who did it, as JSON: `by` (`cpu`, `memory` or `io`) and `tables`, a table for each of the three;
            empty where nothing was frozen.
        firings: When it has fired in the last 30 days, this time too, the newest first.
    """

    alert: AlertShown
    timeline: tuple[TransitionShown, ...]
    deliveries: tuple[DeliveryShown, ...]
    processes: bytes
    firings: tuple[FiringShown, ...]


class TimesShown(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took, over the alerts of a span that ended there; None where there was none.

    Attributes:
        count: How many alerts it is about.
        mean: Seconds.
        longest: Seconds.
    """

    count: int = 0
    mean: float | None = None
    longest: float | None = None


class AlertHistory(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="alert_history"):
    """Transitions. `next` is the `before` of the page after this one, None after the last."""

    transitions: tuple[TransitionShown, ...]
    next: int | None
    counts: dict[str, int] = {}
    acknowledge: TimesShown = TimesShown()
    """From firing to the first acknowledgment."""
    resolve: TimesShown = TimesShown()
    """From firing to the end."""


class SilenceShown(msgspec.Struct, frozen=True, kw_only=True):
    """A silence.

    Attributes:
        id: Its name.
        matchers: What it keeps quiet.
        author: Who made it.
        reason: Why.
        starts: From when on.
        ends: Until when; None where no time is set.
        until_resolved: Whether it ends with what it matches.
        windows: Recurring times as JSON; "" for none.
        state: `waiting`, `active` or `expired`.
        ended_by: Who ended it before its time, or "".
        alerts: How many live alerts it matches.
    """

    id: str
    matchers: tuple[str, ...]
    author: str
    reason: str
    starts: float
    ends: float | None
    until_resolved: bool
    windows: str
    state: str
    ended_by: str
    alerts: int


class SilencesListed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="silences_listed"):
    """Silences, the newest first. `total` counts all that could be shown."""

    silences: tuple[SilenceShown, ...]
    total: int


class SilencePreviewed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="silence_previewed"):
    """How many live alerts matchers match, and the first of them."""

    count: int
    alerts: tuple[AlertShown, ...]


class DeliveriesRead(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="deliveries_read"):
    """Attempts. `next` is the `before` of the page after this one, None after the last."""

    deliveries: tuple[DeliveryShown, ...]
    next: int | None


class ReceiverShown(msgspec.Struct, frozen=True, kw_only=True):
    """A receiver.

    Attributes:
        name: Its name.
        kinds: How it is told: `webhook`, `email`, `ntfy`, `slack`, `pagerduty`, `apprise`.
        is_routed: Whether any route leads to it.
        waiting: How many messages wait.
        answer: What the last attempt came to, or "".
        at: When that was.
    """

    name: str
    kinds: tuple[str, ...]
    is_routed: bool
    waiting: int
    answer: str
    at: float | None


class ReceiversListed(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="receivers_listed"):
    """All receivers, and whether a dead-man's switch is set."""

    receivers: tuple[ReceiverShown, ...]
    heartbeat: bool


class TestOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a test message, for one way of a receiver."""

    __test__ = False
    kind: str
    delivered: bool
    answer: str


class ReceiverTested(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="receiver_tested"):
    """A test message was sent each way that a receiver has."""

    outcomes: tuple[TestOutcome, ...]


AlertReply = (
    AlertsListed
    | AlertDetail
    | AlertHistory
    | SilencesListed
    | SilencePreviewed
    | DeliveriesRead
    | ReceiversListed
    | ReceiverTested
)
