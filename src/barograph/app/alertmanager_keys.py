"""Keys of an Alertmanager's configuration that Barograph has no use for: left out with a word, or refused by name.

Called by `app/config.py` before the settings are converted, so that a file that served an Alertmanager serves here.
What only changes how a message looks, or is only there for receivers of other kinds, is left out. Without anything
else somebody might never be told: that is refused.
"""

from collections.abc import Callable
from typing import Any

from barograph.app.config_convert import Source
from barograph.app.yaml_source import KeyPath, format_path

_LOOKS = "messages have Barograph's own words and looks"
_ELSEWHERE = "nothing here needs it"
_OTHER_KINDS = "it is for receivers of a kind that Barograph does not have"

_TOP = {"templates": _LOOKS, "tracing": _ELSEWHERE, "event_recorder": "the history of alerts is always kept"}
_GLOBAL = {
    "resolve_timeout": "rules say themselves when an alert is over",
    "smtp_hello": "mail servers are greeted with this host's name",
    "smtp_auth_identity": "who logs in is who sends",
}
_OTHERS = (
    "jira_",
    "opsgenie_",
    "victorops_",
    "wechat_",
    "webex_",
    "telegram_",
    "rocketchat_",
    "mattermost_",
    "slack_app_",
    "msteams_",
    "discord_",
)
"""What defaults of other receivers begin with."""
_APP, _HOOK = ("slack_app_token", "slack_app_token_file"), ("slack_api_url", "slack_api_url_file")
_ROUTE = {"labels": _LOOKS}
_HTTP = {"follow_redirects": "redirects are never followed", "enable_http2": "HTTP/1.1 is spoken"}
_LOOKS_OF: dict[str, str] = {
    "email_configs": "html text headers threading",
    "slack_configs": "username icon_emoji icon_url title title_link pretext text fields short_fields footer fallback"
    " color callback_id link_names image_url thumb_url actions mrkdwn_in message_text update_message",
    "pagerduty_configs": "client client_url description severity details images links component group class",
}
_OF_RECEIVERS = {
    "email_configs": {"hello": _GLOBAL["smtp_hello"], "auth_identity": _GLOBAL["smtp_auth_identity"]},
    "slack_configs": {"timeout": "a receiver has 10 s to take a message"},
    "pagerduty_configs": {
        "timeout": "a receiver has 10 s to take a message",
        "source": "the host of the alert is its source",
    },
    "webhook_configs": {"timeout": "a receiver has 10 s to take a message"},
}
_REFUSED = {
    "proxy_url": "Barograph asks servers itself, not through a proxy: what only a proxy reaches would never be told",
    "proxy_from_environment": "Barograph asks servers itself, not through a proxy",
    "tls_config": "certificates of the system alone are trusted: a server with another one would never be told",
    "smtp_tls_config": "certificates of the system alone are trusted: a server with another one would never be told",
    "oauth2": "Barograph has no OAuth 2.0: the server would refuse every message; use authorization or basic_auth",
    "http_headers": "Barograph sends no other headers: a server that needs one would refuse every message",
    "payload": "Barograph sends Alertmanager's JSON: a server that waits for another one would refuse every message",
    "service_key": "PagerDuty's Events API v1 is not spoken: use routing_key, of an integration of Events API v2",
    "service_key_file": "PagerDuty's Events API v1 is not spoken: use routing_key_file, of one of Events API v2",
    "smtp_auth_secret": "CRAM-MD5 is not spoken: use smtp_auth_password",
    "smtp_auth_secret_file": "CRAM-MD5 is not spoken: use smtp_auth_password_file",
    "auth_secret": "CRAM-MD5 is not spoken: use auth_password",
    "auth_secret_file": "CRAM-MD5 is not spoken: use auth_password_file",
    "smtp_force_implicit_tls": "TLS from the start is spoken on port 465 alone: leave it out",
    "force_implicit_tls": "TLS from the start is spoken on port 465 alone: leave it out",
    "app_token": "Slack is told by incoming webhooks: use api_url",
    "app_token_file": "Slack is told by incoming webhooks: use api_url_file",
}
_KINDS = frozenset(
    (
        "webhook_configs",
        "email_configs",
        "slack_configs",
        "pagerduty_configs",
        "ntfy_configs",
        "apprise_configs",
    )
)
_EMPTY: tuple[Any, ...] = (None, "", [], {})
Tell = Callable[[str], None]


def carry_over(values: dict[str, Any], source: Source, tell: Tell) -> dict[str, Any]:
    """Return the values without those keys; each that is left out is told, with its place.

    Raises:
        ConfigError: Without a key somebody might never be told.
    """
    walk = _Walk(source, tell)
    kept = walk.section(values, (), _TOP)
    if isinstance(kept.get("global"), dict):
        kept["global"] = walk.defaults(kept["global"])
    if isinstance(kept.get("route"), dict):
        kept["route"] = walk.route(kept["route"], ("route",))
    if isinstance(kept.get("receivers"), list):
        kept["receivers"] = [walk.receiver(each, ("receivers", i)) for i, each in enumerate(kept["receivers"])]
    return kept


class _Walk:
    def __init__(self, source: Source, tell: Tell) -> None:
        self._source = source
        self._tell = tell

    def section(self, values: dict[str, Any], path: KeyPath, left_out: dict[str, str]) -> dict[str, Any]:
        """Return a section without the keys that are left out; refuses those that must not be."""
        kept = {}
        for key, value in values.items():
            here = (*path, key)
            if path and key in _REFUSED:
                if value not in _EMPTY and value is not False:
                    raise self._source.error(_REFUSED[key], here)
            elif key in left_out:
                if value not in _EMPTY:
                    self._tell(f"{self._source.where(here)}: {format_path(here)} is left out: {left_out[key]}")
            else:
                kept[key] = value
        return kept

    def defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        """Take the section `global`."""
        others = {key: _OTHER_KINDS for key in values if str(key).startswith(_OTHERS)}
        kept = self.section(values, ("global",), _GLOBAL | others)
        if any(key in values for key in _APP) and any(key in values for key in _HOOK):
            words = "slack_api_url is given too: one of the two is expected, and Barograph needs slack_api_url"
            raise self._source.error(words, ("global", next(key for key in _APP if key in values)))
        http = kept.pop("http_config", None)
        if isinstance(http, dict):
            rest = self.section(http, ("global", "http_config"), _HTTP)
            for key in rest:
                words = "for all receivers it is not known here: write it at each receiver that needs it"
                raise self._source.error(words, ("global", "http_config", key))
        elif http is not None:
            kept["http_config"] = http
        return kept

    def route(self, values: Any, path: KeyPath) -> Any:  # noqa: ANN401  what YAML may hold
        """Take a node of the tree of routes."""
        if not isinstance(values, dict):
            return values
        kept = self.section(values, path, _ROUTE)
        if isinstance(kept.get("routes"), list):
            kept["routes"] = [self.route(each, (*path, "routes", i)) for i, each in enumerate(kept["routes"])]
        return kept

    def receiver(self, values: Any, path: KeyPath) -> Any:  # noqa: ANN401  what YAML may hold
        """Take a receiver: one of a kind that is not known would never be told."""
        if not isinstance(values, dict):
            return values
        kept = {}
        for kind, ways in values.items():
            here = (*path, kind)
            if str(kind).endswith("_configs") and kind not in _KINDS:
                if ways in _EMPTY:
                    continue
                words = f"Barograph has no {str(kind).removesuffix('_configs')}: whoever is told so would not be. "
                raise self._source.error(
                    words + "Use apprise_configs, which knows most services, or webhook_configs", here
                )
            is_list = isinstance(ways, list)
            kept[kind] = [self._way(str(kind), each, (*here, i)) for i, each in enumerate(ways)] if is_list else ways
        return kept

    def _way(self, kind: str, values: Any, path: KeyPath) -> Any:  # noqa: ANN401  what YAML may hold
        if not isinstance(values, dict):
            return values
        looks = dict.fromkeys(_LOOKS_OF.get(kind, "").split(), _LOOKS)
        kept = self.section(values, path, looks | _OF_RECEIVERS.get(kind, {}))
        if not isinstance(kept.get("http_config"), dict):
            return kept
        kept["http_config"] = self.section(kept["http_config"], (*path, "http_config"), _HTTP)
        if not kept["http_config"] and kind != "webhook_configs":
            del kept["http_config"]
        return kept
