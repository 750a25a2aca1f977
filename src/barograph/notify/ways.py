"""The ways of each receiver, made of its settings: what they are called, and what sends.

Mail and Apprise are loaded where a receiver needs them, since neither is small.
"""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from barograph.model.clock import Clock
from barograph.model.errors import AlertError
from barograph.model.secret import Secret
from barograph.notify.config import (
    AppriseConfig,
    EmailConfig,
    HttpConfig,
    MailDefaults,
    NtfyConfig,
    PagerDutyConfig,
    ReceiverConfig,
    SlackConfig,
    WebhookConfig,
)
from barograph.notify.courier import Send
from barograph.notify.receivers import NtfyReceiver, PagerDutyReceiver, SlackReceiver, WebhookReceiver
from barograph.notify.sending import HttpReceiver, over_http
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient

_SPLIT = 1000
_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What ways send through."""

    client: OutboundClient
    rules: AddressRules
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeWay:
    """One way of a receiver.

    Attributes:
        id: `RECEIVER/KIND[i]`; of the second mailbox of one setting and those after it `RECEIVER/email[i].2`, ... As
            its place says at first; see `way_ids`.
        kind: `webhook`, `email`, ...
        address: What makes it this way and no other: where it leads, without what is shown there to be let in.
        sends_resolved: Whether the end is told.
        most: How many alerts one message lists.
        splits: Whether more go into further messages.
        send: Makes what sends; only where something will be sent.
        is_one_incident: Whether a group is one thing there, which somebody has or has not.
    """

    id: str
    kind: str
    address: Secret
    sends_resolved: bool
    most: int
    splits: bool
    send: Callable[[Means], Send]
    is_one_incident: bool = False


def make_ways(receivers: Sequence[ReceiverConfig], defaults: MailDefaults) -> dict[str, tuple[MadeWay, ...]]:
    """Return each receiver's ways by its name.

    Raises:
        AlertError: A receiver cannot be told so; opens with the setting's path.
    """
    made: dict[str, tuple[MadeWay, ...]] = {}
    for place, receiver in enumerate(receivers):
        path = f"receivers[{place}]"
        if not receiver.name:
            raise AlertError(f"{path}.name: a receiver needs a name")
        if receiver.name in made:
            raise AlertError(f"{path}.name: there are two receivers of the name {receiver.name!r}")
        made[receiver.name] = _ways_of(receiver, path, defaults)
    return made


def _ways_of(receiver: ReceiverConfig, path: str, defaults: MailDefaults) -> tuple[MadeWay, ...]:
    groups: Mapping[str, Sequence[object]] = {
        "webhook": receiver.webhook_configs,
        "email": receiver.email_configs,
        "slack": receiver.slack_configs,
        "pagerduty": receiver.pagerduty_configs,
        "ntfy": receiver.ntfy_configs,
        "apprise": receiver.apprise_configs,
    }
    return tuple(
        way
        for kind, configs in groups.items()
        for i, config in enumerate(configs)
        for way in _ways_by(kind, f"{receiver.name}/{kind}[{i}]", config, f"{path}.{kind}_configs[{i}]", defaults)
    )


def _ways_by(kind: str, way_id: str, config: object, path: str, defaults: MailDefaults) -> Iterator[MadeWay]:
    if not isinstance(config, EmailConfig):
        yield _way(kind, way_id, config, path, defaults)
        return
    # a mailbox each: one that is refused for now waits alone, and nobody gets a message twice for its sake
    for place, (mailbox, send) in enumerate(_mail(config, path, defaults).items()):
        yield MadeWay(
            id=f"{way_id}.{place + 1}" if place else way_id,
            kind=kind,
            address=Secret(mailbox),
            sends_resolved=config.send_resolved,
            most=_SHOWN,
            splits=False,
            send=send,
        )


def _way(kind: str, way_id: str, config: object, path: str, defaults: MailDefaults) -> MadeWay:
    most, splits = _SHOWN, False
    match config:
        case WebhookConfig():
            address = config.url.reveal()
            most, splits = config.max_alerts or _SPLIT, not config.max_alerts
            send, sends_resolved = _http(_webhook(config)), config.send_resolved
        case SlackConfig():
            url = config.api_url or defaults.slack_api_url
            if url is None:
                raise AlertError(f"{path}.api_url: missing, and global.slack_api_url too")
            address = f"{url.reveal()} {config.channel}"
            send, sends_resolved = _http(SlackReceiver(url=url, channel=config.channel)), config.send_resolved
        case PagerDutyConfig():
            events = config.url or defaults.pagerduty_url
            address = f"{events} {config.routing_key.reveal()}"
            receiver = PagerDutyReceiver(routing_key=config.routing_key, **({"url": events} if events else {}))
            send, sends_resolved = _http(receiver), config.send_resolved
        case NtfyConfig():
            address = f"{config.url} {config.topic}"
            send = _http(NtfyReceiver(url=config.url, topic=config.topic, token=config.token))
            sends_resolved = config.send_resolved
        case AppriseConfig():
            address = config.url.reveal()
            send, sends_resolved = _apprise(config, path), config.send_resolved
        case _:
            raise AssertionError(kind)
    return MadeWay(
        id=way_id,
        kind=kind,
        address=Secret(address),
        sends_resolved=sends_resolved,
        most=most,
        splits=splits,
        send=send,
        is_one_incident=kind == "pagerduty",
    )


def _http(receiver: HttpReceiver) -> Callable[[Means], Send]:
    return lambda means: over_http(receiver, means.client, means.clock)


def _webhook(config: WebhookConfig) -> WebhookReceiver:
    return WebhookReceiver(url=config.url, authorization=_authorization(config.http_config))


def _authorization(config: HttpConfig) -> Secret | None:
    if config.authorization is not None:
        return Secret(f"{config.authorization.type} {config.authorization.credentials.reveal()}")
    if config.basic_auth is not None:
        pair = f"{config.basic_auth.username}:{config.basic_auth.password.reveal()}"
        return Secret("Basic " + base64.b64encode(pair.encode()).decode())
    return None


def _mail(config: EmailConfig, path: str, defaults: MailDefaults) -> dict[str, Callable[[Means], Send]]:
    """Return what sends to each mailbox."""
    smarthost = config.smarthost or defaults.smtp_smarthost
    sender = config.from_ or defaults.smtp_from
    host, _, port = smarthost.rpartition(":")
    if not (host and port.isascii() and port.isdigit()):
        raise AlertError(f"{path}.smarthost: {smarthost!r} is no HOST:PORT, and global.smtp_smarthost says none")
    if not sender:
        raise AlertError(f"{path}.from: missing, and global.smtp_from too")
    to = tuple(dict.fromkeys(part.strip() for part in config.to.split(",") if part.strip()))
    if not to:
        raise AlertError(f"{path}.to: nobody is named")
    require_tls = defaults.smtp_require_tls if config.require_tls is None else config.require_tls

    def send(mailbox: str, _: Means) -> Send:
        from barograph.notify.mail import MailReceiver, over_smtp  # noqa: PLC0415  not small, and seldom needed

        receiver = MailReceiver(
            host=host.strip("[]"),
            sender=sender,
            to=to,
            mailbox=mailbox,
            port=int(port),
            username=config.auth_username or defaults.smtp_auth_username,
            password=config.auth_password or defaults.smtp_auth_password,
            require_tls=require_tls,
        )
        return over_smtp(receiver)

    return {mailbox: partial(send, mailbox) for mailbox in to}


def _apprise(config: AppriseConfig, path: str) -> Callable[[Means], Send]:
    if "://" not in config.url.reveal():
        raise AlertError(f"{path}.url: this is no URL of Apprise, such as tgram://TOKEN/CHAT")

    def send(means: Means) -> Send:
        from barograph.notify.others import over_apprise  # noqa: PLC0415  not small, and seldom needed

        return over_apprise(config.url, means.rules)

    return send
