"""The settings of receivers, with Alertmanager's keys and meaning, and of `notify`.

Values only; `ways` makes of them what sends.
"""

import msgspec

from barograph.model.secret import Secret
from barograph.model.units import Duration


class AuthorizationConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A credential in the header `Authorization`.

    Attributes:
        type: Its kind.
        credentials: The secret itself.
    """

    type: str = "Bearer"
    credentials: Secret


class BasicAuthConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name and a password.

    Attributes:
        username: The name.
        password: The password.
    """

    username: str = ""
    password: Secret = Secret("")


class HttpConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a server is asked.

    Attributes:
        authorization: A credential.
        basic_auth: A name and a password.
    """

    authorization: AuthorizationConfig | None = None
    basic_auth: BasicAuthConfig | None = None


class WebhookConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server that takes Alertmanager's JSON.

    Attributes:
        url: Where it is.
        send_resolved: Whether it is told of the end.
        max_alerts: How many alerts a message lists, the rest counted; 0 for all, 1,000 in each message.
        http_config: How it is asked.
    """

    url: Secret
    send_resolved: bool = True
    max_alerts: int = 0
    http_config: HttpConfig = HttpConfig()


class EmailConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Mailboxes.

    Attributes:
        to: To whom, separated by commas.
        from_: From whom.
        smarthost: The server that takes mail, as `HOST:PORT`; port 465 speaks TLS from the start.
        auth_username: The name to log in with.
        auth_password: The password to log in with.
        require_tls: Say nothing to a server without TLS.
        send_resolved: Whether they are told of the end.
    """

    to: str
    from_: str = msgspec.field(name="from", default="")
    smarthost: str = ""
    auth_username: str = ""
    auth_password: Secret | None = None
    require_tls: bool | None = None
    send_resolved: bool = False


class SlackConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Slack incoming webhook.

    Attributes:
        api_url: The webhook.
        channel: Another channel than the webhook's own.
        send_resolved: Whether it is told of the end.
    """

    api_url: Secret | None = None
    channel: str = ""
    send_resolved: bool = False


class PagerDutyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PagerDuty service, over its Events API v2.

    Attributes:
        routing_key: The key of its integration.
        url: Where events are sent.
        send_resolved: Whether it is told of the end.
    """

    routing_key: Secret
    url: str = ""
    send_resolved: bool = True


class NtfyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A topic of an ntfy server.

    Attributes:
        topic: The topic.
        url: The server.
        token: An access token.
        send_resolved: Whether it is told of the end.
    """

    topic: str
    url: str = "https://ntfy.sh"
    token: Secret | None = None
    send_resolved: bool = True


class AppriseConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any of the services that the library Apprise knows.

    Attributes:
        url: Apprise's URL of the service, such as `tgram://TOKEN/CHAT`.
        send_resolved: Whether it is told of the end.
    """

    url: Secret
    send_resolved: bool = True


class ReceiverConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is told, in any number of ways.

    Attributes:
        name: What routes call it.
        webhook_configs: Servers that take Alertmanager's JSON.
        email_configs: Mailboxes.
        slack_configs: Slack incoming webhooks.
        pagerduty_configs: PagerDuty services.
        ntfy_configs: Topics of ntfy servers.
        apprise_configs: Whatever else Apprise knows.
    """

    name: str
    webhook_configs: tuple[WebhookConfig, ...] = ()
    email_configs: tuple[EmailConfig, ...] = ()
    slack_configs: tuple[SlackConfig, ...] = ()
    pagerduty_configs: tuple[PagerDutyConfig, ...] = ()
    ntfy_configs: tuple[NtfyConfig, ...] = ()
    apprise_configs: tuple[AppriseConfig, ...] = ()


class HeartbeatConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dead-man's switch: an outside service that raises the alarm when nothing is heard any more.

    Attributes:
        url: What is asked for (GET) while everything works; unset: nothing.
        interval: How often.
    """

    url: Secret | None = None
    interval: Duration = Duration.parse("20s")

    def __post_init__(self) -> None:
        if not 1000 <= self.interval.ms <= 30_000:
            raise ValueError(f"interval is {self.interval}: 1s to 30s, so that it stops within a minute of a failure")


class NotifyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `notify` section: what leaves this machine when somebody is told.

    Attributes:
        allow: Hosts, addresses and networks that may be reached though they are not public, such as `10.1.0.0/16`.
        keep: How long the log of deliveries is kept.
        heartbeat: The dead-man's switch.
    """

    allow: tuple[str, ...] = ()
    keep: Duration = Duration.parse("90d")
    heartbeat: HeartbeatConfig = HeartbeatConfig()


class MailDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What receivers have where they do not say: Alertmanager's `global`.

    Attributes:
        smtp_from: From whom mail is.
        smtp_smarthost: The server that takes mail, as `HOST:PORT`.
        smtp_auth_username: The name to log in with.
        smtp_auth_password: The password to log in with.
        smtp_require_tls: Say nothing to a server without TLS.
        slack_api_url: The Slack webhook.
        pagerduty_url: Where PagerDuty's events are sent.
    """

    smtp_from: str = ""
    smtp_smarthost: str = ""
    smtp_auth_username: str = ""
    smtp_auth_password: Secret | None = None
    smtp_require_tls: bool = True
    slack_api_url: Secret | None = None
    pagerduty_url: str = ""
