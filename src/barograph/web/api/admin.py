"""`/api/v1/admin/tsdb/...`: what an administrator changes in the store. Behind the guard, for its role alone."""

import orjson

from barograph.model.commands import AnyCommand, CleanTombstones, DeleteSamples, Refused, SnapshotTaken, TakeSnapshot
from barograph.model.errors import LinkError
from barograph.web.api.selectors import range_of, selectors_of
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError, problem_of, problem_of_reply
from barograph.web.parameters import Parameters, Receive, Scope, Send, read_parameters
from barograph.web.reply import JSON, send_body, send_problem


class AdminRoutes:
    """Routes that change samples, each a command to the keeper."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def delete_series(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`match[]`, repeated, `start`, `end`: samples of series that match one of them are gone when this answers."""
        try:
            parameters = await read_parameters(scope, receive, self._deps.config.max_body.bytes)
            command = _deletion(parameters, self._deps.engine.config.max_query_length)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await self._carry_out(command, send)

    async def clean_tombstones(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite what deletions left in the files."""
        await self._carry_out(CleanTombstones(), send)

    async def snapshot(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Copy the data folder as it is now; answers the name of the copy's folder under `snapshots/`."""
        try:
            reply = await self._deps.commands.execute(TakeSnapshot())
            if isinstance(reply, Refused):
                await send_problem(send, problem_of_reply(reply))
                return
            if not isinstance(reply, SnapshotTaken):
                raise LinkError(f"the keeper answered {type(reply).__name__} where a snapshot was asked for")
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await send_body(send, 200, JSON, orjson.dumps({"status": "success", "data": {"name": reply.name}}))

    async def _carry_out(self, command: AnyCommand, send: Send) -> None:
        try:
            reply = await self._deps.commands.execute(command)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        if isinstance(reply, Refused):
            await send_problem(send, problem_of_reply(reply))
            return
        await send_body(send, 204, JSON, b"")


def _deletion(parameters: Parameters, longest: int) -> DeleteSamples:
    selectors = selectors_of(parameters, longest)
    if not selectors:
        raise RequestError("parameter 'match[]' is missing: name at least one selector, such as match[]=up")
    start_ms, end_ms = range_of(parameters)
    if end_ms < start_ms:
        raise RequestError("parameter 'end': the end is before the start")
    return DeleteSamples(
        selectors=tuple(tuple((each.name, each.op.value, each.value) for each in one) for one in selectors),
        start_ms=start_ms,
        end_ms=end_ms,
    )
