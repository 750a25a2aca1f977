"""The services that Apprise knows and we do not. Loaded only where a receiver needs it.

Apprise makes its own connections, each of which is checked as it is made (`outbound/fence.py`). It says yes or no, and
why only in its log: of that the status of HTTP is taken and nothing else, since the rest may hold what is secret.
"""

import asyncio
import logging
import re
import threading

import apprise

from barograph.model.notice import DeliveryState, Notice, NoticeKind
from barograph.model.secret import Secret
from barograph.notify.courier import Outcome, Send, judge_status
from barograph.notify.words import body_of, title_of
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.fence import Fence

_TIMEOUT_S = 30.0
_LOGGER = logging.getLogger("apprise")
# what it says is heard here, at any level of our log, and told nobody
_LOGGER.setLevel(logging.WARNING)
_LOGGER.propagate = False
_LOGGER.addHandler(logging.NullHandler())
_STATUS = re.compile(r"\berror=([45]\d\d)\b")
"""As the modules of Apprise write it."""
_TYPES = {
    NoticeKind.RESOLVED: apprise.NotifyType.SUCCESS,
    NoticeKind.ACKNOWLEDGED: apprise.NotifyType.INFO,
    NoticeKind.REPEAT: apprise.NotifyType.WARNING,
}


class _Overheard(logging.Handler):
    """What refusals and failures this thread's messages met, by the status of each; 0 where there is none."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.met: list[int] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            found = _STATUS.search(record.getMessage())
            self.met.append(int(found[1]) if found else 0)

    def judge(self) -> DeliveryState:
        """Return what became of a message that was not taken: of several that it became all must be hopeless."""
        is_hopeless = bool(self.met) and all(judge_status(met or 500) is DeliveryState.FAILED for met in self.met)
        return DeliveryState.FAILED if is_hopeless else DeliveryState.WAITING

    def words(self) -> str:
        """Return the statuses for a person; begins with a colon, "" where there are none."""
        return ": " + ", ".join(sorted({str(met) for met in self.met if met})) if any(self.met) else ""

    def __enter__(self) -> "_Overheard":
        _LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        _LOGGER.removeHandler(self)


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
        with Fence(rules) as fence, _Overheard() as overheard:
            taken = service.notify(body=body_of(notice), title=title_of(notice), notify_type=kind)
    except Exception as error:
        return Outcome(state=DeliveryState.WAITING, answer=f"{service.service_name}: {type(error).__name__}")
    if not taken and fence.refused:
        return Outcome(state=DeliveryState.FAILED, answer=fence.refused)
    if not taken:
        return Outcome(state=overheard.judge(), answer=f"{service.service_name} did not take it{overheard.words()}")
    return Outcome(state=DeliveryState.DELIVERED, answer=f"{service.service_name} took it")
