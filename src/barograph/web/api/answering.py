"""How the plain routes of Prometheus' API answer: parameters in, data out, in its envelope. Used by files beside it."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson

from barograph.model.commands import AnyCommand, Refused
from barograph.model.errors import BarographError, LinkError
from barograph.web.deps import WebDeps
from barograph.web.errors import problem_of, problem_of_reply
from barograph.web.parameters import Parameters, Receive, Scope, Send, read_parameters
from barograph.web.problem import Problem
from barograph.web.reply import JSON, send_body, send_problem

Data = dict[str, Any] | list[Any] | str | None
"""What encodes to JSON; it leaves this room as bytes."""
_R = TypeVar("_R")


class RefusedError(BarographError):
    """The keeper refused a command; `problem` says it to the client."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


async def ask(deps: WebDeps, command: AnyCommand, kind: type[_R]) -> _R:
    """Have the keeper carry out a command and return its answer, of the kind that is expected.

    Raises:
        RefusedError: It refused.
        LinkError: It is gone, or answered with something else.
    """
    reply = await deps.commands.execute(command)
    if isinstance(reply, Refused):
        raise RefusedError(problem_of_reply(reply))
    if not isinstance(reply, kind):
        raise LinkError(f"the keeper answered {type(reply).__name__} to {type(command).__name__}")
    return reply


async def answer(
    deps: WebDeps, look: Callable[[Parameters], Data | Awaitable[Data]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request with what `look` makes of its parameters; what it raises becomes Prometheus' error answer."""
    try:
        found = look(await read_parameters(scope, receive, deps.config.max_body.bytes))
        data = await found if isinstance(found, Awaitable) else found
        body = orjson.dumps({"status": "success", "data": data})
    except RefusedError as error:
        await send_problem(send, error.problem)
        return
    except Exception as error:
        await send_problem(send, problem_of(error))
        return
    await send_body(send, 200, JSON, body)
