"""Receivers that are told over HTTP: what each is sent, from a notice and its settings. Pure; the courier sends.

Alertmanager's webhook (version 4), ntfy's publishing as JSON, Slack's incoming webhooks, PagerDuty's Events v2.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from barograph.model.notice import Notice, NoticeAlert, NoticeKind
from barograph.model.secret import Secret
from barograph.notify.words import body_of, severity_of, title_of
from barograph.outbound.request import OutboundRequest

_JSON = ("Content-Type", "application/json")
_NEVER = "0001-01-01T00:00:00Z"
_PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
_COLOURS = {"critical": "#c0392b", "emergency": "#c0392b", "error": "#c0392b", "warning": "#d68910"}
_PAGERDUTY_SEVERITIES = {
    "emergency": "critical",
    "critical": "critical",
    "error": "error",
    "info": "info",
    "none": "info",
}
_NTFY_PRIORITIES = {"emergency": 5, "critical": 5, "error": 4, "info": 2, "none": 2}
_FNV_OFFSET, _FNV_PRIME, _U64 = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1
_LONGEST_SUMMARY = 1024
_MOST_OF_NTFY = 4000
"""Bytes: an ntfy server takes 4,096 in a message, and refuses what is longer for good."""


class WebhookReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """A server that takes Alertmanager's JSON. `authorization` is the whole value of that header."""

    url: Secret
    authorization: Secret | None = None

    def request(self, notice: Notice) -> OutboundRequest:
        """Return what is sent."""
        body = {
            "receiver": notice.receiver_name,
            "status": _status(notice),
            "alerts": [_webhook_alert(alert) for alert in _ends_first(notice.alerts)],
            "groupLabels": notice.group_labels,
            "commonLabels": _common([alert.labels for alert in notice.alerts]),
            "commonAnnotations": _common([alert.annotations for alert in notice.alerts]),
            "externalURL": notice.external_url,
            "version": "4",
            "groupKey": notice.group_key,
            "truncatedAlerts": notice.alert_count - len(notice.alerts),
            "barograph": {"kind": notice.kind.value, "actor": notice.actor, "text": notice.text},
        }
        extra = (("Authorization", self.authorization.reveal()),) if self.authorization else ()
        return _post(self.url.reveal(), body, notice, extra)


class NtfyReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """A topic on an ntfy server."""

    url: str
    topic: str
    token: Secret | None = None

    def request(self, notice: Notice) -> OutboundRequest:
        """Return what is sent."""
        is_over = notice.kind in (NoticeKind.RESOLVED, NoticeKind.ACKNOWLEDGED)
        body: dict[str, Any] = {
            "topic": self.topic,
            "title": title_of(notice),
            "message": body_of(notice),
            "priority": 3 if is_over else _NTFY_PRIORITIES.get(severity_of(notice).lower(), 3),
            "tags": ["white_check_mark" if notice.kind is NoticeKind.RESOLVED else "rotating_light"],
        }
        link = notice.alerts[0].url or notice.external_url
        body |= {"click": link} if link else {}
        while (over := len(msgspec.json.encode(body)) - _MOST_OF_NTFY) > 0 and body["message"]:
            # a character has at most six bytes there, and the mark of what is left out two to three
            kept = body["message"][: -(over // 6 + 2)]
            body["message"] = kept and kept + "…"
        extra = (("Authorization", f"Bearer {self.token.reveal()}"),) if self.token else ()
        return _post(self.url.rstrip("/") + "/", body, notice, extra)


class SlackReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """A Slack incoming webhook. `channel` "" is the webhook's own."""

    url: Secret
    channel: str = ""

    def request(self, notice: Notice) -> OutboundRequest:
        """Return what is sent."""
        is_over = notice.kind is NoticeKind.RESOLVED
        colour = "#2e7d32" if is_over else _COLOURS.get(severity_of(notice).lower(), "#607d8b")
        title = _for_slack(title_of(notice))
        attachment = {"fallback": title, "color": colour, "title": title, "text": _for_slack(body_of(notice))}
        link = notice.alerts[0].url or notice.external_url
        attachment |= {"title_link": link} if link else {}
        body: dict[str, Any] = {"attachments": [attachment]}
        body |= {"channel": self.channel} if self.channel else {}
        return _post(self.url.reveal(), body, notice)


class PagerDutyReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """A PagerDuty service, by the key of its Events API v2 integration. One group is one incident.

    So it is resolved with the last alert of the group, and acknowledged when somebody has all that is loud of it.
    """

    routing_key: Secret
    url: str = _PAGERDUTY

    def request(self, notice: Notice) -> OutboundRequest | None:
        """Return what is sent; None where the incident stays as it is."""
        actions = {NoticeKind.RESOLVED: "resolve", NoticeKind.ACKNOWLEDGED: "acknowledge"}
        if notice.kind in actions and notice.others:
            return None
        body: dict[str, Any] = {
            "routing_key": self.routing_key.reveal(),
            "event_action": actions.get(notice.kind, "trigger"),
            "dedup_key": hashlib.sha256(notice.group_key.encode()).hexdigest(),
        }
        if notice.kind not in actions:
            labels = notice.alerts[0].labels
            body["client"] = "Barograph"
            body |= {"client_url": notice.external_url} if notice.external_url else {}
            body["payload"] = {
                "summary": title_of(notice)[:_LONGEST_SUMMARY],
                "source": labels.get("instance") or labels.get("host") or "barograph",
                "severity": _PAGERDUTY_SEVERITIES.get(severity_of(notice).lower(), "warning"),
                "timestamp": _time(notice.at_ms),
                "custom_details": {"text": body_of(notice), "labels": labels, "alerts": notice.alert_count},
            }
        return _post(self.url, body, notice)


def fingerprint_of(labels: dict[str, str]) -> str:
    """Return Alertmanager's fingerprint: FNV-1a, 64 bits, over the sorted labels, each part ended by the byte 255."""
    total = _FNV_OFFSET
    for name, value in sorted(labels.items()):
        for byte in b"\xff".join((name.encode(), value.encode(), b"")):
            total = (total ^ byte) * _FNV_PRIME & _U64
    return f"{total:016x}"


def _webhook_alert(alert: NoticeAlert) -> dict[str, Any]:
    return {
        "status": "resolved" if alert.ended_ms else "firing",
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": _time(alert.fired_ms),
        "endsAt": _time(alert.ended_ms) if alert.ended_ms else _NEVER,
        "generatorURL": alert.url,
        "fingerprint": fingerprint_of(alert.labels),
    }


def _ends_first(alerts: Sequence[NoticeAlert]) -> list[NoticeAlert]:
    """Return alerts in an order in which one that has ended and fires again, under the same labels, fires at last.

    Whoever takes them one by one, by fingerprint, would else be left with the end.
    """
    over = [alert.labels for alert in alerts if alert.ended_ms]
    if len(over) in (0, len(alerts)):
        return list(alerts)
    ended = {fingerprint_of(labels) for labels in over}
    return sorted(alerts, key=lambda alert: not alert.ended_ms and fingerprint_of(alert.labels) in ended)


def _status(notice: Notice) -> str:
    return "resolved" if all(alert.ended_ms for alert in notice.alerts) else "firing"


def _common(values: list[dict[str, str]]) -> dict[str, str]:
    first, *others = values
    return {name: value for name, value in first.items() if all(each.get(name) == value for each in others)}


def _post(url: str, body: dict[str, Any], notice: Notice, extra: tuple[tuple[str, str], ...] = ()) -> OutboundRequest:
    headers = (_JSON, ("User-Agent", "barograph"), ("Idempotency-Key", notice.key), *extra)
    return OutboundRequest(method="POST", url=url, headers=headers, body=msgspec.json.encode(body))


def _time(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000, tzinfo=None)
    # without zeros at the end, as Go writes it
    text = at.isoformat(timespec="milliseconds")
    return text.rstrip("0").rstrip(".") + "Z"


def _for_slack(text: str) -> str:
    # what Slack would read as a link, a mention or a tag
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
