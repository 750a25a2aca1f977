"""The services that Apprise knows and we do not. Loaded only where a receiver needs it.

Apprise makes its own connections, each of which is checked as it is made (`outbound/fence.py`). It says yes or no,
never why, so that nothing but a refused address is known to be hopeless: all else is tried again.
"""

import asyncio

import apprise

from barograph.model.notice import DeliveryState, Notice, NoticeKind
from barograph.model.secret import Secret
from barograph.notify.courier import Outcome, Send
from barograph.notify.words import body_of, title_of
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.fence import Fence

_TIMEOUT_S = 30.0
_TYPES = {
    NoticeKind.RESOLVED: apprise.NotifyType.SUCCESS,
    NoticeKind.ACKNOWLEDGED: apprise.NotifyType.INFO,
    NoticeKind.REPEAT: apprise.NotifyType.WARNING,
}


def over_apprise(url: Secret, rules: AddressRules) -> Send:
    """Return what sends notices through a service."""

    async def send(notice: Notice) -> Outcome:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await asyncio.to_thread(_send, url, rules, notice)
        except TimeoutError:
            return Outcome(state=DeliveryState.WAITING, answer=f"no answer within {_TIMEOUT_S:g} s")

    return send


def _send(url: Secret, rules: AddressRules, notice: Notice) -> Outcome:
    service = apprise.Apprise.instantiate(url.reveal(), suppress_exceptions=True)
    if service is None:
        scheme = url.reveal().partition("://")[0]
        return Outcome(state=DeliveryState.FAILED, answer=f"Apprise knows no {scheme}:// URL of this form")
    kind = _TYPES.get(notice.kind, apprise.NotifyType.FAILURE)
    try:
        with Fence(rules) as fence:
            taken = service.notify(body=body_of(notice), title=title_of(notice), notify_type=kind)
    except Exception as error:
        return Outcome(state=DeliveryState.WAITING, answer=f"{service.service_name}: {type(error).__name__}")
    if not taken and fence.refused:
        return Outcome(state=DeliveryState.FAILED, answer=fence.refused)
    if not taken:
        return Outcome(state=DeliveryState.WAITING, answer=f"{service.service_name} did not take it")
    return Outcome(state=DeliveryState.DELIVERED, answer=f"{service.service_name} took it")
