"""The `identity` section of the configuration."""

import msgspec

from barograph.model.units import Duration


class IdentityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people come in.

    Attributes:
        session_lifetime: How long a session lasts after the log-in.
        login_link_lifetime: How long a log-in link can be used.
        login_attempts_per_minute: How often one address may try a link or a wrong token in a minute.
    """

    session_lifetime: Duration = Duration.parse("30d")
    login_link_lifetime: Duration = Duration.parse("10m")
    login_attempts_per_minute: int = 10
