"""A running server as a source of answers, over HTTP: Prometheus' API, and its refusals as the errors of our tree."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import msgspec
import numpy as np

from barograph.analysis.who import Question, WhoTable
from barograph.client.answer import Answer
from barograph.client.frames import Series
from barograph.model.errors import (
    AccessError,
    BarographError,
    ExecutionError,
    LinkError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    StoreError,
)
from barograph.model.labels import Labels
from barograph.promql.explain import ExplainedNode

_T = TypeVar("_T")
_TIMEOUT_S = 60.0
_STATUS_ACCESS = (401, 403, 421)
_KINDS: dict[str, type[QueryError]] = {
    "bad_data": QueryError,
    "execution": ExecutionError,
    "timeout": QueryTimeoutError,
    "canceled": QueryCancelledError,
}
"""The errors of queries by Prometheus' `errorType`."""


class ServerSource:
    """Asks one server."""

    def __init__(self, url: str, token: str, transport: httpx.BaseTransport | None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # a proxy of the environment is for the world, and this server is usually on the same machine
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=_TIMEOUT_S, trust_env=False, transport=transport
        )

    def query(self, expression: str, at_s: float | None, *, explain: bool = False) -> Answer:
        """See `Client`."""
        form = {"query": expression} | ({} if at_s is None else {"time": repr(at_s)}) | _explaining(explain)
        return self._ask("/api/v1/query", form)

    def query_range(
        self, expression: str, start_s: float, end_s: float, step_s: float, *, explain: bool = False
    ) -> Answer:
        """See `Client`."""
        form = {"query": expression, "start": repr(start_s), "end": repr(end_s), "step": repr(step_s)}
        return self._ask("/api/v1/query_range", form | _explaining(explain))

    def select(self, selector: str, start_s: float, end_s: float) -> Answer:
        """See `Client`."""
        start_ms, end_ms = round(start_s * 1000), round(end_s * 1000)
        # a range vector's window is open on the left
        return self.query(f"{selector}[{max(1, end_ms - start_ms + 1)}ms]", end_ms / 1000)

    def close(self) -> None:
        """See `Client`."""
        self._http.close()

    def who(self, at_s: float | None, against_s: float | None, question: Question) -> WhoTable:
        """See `Client`."""
        asked = {"by": question.by.value, "group": question.group.value, "limit": str(question.limit)}
        times = {"at": at_s, "against": against_s}
        asked |= {name: repr(at) for name, at in times.items() if at is not None}
        path = "/api/barograph/v1/processes"
        return self._read(path, self._send("GET", path, asked), lambda body: msgspec.convert(body["data"], WhoTable))

    def _ask(self, path: str, form: dict[str, str]) -> Answer:
        def read(body: dict[str, Any]) -> Answer:
            explained = body["data"].get("explain")
            tree = None if explained is None else msgspec.convert(explained, ExplainedNode)
            return replace(_answer(body), explained=tree)

        return self._read(path, self._send("POST", path, form), read)

    def _send(self, method: str, path: str, fields: dict[str, str]) -> httpx.Response:
        try:
            if method == "POST":
                return self._http.post(path, data=fields)
            return self._http.get(path, params=fields)
        except httpx.TimeoutException as error:
            raise LinkError(f"{self._place} did not answer within {_TIMEOUT_S:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LinkError(f"{self._place} does not answer: {error}") from error

    def _read(self, path: str, response: httpx.Response, read: Callable[[dict[str, Any]], _T]) -> _T:
        """Return what an answer says; a refusal becomes the error of our tree."""
        try:
            body = response.json()
            if response.is_success:
                return read(body)
        except (ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
            message = f"{self._place} is no Barograph: it answered {path} with status {response.status_code} and "
            raise LinkError(message + "something other than Prometheus' JSON") from error
        raise _error(response.status_code, body)

    @property
    def _place(self) -> str:
        """The server's address, without credentials."""
        url = self._http.base_url
        return f"{url.scheme}://{url.netloc.decode()}"


def _explaining(explain: bool) -> dict[str, str]:
    return {"explain": "true"} if explain else {}


def _error(status: int, body: object) -> BarographError:
    fields = body if isinstance(body, dict) else {}
    message = str(fields.get("error", f"the server answered with status {status}"))
    if status in _STATUS_ACCESS:
        return AccessError(message)
    kind = _KINDS.get(str(fields.get("errorType")))
    if kind is not None:
        return kind(message, fields.get("position"), fields.get("end"))
    return StoreError(message)


def _answer(body: dict[str, Any]) -> Answer:
    kind, result = body["data"]["resultType"], body["data"]["result"]
    warnings = (*body.get("warnings", ()), *body.get("infos", ()))
    if kind == "string":
        return Answer(kind, (), str(result[1]), warnings)
    if kind == "scalar":
        return Answer(kind, (_series({}, [result]),), warnings=warnings)
    rows = [_series(row["metric"], row["values"] if "values" in row else [row["value"]]) for row in result]
    return Answer(kind, tuple(rows), warnings=warnings)


def _series(labels: dict[str, str], points: list[tuple[float, str]]) -> Series:
    times = np.array([round(at * 1000) for at, _ in points], dtype=np.int64)
    return Series(Labels.from_mapping(labels), times, np.array([float(text) for _, text in points], dtype=np.float64))
