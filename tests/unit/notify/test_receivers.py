"""Each receiver against a recording server of loopback."""

import asyncio
import hashlib
import re
from typing import Any

import msgspec
import pytest

from barograph.model.notice import DeliveryState, Notice, NoticeKind
from barograph.model.secret import Secret
from barograph.notify.courier import Outcome
from barograph.notify.receivers import (
    NtfyReceiver,
    PagerDutyReceiver,
    SlackReceiver,
    WebhookReceiver,
    fingerprint_of,
)
from barograph.notify.sending import HttpReceiver, over_http
from helpers.clock import FakeClock
from unit.notify.notices import alert, notice
from unit.outbound.server import OK, client_of, peer

DEDUP_KEY = hashlib.sha256(b'{}:{alertname="DiskFull"}').hexdigest()


def sent(receiver: Any, told: Notice) -> tuple[str, dict[str, Any]]:
    """Return head and body of what a receiver's server hears."""

    async def send() -> bytes:
        async with peer(OK) as heard:
            name = "routing_key" if isinstance(receiver, PagerDutyReceiver) else ""
            url = f"http://allowed:{heard.port}/hook"
            at: HttpReceiver = msgspec.structs.replace(
                receiver, url=url if name or isinstance(receiver, NtfyReceiver) else Secret(url)
            )
            outcome = await over_http(at, client_of(), FakeClock())(told)
        assert (outcome.state, outcome.answer) == (DeliveryState.DELIVERED, "200 ok")
        return heard.heard[0]

    head, _, body = asyncio.run(send()).partition(b"\r\n\r\n")
    return head.decode(), msgspec.json.decode(body)


def test_webhooks_have_alertmanagers_json() -> None:
    head, body = sent(WebhookReceiver(url=Secret("")), notice())
    assert "Idempotency-Key: k1" in head
    assert body == {
        "receiver": "team",
        "status": "firing",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "DiskFull", "host": "atlas", "severity": "critical"},
                "annotations": {"summary": "Disk full on atlas", "description": "97 % of <sda>,\n  limit 90 %"},
                "startsAt": "2023-11-14T22:13:20.25Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://b.example/alerts/1",
                "fingerprint": fingerprint_of({"alertname": "DiskFull", "host": "atlas", "severity": "critical"}),
            }
        ],
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"alertname": "DiskFull", "host": "atlas", "severity": "critical"},
        "commonAnnotations": {"summary": "Disk full on atlas", "description": "97 % of <sda>,\n  limit 90 %"},
        "externalURL": "https://b.example",
        "version": "4",
        "groupKey": '{}:{alertname="DiskFull"}',
        "truncatedAlerts": 0,
        "barograph": {"kind": "firing", "actor": "", "text": ""},
    }


def test_a_webhook_says_what_is_common_what_was_left_out_and_what_is_over() -> None:
    told = notice(alerts=(alert("a", ended_ms=1_700_000_001_000), alert("b")), total=3)
    head, body = sent(WebhookReceiver(url=Secret(""), authorization=Secret("Bearer x")), told)
    assert "Authorization: Bearer x" in head
    assert (body["status"], body["truncatedAlerts"], len(body["alerts"])) == ("firing", 1, 2)
    assert body["commonLabels"] == {"alertname": "DiskFull", "severity": "critical"}
    assert list(body["commonAnnotations"]) == ["description"]
    _, over = sent(WebhookReceiver(url=Secret("")), notice(NoticeKind.RESOLVED))
    assert (over["status"], over["alerts"][0]["status"]) == ("resolved", "resolved")
    assert over["alerts"][0]["endsAt"] == "2023-11-14T22:16:46.25Z"
    _, taken = sent(WebhookReceiver(url=Secret("")), notice(NoticeKind.ACKNOWLEDGED))
    assert taken["barograph"] == {"kind": "acknowledged", "actor": "ada", "text": "mine"}


def test_a_webhook_lists_the_end_of_what_fires_again_before_it() -> None:
    at_ms = 1_700_000_001_000
    told = notice(alerts=(alert("a"), alert("b"), alert("c", ended_ms=at_ms), alert("a", ended_ms=at_ms)))
    _, body = sent(WebhookReceiver(url=Secret("")), told)
    listed = [(each["labels"]["host"], each["status"]) for each in body["alerts"]]
    assert listed == [("b", "firing"), ("c", "resolved"), ("a", "resolved"), ("a", "firing")]


def test_fingerprints_are_alertmanagers() -> None:
    # as Debian's Alertmanager 0.25 sends it in its webhook
    labels = {"alertname": 'Disk "Full"', "host": "atlas", "severity": "critical"}
    assert fingerprint_of(labels) == "c86a6aedc19c738f"
    assert fingerprint_of({}) == "cbf29ce484222325"
    assert fingerprint_of({"a": "1", "b": "2"}) == fingerprint_of({"b": "2", "a": "1"})
    assert fingerprint_of({"a": "1"}) != fingerprint_of({"a": "2"})


def test_times_have_no_zeros_at_their_end() -> None:
    whole = notice(alerts=(msgspec.structs.replace(alert(), fired_ms=1_700_000_000_000),))
    _, body = sent(WebhookReceiver(url=Secret("")), whole)
    assert body["alerts"][0]["startsAt"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    ("kind", "priority", "tag"),
    [
        (NoticeKind.FIRING, 5, "rotating_light"),
        (NoticeKind.REPEAT, 5, "rotating_light"),
        (NoticeKind.ACKNOWLEDGED, 3, "rotating_light"),
        (NoticeKind.RESOLVED, 3, "white_check_mark"),
    ],
)
def test_ntfy_has_a_topic_and_a_priority(kind: NoticeKind, priority: int, tag: str) -> None:
    head, body = sent(NtfyReceiver(url="", topic="ops", token=Secret("t0")), notice(kind))
    assert head.startswith("POST /hook/ ")
    assert "Authorization: Bearer t0" in head
    assert (body["topic"], body["priority"], body["tags"]) == ("ops", priority, [tag])
    assert body["click"] == "https://b.example/alerts/1"
    assert body["title"].endswith("Disk full on atlas")


def test_ntfy_is_sent_no_more_than_it_takes() -> None:
    pages = {"summary": "\x00" * 300, "description": "é\x01" * 10_000}
    long = msgspec.structs.replace(notice().alerts[0], annotations=pages)
    receiver = NtfyReceiver(url="https://ntfy.example", topic="alerts")
    request = receiver.request(notice(NoticeKind.ACKNOWLEDGED, alerts=(long,), text="\x01" * 1000))
    assert 3900 < len(request.body) <= 4000
    assert msgspec.json.decode(request.body)["message"].endswith("…")


def test_what_ntfy_is_not_told_is_left_out() -> None:
    told = notice(alerts=(msgspec.structs.replace(alert(), url=""),), external_url="")
    head, body = sent(NtfyReceiver(url="", topic="ops"), told)
    assert "Authorization" not in head
    assert "click" not in body


@pytest.mark.parametrize(
    ("kind", "colour"),
    [(NoticeKind.FIRING, "#c0392b"), (NoticeKind.ACKNOWLEDGED, "#c0392b"), (NoticeKind.RESOLVED, "#2e7d32")],
)
def test_slack_has_one_attachment_without_markup_of_others(kind: NoticeKind, colour: str) -> None:
    _, body = sent(SlackReceiver(url=Secret(""), channel="#ops"), notice(kind))
    attachment = body["attachments"][0]
    assert (body["channel"], attachment["color"]) == ("#ops", colour)
    assert "97 % of &lt;sda&gt;, limit 90 %" in attachment["text"]
    assert attachment["title_link"] == "https://b.example/alerts/1"


@pytest.mark.parametrize(
    ("kind", "action"), [(NoticeKind.ACKNOWLEDGED, "acknowledge"), (NoticeKind.RESOLVED, "resolve")]
)
def test_pagerduty_is_told_of_the_end_by_key_alone(kind: NoticeKind, action: str) -> None:
    _, body = sent(PagerDutyReceiver(routing_key=Secret("r0")), notice(kind))
    assert body == {"routing_key": "r0", "event_action": action, "dedup_key": DEDUP_KEY}


@pytest.mark.parametrize("kind", [NoticeKind.ACKNOWLEDGED, NoticeKind.RESOLVED])
def test_pagerduty_keeps_the_incident_as_it_is_while_others_go_on(kind: NoticeKind) -> None:
    async def send() -> Outcome:
        receiver = PagerDutyReceiver(routing_key=Secret("r0"))
        return await over_http(receiver, client_of(), FakeClock())(notice(kind, others=2))

    outcome = asyncio.run(send())
    assert outcome.state is DeliveryState.DELIVERED
    assert outcome.answer == "not sent: of its group 2 others go on"


@pytest.mark.parametrize("kind", [NoticeKind.FIRING, NoticeKind.REPEAT, NoticeKind.WORSE])
def test_pagerduty_is_told_of_one_incident_a_group(kind: NoticeKind) -> None:
    _, body = sent(PagerDutyReceiver(routing_key=Secret("r0")), notice(kind))
    assert (body["event_action"], body["dedup_key"]) == ("trigger", DEDUP_KEY)
    payload = body["payload"]
    assert (payload["severity"], payload["source"]) == ("critical", "atlas")
    assert payload["timestamp"] == "2023-11-14T22:16:46.25Z"
    assert payload["summary"].endswith("Disk full on atlas")


def test_an_answer_that_repeats_the_way_shows_nothing_of_it() -> None:
    async def answer(body: str) -> str:
        head = f"HTTP/1.1 404 Not Found\r\nContent-Length: {len(body)}\r\n\r\n"
        async with peer((head + body).encode()) as heard:
            receiver = WebhookReceiver(
                url=Secret(f"http://allowed:{heard.port}/hooks/T0/S3CRET%2DCANARY?key=k3y-canary"),
                authorization=Secret("Bearer canary-bearer"),
            )
            return (await over_http(receiver, client_of(), FakeClock())(notice())).answer

    for echoed in (
        "Cannot POST /hooks/T0/S3CRET%2DCANARY?key=k3y-canary",
        "no such hook: S3CRET-CANARY",
        "x" * 190 + " /hooks/T0/S3CRET%2DCANARY",
        "wrong: canary-bearer",
        "k3y-canary is no key",
    ):
        told = asyncio.run(answer(echoed))
        assert told.startswith("404 ")
        assert not re.search("s3cr|canary", told, re.IGNORECASE), told
    assert asyncio.run(answer("no such hook")) == "404 no such hook"


def test_an_address_that_is_refused_fails_for_good_and_a_closed_port_does_not() -> None:
    async def outcome(url: str) -> DeliveryState:
        send = over_http(WebhookReceiver(url=Secret(url)), client_of(public="10.0.0.1"), FakeClock())
        return (await send(notice())).state

    assert asyncio.run(outcome("http://public/")) is DeliveryState.FAILED
    assert asyncio.run(outcome("http://allowed:9/")) is DeliveryState.WAITING
