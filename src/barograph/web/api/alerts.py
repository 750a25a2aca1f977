"""`/api/barograph/v1/alerts`: alerts with their lives, and what people do with them. Behind the guard."""

from collections.abc import Callable

import msgspec

from barograph.analysis.frozen import FrozenWho, without_arguments
from barograph.identity.principal import Principal, Role
from barograph.model.alert_commands import (
    AcknowledgeAlerts,
    AssignAlert,
    CommentAlert,
    ListAlerts,
    ReadAlertHistory,
    ShowAlert,
    WithdrawAcknowledgments,
)
from barograph.model.alert_replies import AlertDetail, AlertHistory, AlertsListed
from barograph.model.commands import AnyCommand, Done
from barograph.model.units import whole_number
from barograph.web.api.answering import Data, answer, ask
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import (
    Parameters,
    Receive,
    Scope,
    Send,
    one,
    parse_end_ms,
    parse_flag,
    parse_time_ms,
    parse_whole,
)

_DEFAULT_LIMIT = "100"
_Make = Callable[[Parameters], AnyCommand]


class AlertRoutes:
    """Alerts, each question and each change a command to the keeper."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`part`, `match[]` (both repeat), `assignee`, `offset`, `limit`: live alerts, the most urgent first."""

        async def look(parameters: Parameters) -> Data:
            command = ListAlerts(
                parts=tuple(parameters.get("part", ())),
                matchers=tuple(parameters.get("match[]", ())),
                assignee=one(parameters, "assignee", ""),
                offset=parse_whole(parameters, "offset", "0"),
                limit=parse_whole(parameters, "limit", _DEFAULT_LIMIT),
            )
            return _plain(await ask(self._deps, command, AlertsListed))

        await answer(self._deps, look, scope, receive, send)

    async def detail(self, scope: Scope, receive: Receive, send: Send) -> None:
        """All that is known of the alert of the path."""
        who: Principal = scope["state"]["principal"]

        async def look(_: Parameters) -> Data:
            detail = await ask(self._deps, ShowAlert(number=_number(scope, 1)), AlertDetail)
            plain = _plain(msgspec.structs.replace(detail, processes=b""))
            assert isinstance(plain, dict)
            plain["processes"] = self._processes(detail.processes, who)
            return plain

        await answer(self._deps, look, scope, receive, send)

    async def history(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`alert`, `kind` (repeats), `start`, `end`, `before`, `limit`, `counts`: transitions, the newest first."""

        async def look(parameters: Parameters) -> Data:
            start, end = one(parameters, "start", ""), one(parameters, "end", "")
            command = ReadAlertHistory(
                alert=parse_whole(parameters, "alert", "0"),
                kinds=tuple(parameters.get("kind", ())),
                start_ms=parse_time_ms(start, "start") if start else 0,
                end_ms=parse_time_ms(end, "end") if end else 0,
                before=parse_whole(parameters, "before", "0"),
                limit=parse_whole(parameters, "limit", _DEFAULT_LIMIT),
                counts=parse_flag(parameters, "counts") if "counts" in parameters else True,
            )
            return _plain(await ask(self._deps, command, AlertHistory))

        await answer(self._deps, look, scope, receive, send)

    async def acknowledge(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`id` (repeats; or in the path), `until` (a time or a duration), `reason`, `sticky`: have alerts."""

        def make(parameters: Parameters) -> AnyCommand:
            return AcknowledgeAlerts(
                numbers=_numbers(scope, parameters),
                reason=one(parameters, "reason", ""),
                until_ms=parse_end_ms(one(parameters, "until", ""), "until", self._deps.clock.now_ms()),
                is_sticky=parse_flag(parameters, "sticky"),
            )

        await self._change(make, scope, receive, send)

    async def withdraw(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`id` (repeats; or in the path): take acknowledgments back."""

        def make(parameters: Parameters) -> AnyCommand:
            return WithdrawAcknowledgments(numbers=_numbers(scope, parameters))

        await self._change(make, scope, receive, send)

    async def assign(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`to`: give the alert of the path to somebody; to nobody where it is empty."""

        def make(parameters: Parameters) -> AnyCommand:
            return AssignAlert(number=_number(scope, 2), assignee=one(parameters, "to", ""))

        await self._change(make, scope, receive, send)

    async def comment(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`text`: write something beside the alert of the path."""

        def make(parameters: Parameters) -> AnyCommand:
            text = one(parameters, "text")
            return CommentAlert(number=_number(scope, 2), text=text, at_ms=self._deps.clock.now_ms())

        await self._change(make, scope, receive, send)

    async def _change(self, make: _Make, scope: Scope, receive: Receive, send: Send) -> None:
        async def look(parameters: Parameters) -> Data:
            await ask(self._deps, make(parameters), Done)
            return {}

        await answer(self._deps, look, scope, receive, send)

    def _processes(self, frozen: bytes, who: Principal) -> Data | None:
        if not frozen:
            return None
        found = msgspec.json.decode(frozen, type=FrozenWho)
        hides = who.effective_role is Role.VIEWER and not self._deps.config.viewers_see_arguments
        return _plain(without_arguments(found) if hides else found)


def _numbers(scope: Scope, parameters: Parameters) -> tuple[int, ...]:
    texts = parameters.get("id", [])
    if not texts:
        return (_number(scope, 2),)
    return tuple(_whole(text) for text in texts)


def _number(scope: Scope, place: int) -> int:
    return _whole(str(scope["path"]).split("/")[-place])


def _whole(text: str) -> int:
    found = whole_number(text)
    if found is None:
        raise RequestError(f"{text!r} is no alert: its number is expected", 404)
    return found


def _plain(found: msgspec.Struct) -> Data:
    plain: Data = msgspec.to_builtins(found)
    if isinstance(plain, dict):
        plain.pop("reply", None)
    return plain
