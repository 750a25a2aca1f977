"""`/api/barograph/v1/processes`: what the flight recorder has of an instant, or of one process. Behind the guard."""

import asyncio
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from barograph.analysis.process_history import History, history_of, program_alone
from barograph.analysis.who import By, GroupBy, Question, WhoTable, table_of, without_arguments
from barograph.identity.principal import Principal, Role
from barograph.model.units import whole_number
from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import (
    Parameters,
    Receive,
    Scope,
    Send,
    one,
    parse_flag,
    parse_limit,
    parse_time_ms,
)

_LONGEST_MS = 3_600_000
_NEAR_MS = 600_000
_Word = TypeVar("_Word", bound=StrEnum)


class ProcessRoutes:
    """Who did it."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def table(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`at`, `against`, `by`, `group`, `limit`, `or_null`: the processes of an instant."""

        async def look(parameters: Parameters) -> Data:
            question = Question(
                by=_word(parameters, "by", By.CPU),
                group=_word(parameters, "group", GroupBy.PROCESS),
                limit=parse_limit(parameters),
            )
            at = one(parameters, "at", "")
            at_ms = parse_time_ms(at, "at") if at else self._deps.clock.now_ms()
            against = one(parameters, "against", "")
            against_ms = parse_time_ms(against, "against") if against else None
            is_lenient = parse_flag(parameters, "or_null")
            table = await asyncio.to_thread(self._table, question, at_ms, against_ms, is_lenient)
            if table is None:
                return None
            shown = _plain(without_arguments(table) if self._hides_arguments(scope) else table)
            return shown | {"kept": self._kept()}

        await answer(self._deps, look, scope, receive, send)

    async def history(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`began`, `start`, `end`: one process over time."""
        pid = scope["path"].rpartition("/")[2]

        async def look(parameters: Parameters) -> Data:
            number = whole_number(pid)
            if number is None:
                raise RequestError(f"{pid!r} is no process: its number is expected", 404)
            began_ms, start_ms, end_ms = (
                parse_time_ms(one(parameters, name), name) for name in ("began", "start", "end")
            )
            if not 0 <= end_ms - start_ms <= _LONGEST_MS:
                raise RequestError("parameter 'end' must lie after 'start', at most an hour")
            samples = await asyncio.to_thread(self._deps.processes.between, start_ms, end_ms)
            history = history_of(samples, number, began_ms)
            return _plain(program_alone(history) if self._hides_arguments(scope) else history)

        await answer(self._deps, look, scope, receive, send)

    def _hides_arguments(self, scope: Scope) -> bool:
        who: Principal = scope["state"]["principal"]
        return who.effective_role is Role.VIEWER and not self._deps.config.viewers_see_arguments

    def _kept(self) -> Data:
        """Return what the flight recorder keeps, as configured: so that the page need not guess."""
        settings = self._deps.facts.settings
        return {
            "top": int(settings.get("collectors.process.top", 0)),
            "retention": settings.get("store.process_log.retention", ""),
            "max_size": settings.get("store.process_log.max_size", ""),
        }

    def _table(self, question: Question, at_ms: int, against_ms: int | None, is_lenient: bool) -> WhoTable | None:
        log = self._deps.processes
        sample = log.at(at_ms)
        if sample is None:
            if is_lenient:
                return None
            raise RequestError("the flight recorder has nothing of that instant, nor of the minute before it", 404)
        against = None if against_ms is None else log.at(against_ms)
        if against_ms is not None and against is None and not is_lenient:
            raise RequestError("the flight recorder has nothing of the instant to compare with", 404)
        if against is None:
            return table_of(sample, at_ms, question)
        # who ended meanwhile: of two instants further apart nobody wants to know each
        is_near = 0 < sample.at_ms - against.at_ms <= _NEAR_MS
        between = log.between(against.at_ms + 1, sample.at_ms) if is_near else []
        return table_of(sample, at_ms, question, against, between)


def _plain(found: WhoTable | History) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _word(parameters: Parameters, name: str, default: _Word) -> _Word:
    text = one(parameters, name, default.value)
    try:
        return type(default)(text)
    except ValueError:
        words = ", ".join(type(default))
        raise RequestError(f"parameter {name!r}: {text!r} is none of {words}") from None
