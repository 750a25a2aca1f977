"""How a notice gets to its receiver: over HTTP, through the one client of what leaves. Made for the courier."""

from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from barograph.model.clock import Clock
from barograph.model.notice import DeliveryState, Notice
from barograph.model.secret import Secret
from barograph.notify.courier import Outcome, Send, judge, judge_error
from barograph.outbound.client import OutboundClient
from barograph.outbound.request import OutboundError, OutboundRequest

_TELLING = 8
"""Characters from which on a part of a path is taken for a secret by itself; shorter ones are words of an API."""
_LEAST = 4
"""Shorter texts are in any answer."""


class HttpReceiver(Protocol):
    """Any of `notify.receivers`."""

    def request(self, notice: Notice) -> OutboundRequest | None:
        """Return what is sent; None where this receiver has no word for it."""
        ...


def over_http(receiver: HttpReceiver, client: OutboundClient, clock: Clock) -> Send:
    """Return what sends notices to a receiver."""
    secrets = secrets_of(receiver)

    async def send(notice: Notice) -> Outcome:
        request = receiver.request(notice)
        if request is None:
            goes_on = f"{notice.others} other{'s go' if notice.others > 1 else ' goes'} on"
            return Outcome(state=DeliveryState.DELIVERED, answer=f"not sent: of its group {goes_on}")
        try:
            response = await client.send(request)
        except OutboundError as error:
            return judge_error(error)
        # many servers repeat the path that they do not know, and the path of a webhook is its password
        body = _without(secrets, response.body.decode(errors="replace")).encode()
        return judge(replace(response, body=body), clock.now_ms())

    return send


def secrets_of(receiver: object) -> list[str]:
    """Return every text of a receiver that its answers must not show, the longest first."""
    found: set[str] = set()
    for name in getattr(receiver, "__struct_fields__", ()):
        value = getattr(receiver, name)
        if not isinstance(value, Secret):
            continue
        text = value.reveal()
        found |= {text, *(part for part in text.split() if len(part) >= _TELLING)}
        with suppress(ValueError):
            parts = urlsplit(text)
            if parts.scheme in ("http", "https"):
                found |= {parts.path, parts.path.strip("/"), parts.query}
                found |= {part for part in parts.path.split("/") if len(part) >= _TELLING}
                found |= {given for _, given in parse_qsl(parts.query)}
    # as they stand, and as a page or a log of the server writes them
    shown = {form for text in found for form in (text, unquote(text), quote(text), escape(text))}
    return sorted((text for text in shown if len(text) >= _LEAST), key=len, reverse=True)


def _without(secrets: list[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text
