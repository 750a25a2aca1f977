"""How the plain routes of Prometheus' API answer: parameters in, data out, in its envelope. Used by files beside it."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from barograph.web.deps import WebDeps
from barograph.web.errors import problem_of
from barograph.web.parameters import Parameters, Receive, Scope, Send, read_parameters
from barograph.web.reply import JSON, send_body, send_problem

Data = dict[str, Any] | list[Any] | str
"""What encodes to JSON; it leaves this room as bytes."""


async def answer(
    deps: WebDeps, look: Callable[[Parameters], Data | Awaitable[Data]], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request with what `look` makes of its parameters; what it raises becomes Prometheus' error answer."""
    try:
        found = look(await read_parameters(scope, receive, deps.config.max_body.bytes))
        data = await found if isinstance(found, Awaitable) else found
        body = orjson.dumps({"status": "success", "data": data})
    except Exception as error:
        await send_problem(send, problem_of(error))
        return
    await send_body(send, 200, JSON, body)
