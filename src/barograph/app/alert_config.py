"""The sections of the configuration about who is told, checked and made into what decides and what sends."""

from collections.abc import Sequence
from typing import Protocol

from barograph.alerts.config import InhibitConfig, NamedIntervalConfig, RouteConfig
from barograph.alerts.policy import Policy, Way, make_policy
from barograph.app.yaml_source import KeyPath
from barograph.model.errors import AlertError
from barograph.notify.config import MailDefaults, NotifyConfig, ReceiverConfig
from barograph.notify.ways import MadeWay, make_ways
from barograph.outbound.address_rules import AddressRules

Ways = dict[str, tuple[MadeWay, ...]]


class TellingConfig(Protocol):
    """What of a configuration says who is told."""

    @property
    def route(self) -> RouteConfig:
        """The tree of routes."""
        ...

    @property
    def receivers(self) -> Sequence[ReceiverConfig]:
        """Who can be told."""
        ...

    @property
    def inhibit_rules(self) -> Sequence[InhibitConfig]:
        """What keeps what quiet."""
        ...

    @property
    def time_intervals(self) -> Sequence[NamedIntervalConfig]:
        """Times by names."""
        ...

    @property
    def mute_time_intervals(self) -> Sequence[NamedIntervalConfig]:
        """The same, by its older name."""
        ...

    @property
    def notify(self) -> NotifyConfig:
        """What leaves this machine."""
        ...

    @property
    def mail_defaults(self) -> MailDefaults:
        """What receivers have where they do not say."""
        ...


def made_ways(config: TellingConfig) -> Ways:
    """Return the ways of every receiver. Raises: see `policy_of`."""
    return make_ways(config.receivers, config.mail_defaults)


def policy_of(config: TellingConfig, ways: Ways, external_url: str = "") -> Policy:
    """Return what decides.

    Raises:
        AlertError: A section cannot be used; opens with the path of the setting.
    """
    try:
        AddressRules(config.notify.allow)
    except ValueError as error:
        raise AlertError(f"notify.allow: {error}") from error
    deciding = {
        name: tuple(
            Way(
                id=way.id,
                sends_resolved=way.sends_resolved,
                most=way.most,
                splits=way.splits,
                is_one_incident=way.is_one_incident,
            )
            for way in of_one
        )
        for name, of_one in ways.items()
    }
    intervals = (*config.time_intervals, *config.mute_time_intervals)
    return make_policy(config.route, deciding, config.inhibit_rules, intervals, external_url)


def place_of(error: AlertError) -> tuple[str, KeyPath]:
    """Return what is wrong, and the path of the setting."""
    path, found, message = str(error).partition(": ")
    if not found or " " in path:
        return str(error), ("route",)
    parts: list[str | int] = []
    for part in path.split("."):
        name, _, index = part.rstrip("]").partition("[")
        parts += [name, int(index)] if index else [name]
    return message, tuple(parts)
